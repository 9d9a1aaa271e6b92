import Glibc
import LuaHost
import TestSupport
import Testing
import Values

@testable import HostModules

@Suite("almanac.http") struct HTTPModuleTests {
  private let folder = TemporaryFolder()

  @Test("a response has status, headers in any case, a body and its JSON")
  func response() async {
    let server = LoopbackServer { _, connection in
      connection.answer(
        #"{"a":[1,null]}"#, status: "201 Created",
        headers: ["X-Thing: one", "Set-Cookie: a=1", "Set-Cookie: b=2"])
    }
    defer { server.stop() }
    let outcome = await ScriptHost.main(
      """
      local r = assert(http.get(job.env.URL .. "/x"))
      assert(r.status == 201 and r.ok)
      assert(r.headers["X-Thing"] == "one" and r.headers["x-thing"] == "one" and r.headers["none"] == nil)
      assert(r.headers["set-cookie"] == "a=1\\nb=2")
      assert(r.json().a[1] == 1 and r.json().a[2] == json.null)
      assert(r:json().a[1] == 1)
      assert(r.url == job.env.URL .. "/x" and r.size == #r.body and r.elapsed > 0)
      return r.body
      """, in: folder, environment: ["URL": server.url])
    #expect(outcome.result == #"{"a":[1,null]}"#)
    #expect(outcome.calledOutside)
  }

  @Test("get, post and request send what they are given")
  func sends() async {
    let server = LoopbackServer { request, connection in
      connection.answer("\(request.method) \(request.target) \(request.text)")
    }
    defer { server.stop() }
    let outcome = await ScriptHost.main(
      """
      local url = job.env.URL
      return {
        http.get(url, { query = { q = "a b", n = { 1, 2 } } }).body,
        http.post(url .. "/p", { json = { list = json.array(), null = json.null } }).body,
        http.post(url, { form = { a = 1 } }).body,
        http.post(url).body,
        http.request { url = url, method = "delete" }.body,
        http.request { url = url, body = "raw\\0bytes" }.body,
        http.put(url, { body = "x" }).body,
        http.patch(url, { body = "x" }).body,
        http.delete(url).body,
        http.head(url).body,
      }
      """, in: folder, environment: ["URL": server.url])
    #expect(
      outcome.result.asTable?.items == [
        "GET /?n=1&n=2&q=a%20b ", #"POST /p {"list":[],"null":null}"#, "POST / a=1", "POST / ", "DELETE / ",
        "POST / raw\0bytes", "PUT / x", "PATCH / x", "DELETE / ", "",
      ])
  }

  @Test("trouble is nil and a sentence")
  func trouble() async {
    let port = LoopbackServer.closedPort()
    let outcome = await ScriptHost.main(
      """
      local r, err = http.get("http://127.0.0.1:\(port)/")
      assert(r == nil)
      return err
      """, in: folder)
    #expect(outcome.result == .string("cannot connect to 127.0.0.1:\(port): connection refused"))
  }

  @Test("a body that is no JSON is nil and a sentence")
  func notJSON() async {
    let server = LoopbackServer { _, connection in connection.answer("<html>") }
    defer { server.stop() }
    let outcome = await ScriptHost.main(
      "return nil, select(2, http.get(job.env.URL).json())", in: folder, environment: ["URL": server.url])
    #expect(outcome.result == "failed: not JSON: line 1, column 1: expected a value, found \"<\"")
  }

  @Test(
    "misuse raises with the line that made it",
    arguments: [
      ("http.get()", "http.get: url must be a string, not nil"),
      ("http.get(5)", "http.get: url must be a string, not 5"),
      ("http.get {}", "http.get: url must be a string, not a table"),
      ("http.get('example.com')", "http.get: url \"example.com\" does not begin with http:// or https://"),
      ("http.get('http://h', { timout = 1 })", "http.get: unknown option `timout`: did you mean `timeout`?"),
      (
        "http.get('http://h', { callback = 1 })",
        "http.get: unknown option `callback` (there are: body, ca_file, form"
      ),
      ("http.get('http://h', 'x')", "http.get: options must be a table, not \"x\""),
      ("http.get('http://h', { 'x' })", "http.get: options have names, as in { url = ... }"),
      ("http.get('http://h', { timeout = 'soon' })", "http.get: timeout: \"soon\" is not a duration"),
      ("http.get('http://h', { timeout = '10' })", "http.get: timeout: \"10\" has no unit"),
      ("http.get('http://h', { timeout = 0 })", "http.get: timeout must be more than 0 seconds, not 0"),
      (
        "http.get('http://h', { timeout = {} })",
        "http.get: timeout must be a number of seconds or a duration like"
      ),
      (
        "http.get('http://h', { retries = 1.5 })",
        "http.get: retries must be a whole number from 0 to 100, not 1.5"
      ),
      (
        "http.get('http://h', { headers = 'x' })",
        "http.get: headers must be a table of names and values, not \"x\""
      ),
      (
        "http.get('http://h', { headers = { ['a b'] = 1 } })", "http.get: \"a b\" is not the name of a header"
      ),
      (
        "http.get('http://h', { headers = { a = 'x\\r\\ny: z' } })", "http.get: the header a has a line break"
      ),
      (
        "http.get('http://h', { query = { a = print } })",
        "http.get: query.a must be a string or a number, not a function"
      ),
      (
        "http.get('http://h', { method = 'PUT' })",
        "http.get: the method is GET; http.request takes any other"
      ),
      ("http.post('http://h', { json = 1, body = 'x' })", "http.post: give one of body and json, not both"),
      ("http.post('http://h', { json = print })", "http.post: json: a function has no form in JSON"),
      ("http.post('http://h', { url = 'http://h' })", "http.post: the url is given twice"),
      ("http.request()", "http.request: url must be a string, not nil"),
      ("http.request('http://h')", "http.request: options must be a table, not \"http://h\""),
      (
        "http.request { url = 'http://h', method = 'A B' }",
        "http.request: method \"A B\" is not a name like GET or PUT"
      ),
      ("http.get('http://h', { to_file = '' })", "http.get: to_file is empty"),
      (
        "http.put('http://h', { from_file = 'x', form = {} })",
        "http.put: give one of form and from_file, not both"
      ),
      (
        "http.post('http://h', { multipart = { a = true } })",
        "http.post: multipart.a must be a string, or a table like"
      ),
      (
        "http.post('http://h', { multipart = { a = { file = 'x', data = 'y' } } })",
        "http.post: multipart.a: give one of file and data"
      ),
      (
        "http.post('http://h', { multipart = { a = { fil = 'x' } } })",
        "http.post: multipart.a: unknown option `fil`: did you mean `file`?"
      ),
    ])
  func misuse(call: String, message: String) async {
    let outcome = await ScriptHost.main(call, in: folder)
    guard case .failed(let error) = outcome.end else {
      Issue.record("\(outcome.end)")
      return
    }
    #expect(error.text.hasPrefix(message), "\(error.text)")
    #expect(error.file == "jobs/test.lua")
    #expect(error.line == 2)
  }

  @Test(
    "a run that waits for an answer ends at its time limit, and its connection with it",
    .timeLimit(.minutes(10)))
  func timeLimit() async {
    let (closed, signal) = AsyncStream.makeStream(of: Bool.self)
    let server = LoopbackServer { _, connection in signal.yield(connection.waitForClose(seconds: 15)) }
    defer { server.stop() }
    let outcome = await ScriptHost.main(
      "pcall(http.get, job.env.URL) return 'swallowed'", in: folder, environment: ["URL": server.url],
      timeLimit: .seconds(2))
    #expect(outcome.end == .timedOut)
    #expect(await closed.first { _ in true } == true)
  }

  @Test("many runs wait for answers at once", .timeLimit(.minutes(10)))
  func many() async {
    let arrived = Counter()
    let server = LoopbackServer { _, connection in
      // Nobody is answered before all are here.
      _ = arrived.next()
      while arrived.value < 60 { usleep(2_000) }
      connection.answer("x")
    }
    defer { server.stop() }
    await withTaskGroup(of: DataValue.self) { group in
      for _ in 0..<60 {
        group.addTask {
          await ScriptHost.main(
            "return http.get(job.env.URL).body", in: folder, environment: ["URL": server.url]
          ).result
        }
      }
      for await result in group { #expect(result == "x") }
    }
  }

  @Test("a download goes to a file in the job's folder")
  func toFile() async throws {
    let server = LoopbackServer { _, connection in connection.answer([UInt8](repeating: 65, count: 3 << 20)) }
    defer { server.stop() }
    let outcome = await ScriptHost.main(
      """
      local r = assert(http.get(job.env.URL, { to_file = "big.bin" }))
      assert(r.body == "" and r.file == "big.bin" and fs.stat("big.bin").size == r.size)
      return r.size
      """, in: folder, environment: ["URL": server.url])
    #expect(outcome.result == .int(3 << 20))
    #expect(try folder.names() == ["big.bin"])
  }

  @Test("a place where Lua cannot wait says so")
  func cannotWait() async {
    let outcome = await ScriptHost.main(
      "table.sort({ 2, 1, 3 }, function() http.get('http://127.0.0.1:1/') end)", in: folder)
    #expect("\(outcome.result)".contains("cannot wait inside"), "\(outcome.result)")
  }
}
