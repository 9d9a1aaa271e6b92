import Glibc
import TestSupport
import Testing
import Values

@testable import HostModules

@Suite("HTTPExchange") struct HTTPExchangeTests {
  private let folder = TemporaryFolder()

  private func run(_ url: String, _ options: [String: DataValue] = [:]) async throws -> HTTPAnswer {
    let plan = try HTTPModule.plan(
      ["request", .null, .object(options.merging(["url": .string(url)]) { $1 })], folder: folder.path)
    return try await HTTPExchange(plan: plan).run()
  }

  /// The sentence that a script would get; where there is no trouble, a sentence that says so.
  private func trouble(_ url: String, _ options: [String: DataValue] = [:]) async -> String {
    do {
      let answer = try await run(url, options)
      return "no trouble: \(answer.status)"
    } catch let error as Trouble {
      return error.text
    } catch {
      return "\(error)"
    }
  }

  @Test("a body comes whole, by its length, in chunks or until the end")
  func bodies() async throws {
    let server = LoopbackServer { request, connection in
      switch request.target {
      case "/chunked":
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        usleep(20_000)
        connection.send("2;x=y\r\nde\r\n0\r\n\r\n")
      case "/end":
        connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde")
        connection.close()
      default: connection.answer("abcde")
      }
    }
    defer { server.stop() }
    for path in ["/length", "/chunked", "/end"] {
      #expect(try await run(server.url + path).body == Array("abcde".utf8), "\(path)")
    }
  }

  @Test("connections are used again")
  func reuse() async throws {
    let server = LoopbackServer { _, connection in connection.answer("x") }
    defer { server.stop() }
    for _ in 0..<20 { _ = try await run(server.url) }
    // One is free again a moment after its answer is there: the next request may be quicker than that.
    #expect(server.connections < 10)
  }

  @Test("a connection that the server closed meanwhile is no trouble")
  func closedMeanwhile() async throws {
    let server = LoopbackServer { _, connection in
      connection.answer("x")
      connection.close()
    }
    defer { server.stop() }
    for _ in 0..<20 { #expect(try await run(server.url).body == Array("x".utf8)) }
  }

  @Test("compressed bodies are read, be they empty or damaged")
  func compressed() async throws {
    let packed = Gzip.stored(Array("hello".utf8))
    let server = LoopbackServer { request, connection in
      let encoding = ["Content-Encoding: gzip"]
      switch request.target {
      case "/damaged": connection.answer([1, 2, 3], headers: encoding)
      case "/cut": connection.answer(Array(packed.dropLast(4)), headers: encoding)
      case "/none": connection.send("HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n")
      case "/head": connection.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n")
      case "/empty": connection.answer("", headers: encoding)
      default: connection.answer(packed, headers: encoding)
      }
    }
    defer { server.stop() }
    #expect(try await run(server.url).body == Array("hello".utf8))
    #expect(server.requests[0].headers["accept-encoding"] == "gzip, deflate")
    #expect(try await run(server.url + "/none").status == 204)
    #expect(try await run(server.url + "/head", ["method": "HEAD"]).status == 200)
    #expect(try await run(server.url + "/empty").body == [])
    #expect(
      await trouble(server.url + "/damaged").hasSuffix("is damaged: its compressed body cannot be read"))
    #expect(await trouble(server.url + "/cut").hasSuffix("is damaged: its compressed body cannot be read"))
  }

  @Test("compression is undone however it was done, whole pieces and small ones")
  func encodings() async throws {
    let bytes = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let packed = Gzip.stored(bytes)
    let server = LoopbackServer { request, connection in
      switch request.target {
      case "/twice": connection.answer(packed + packed, headers: ["Content-Encoding: gzip"])
      case "/padded": connection.answer(packed + [0, 0, 0], headers: ["Content-Encoding: x-gzip"])
      // Without zlib's header: the deflated block alone.
      case "/raw":
        connection.answer(Array(packed[10..<(packed.count - 8)]), headers: ["Content-Encoding: deflate"])
      case "/drops":
        connection.send(
          "HTTP/1.1 200 OK\r\nContent-Encoding: GZIP\r\nContent-Length: \(packed.count)\r\n\r\n")
        for start in stride(from: 0, to: packed.count, by: 997) {
          connection.send(Array(packed[start..<min(start + 997, packed.count)]))
        }
      default: connection.answer(packed, headers: ["Content-Encoding: zstd"])
      }
    }
    defer { server.stop() }
    #expect(try await run(server.url + "/twice").body == bytes + bytes)
    for path in ["/padded", "/raw", "/drops"] {
      #expect(try await run(server.url + path).body == bytes, "\(path)")
    }
    // What was not asked for comes as it is.
    #expect(try await run(server.url + "/other").body == packed)
  }

  @Test("redirects are followed, a circle of them ends")
  func redirects() async throws {
    let server = LoopbackServer { request, connection in
      switch request.target {
      case "/a": connection.answer("", status: "302 Found", headers: ["Location: /b?x=1"])
      case "/loop": connection.answer("", status: "301 Moved Permanently", headers: ["Location: /loop"])
      case "/keep": connection.answer("", status: "307 Temporary Redirect", headers: ["Location: /echo"])
      case "/get": connection.answer("", status: "303 See Other", headers: ["Location: /echo"])
      default: connection.answer("\(request.method) \(request.target) \(request.text)")
      }
    }
    defer { server.stop() }
    let answer = try await run(server.url + "/a")
    #expect(answer.body == Array("GET /b?x=1 ".utf8))
    #expect(answer.url == server.url + "/b?x=1")
    #expect(try await run(server.url + "/keep", ["body": "data"]).body == Array("POST /echo data".utf8))
    #expect(try await run(server.url + "/get", ["body": "data"]).body == Array("GET /echo ".utf8))
    #expect(await trouble(server.url + "/loop").hasSuffix("redirects without end"))
  }

  @Test("a token does not go to another server with a redirect")
  func redirectElsewhere() async throws {
    let other = LoopbackServer { _, connection in connection.answer("x") }
    let server = LoopbackServer { _, connection in
      connection.answer("", status: "302 Found", headers: ["Location: http://localhost:\(other.port)/"])
    }
    defer {
      server.stop()
      other.stop()
    }
    _ = try await run(server.url, ["headers": .object(["Authorization": "Bearer t", "X-Other": "o"])])
    #expect(server.requests[0].headers["authorization"] == "Bearer t")
    #expect(other.requests[0].headers["authorization"] == nil)
    #expect(other.requests[0].headers["x-other"] == "o")
  }

  @Test("trouble is told in words")
  func troubles() async throws {
    let closed = LoopbackServer.closedPort()
    let refused = await trouble("http://127.0.0.1:\(closed)/x?token=t")
    #expect(refused == "cannot connect to 127.0.0.1:\(closed): connection refused")
    let unknown = await trouble("http://no-such-host.invalid/")
    #expect(unknown == "cannot connect to no-such-host.invalid: the name no-such-host.invalid is not known")
    let server = LoopbackServer { request, connection in
      switch request.target {
      case "/nothing": connection.close()
      case "/half":
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        connection.close()
      case "/noise":
        connection.send("what?\r\n\r\n")
        connection.close()
      default: connection.answer("x")
      }
    }
    defer { server.stop() }
    let broken = "127.0.0.1:\(server.port) closed the connection before its answer was complete"
    #expect(await trouble(server.url + "/nothing") == broken)
    let half = await trouble(server.url + "/half")
    #expect(half == broken)
    #expect(await trouble(server.url + "/noise").contains("127.0.0.1:\(server.port)"))
  }

  @Test("a timeout covers the wait for the answer and its body")
  func timeouts() async throws {
    let server = LoopbackServer { request, connection in
      if request.target == "/drip" {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in 0..<500 where !connection.waitForClose(seconds: 0.02) { connection.send("x") }
      } else {
        _ = connection.waitForClose(seconds: 5)
      }
    }
    defer { server.stop() }
    #expect(
      await trouble(server.url, ["timeout": .double(0.2)])
        == "timeout: no answer from 127.0.0.1:\(server.port) within 0.2 s")
    #expect(
      await trouble(server.url + "/drip", ["timeout": "1s"])
        == "timeout: the answer from 127.0.0.1:\(server.port) was not complete after 1 s")
  }

  @Test("a request ends when its task is cancelled, and so does its connection")
  func cancellation() async throws {
    let (closed, signal) = AsyncStream.makeStream(of: Bool.self)
    let server = LoopbackServer { _, connection in signal.yield(connection.waitForClose(seconds: 5)) }
    defer { server.stop() }
    let url = server.url
    let task = Task { await trouble(url) }
    while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    let cancelled = await task.value
    #expect(cancelled.hasSuffix("was cancelled"))
    #expect(await closed.first { _ in true } == true)
  }

  @Test("trouble and answers of the kind are tried again as often as asked")
  func retries() async throws {
    let server = LoopbackServer { [count = Counter()] request, connection in
      let number = count.next()
      switch request.target {
      case "/later" where number < 3:
        connection.answer("", status: "503 Service Unavailable", headers: ["Retry-After: 0"])
      case "/long": connection.answer("", status: "429 Too Many Requests", headers: ["Retry-After: 3600"])
      case "/gone": connection.answer("", status: "404 Not Found")
      default: connection.answer("x")
      }
    }
    defer { server.stop() }
    #expect(try await run(server.url + "/later").status == 503)
    #expect(try await run(server.url + "/later", ["retries": 5]).status == 200)
    #expect(server.requests.count == 3)
    // What asks for an hour is not waited for, and what no try can mend not tried.
    #expect(try await run(server.url + "/long", ["retries": 5]).status == 429)
    #expect(try await run(server.url + "/gone", ["retries": 5]).status == 404)
    #expect(server.requests.count == 5)
  }

  @Test("what must not be done twice is tried again only where it has not been done once")
  func unrepeatable() async throws {
    let count = Counter()
    let server = LoopbackServer { request, connection in
      let isFirst = count.next() % 2 == 1
      switch request.target {
      case "/busy" where isFirst:
        connection.answer("", status: "503 Service Unavailable", headers: ["Retry-After: 0"])
      case "/broken" where isFirst:
        connection.answer("", status: "502 Bad Gateway", headers: ["Retry-After: 0"])
      case "/cut" where isFirst: connection.close()
      default: connection.answer("x")
      }
    }
    defer { server.stop() }
    let post: [String: DataValue] = ["body": "x", "retries": 1]
    #expect(try await run(server.url + "/busy", post).status == 200)
    #expect(try await run(server.url + "/broken", post).status == 502)
    _ = count.next()
    #expect(await trouble(server.url + "/cut", post).contains("closed the connection"))
    _ = count.next()
    let key = post.merging(["headers": .object(["Idempotency-Key": "k"])]) { $1 }
    #expect(try await run(server.url + "/broken", key).status == 200)
    #expect(try await run(server.url + "/broken", post.merging(["method": "PUT"]) { $1 }).status == 200)
  }

  @Test("a date in Retry-After is waited for")
  func retryDate() async throws {
    let server = LoopbackServer { [count = Counter()] _, connection in
      guard count.next() == 1 else { return connection.answer("x") }
      connection.answer(
        "", status: "503 Service Unavailable", headers: ["Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"])
    }
    defer { server.stop() }
    #expect(try await run(server.url, ["retries": 1]).status == 200)
  }

  @Test("a file is sent while it is read, and again where a redirect asks for it")
  func fromFile() async throws {
    let server = LoopbackServer { request, connection in
      if request.target == "/moved" {
        return connection.answer("", status: "307 Temporary Redirect", headers: ["Location: /here"])
      }
      connection.answer("\(request.body.count)")
    }
    defer { server.stop() }
    let text = String(repeating: "0123456789", count: 300_000)
    try folder.write(text, to: "up.bin")
    for path in ["/here", "/moved"] {
      let answer = try await run(server.url + path, ["from_file": "up.bin", "method": "PUT"])
      #expect(answer.body == Array("3000000".utf8))
    }
    #expect(server.requests.last?.headers["content-length"] == "3000000")
    #expect(server.requests.last?.body == Array(text.utf8))
    #expect(
      await trouble(server.url, ["from_file": "none"]) == "cannot read none: no such file or directory")
    #expect(await trouble(server.url, ["from_file": "."]) == "cannot read .: it is a folder")
    #expect(
      await trouble(server.url, ["from_file": "/dev/zero"]) == "cannot read /dev/zero: it is not a file")
    #expect(
      await trouble(server.url, ["from_file": "/proc/version"])
        == "cannot send /proc/version: its size is not known before it is read (fs.copy makes a file of it)")
  }

  @Test("a form with files has its parts in order, each with its name and type")
  func multipart() async throws {
    let server = LoopbackServer { _, connection in connection.answer("x") }
    defer { server.stop() }
    try folder.write("a,b\r\n", to: "data.csv")
    _ = try await run(
      server.url,
      [
        "multipart": .object([
          "a": "text", "b": .object(["file": "data.csv", "type": "text/csv"]),
          "c": .list([.object(["data": .bytes([0, 255]), "name": "q\"x.bin"]), 5]),
        ])
      ])
    let request = try #require(server.requests.first)
    let type = try #require(request.headers["content-type"])
    let boundary = String(type.dropFirst("multipart/form-data; boundary=".count))
    let head = "--\(boundary)\r\nContent-Disposition: form-data; name="
    let expected =
      Array(
        (head + "\"a\"\r\n\r\ntext\r\n" + head
          + "\"b\"; filename=\"data.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\r\n\r\n" + head
          + "\"c\"; filename=\"q%22x.bin\"\r\n\r\n").utf8) + [0, 255]
      + Array(("\r\n" + head + "\"c\"\r\n\r\n5\r\n--\(boundary)--\r\n").utf8)
    #expect(request.body == expected)
    #expect(request.headers["content-length"] == "\(expected.count)")
  }

  @Test("TLS is checked: by an authority of one's own, the name and the dates")
  func tls() async throws {
    let authority = try TestAuthority()
    let server = LoopbackServer { _, connection in connection.answer("safe") }
    defer { server.stop() }
    let good = try await TLSFront(server, try authority.certificate())
    let other = try await TLSFront(server, try authority.certificate(names: "DNS:elsewhere.example"))
    let expired = try await TLSFront(server, try authority.certificate(days: -1))
    defer { for front in [good, other, expired] { front.stop() } }
    let trust: [String: DataValue] = ["ca_file": .string(authority.file)]
    #expect(try await run(good.url, trust).body == Array("safe".utf8))
    #expect(
      await trouble(good.url).hasPrefix(
        "no safe connection to localhost:\(good.port): its certificate is not one"))
    #expect(
      await trouble(other.url, trust)
        == "no safe connection to localhost:\(other.port): its certificate is for another name")
    let late = await trouble(expired.url, trust)
    #expect(
      late.hasPrefix("no safe connection to localhost:\(expired.port): its certificate expired on 20"),
      "\(late)")
    #expect(
      await trouble(good.url, ["ca_file": "none.pem"]).hasSuffix(
        "none.pem cannot be read as certificates (PEM)"))
    // What is known of an authority belongs to the request: another one does not profit from it.
    #expect(await trouble(good.url).hasPrefix("no safe connection"))
  }

  @Test("a server that does not speak TLS is told in words")
  func noTLS() async throws {
    let mail = try MailDrop()
    #expect(
      await trouble("https://127.0.0.1:\(mail.port)/")
        == "no safe connection to 127.0.0.1:\(mail.port): what answers there does not speak TLS")
  }

  @Test("a large body goes to a file, and only a successful one")
  func toFile() async throws {
    let piece = [UInt8](repeating: 7, count: 1 << 20)
    let server = LoopbackServer { request, connection in
      switch request.target {
      case "/large":
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(40 << 20)\r\n\r\n")
        for _ in 0..<40 { connection.send(piece) }
      case "/half":
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        connection.close()
      case "/empty": connection.answer("", headers: ["Content-Encoding: gzip"])
      default: connection.answer("no such page", status: "404 Not Found")
      }
    }
    defer { server.stop() }
    try folder.write("old", to: "large.bin")
    #expect(await trouble(server.url + "/large").contains("larger than 32 MB: to_file = \"name\""))
    let half = await trouble(server.url + "/half", ["to_file": "large.bin"])
    #expect(half.contains("closed the connection"))
    let missing = try await run(server.url + "/none", ["to_file": "large.bin"])
    #expect(missing.status == 404 && missing.file == nil && missing.body == Array("no such page".utf8))
    #expect(try folder.read("large.bin") == "old")
    #expect(try folder.names() == ["large.bin"])

    let answer = try await run(server.url + "/large", ["to_file": "large.bin"])
    #expect(answer.file?.size == 40 << 20)
    #expect(answer.body.isEmpty)
    #expect(try FileSystem.status(try folder.jobPath("large.bin"))?.st_size == 40 << 20)
    #expect(try folder.names() == ["large.bin"])
    #expect(try await run(server.url + "/empty", ["to_file": "large.bin"]).file?.size == 0)
    #expect(try folder.read("large.bin") == "")
    #expect(await trouble(server.url + "/large", ["to_file": "none/x"]).contains("there is no folder none"))
  }

  @Test("what a script gives is what the server gets")
  func sends() async throws {
    let server = LoopbackServer { _, connection in connection.answer("x") }
    defer { server.stop() }
    _ = try await run(
      server.url + "/p?x=1",
      [
        "query": .object(["q": "a b", "n": .list([1, .double(2.5)])]),
        "headers": .object(["X-A": .list(["1", "2"]), "User-Agent": "me"]),
      ])
    _ = try await run(server.url, ["json": .object(["a": .list([])])])
    _ = try await run(server.url, ["form": .object(["a b": "c&d", "e": true]), "method": "put"])
    _ = try await run("http://u:p@127.0.0.1:\(server.port)/", ["body": .bytes([0, 255])])
    let requests = server.requests
    #expect(requests[0].method == "GET")
    #expect(requests[0].target == "/p?x=1&n=1&n=2.5&q=a%20b")
    #expect(requests[0].headers["user-agent"] == "me")
    #expect(requests[1].method == "POST" && requests[1].text == #"{"a":[]}"#)
    #expect(requests[1].headers["content-type"] == "application/json")
    #expect(requests[2].method == "PUT" && requests[2].text == "a+b=c%26d&e=true")
    #expect(requests[2].headers["content-type"] == "application/x-www-form-urlencoded")
    #expect(requests[3].body == [0, 255])
    #expect(requests[3].headers["authorization"] == "Basic dTpw")
  }

  @Test("more than eight requests to one slow server are under way at once", .timeLimit(.minutes(10)))
  func width() async throws {
    let arrived = Counter()
    let server = LoopbackServer { _, connection in
      // Nobody is answered before all are here.
      _ = arrived.next()
      while arrived.value < 40 { usleep(2_000) }
      connection.answer("x")
    }
    defer { server.stop() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<40 { group.addTask { _ = try await run(server.url) } }
      try await group.waitForAll()
    }
    #expect(server.requests.count == 40)
  }
}
