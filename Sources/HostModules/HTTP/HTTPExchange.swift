import AsyncHTTPClient
import NIOCore
import WebClient

/// Carries out a request: its tries, its limits, and where the body goes.
struct HTTPExchange: Sendable {
  let plan: HTTPPlan
  /// Why a redirect may not be followed to this address; `nil` if it may.
  var objection: @Sendable (HTTPAddress) -> String? = { _ in nil }

  /// How much of a body is held in memory.
  static let bodyLimit = 32 << 20
  /// The pause before the first further try, in seconds; each later one is twice as long, up to a minute.
  private static let firstPause = 1.0
  private static let longestPause = 60.0

  /// The answer, whatever its status is.
  ///
  /// With `retries`, trouble and answers such as 503 are tried again, after a pause or what the server's
  /// `Retry-After` says; one that asks for more than a minute is the script's to decide. A request that
  /// must not be made twice, such as a POST, is tried again only where the server cannot have seen it or
  /// says that it turned it away. It ends early when its task is cancelled.
  func run() async throws(Trouble) -> HTTPAnswer {
    var pause = Self.firstPause
    var triesLeft = plan.retries
    let body = try await plan.body?.measured()
    while true {
      let result = await attempt(body)
      let wait: Double
      switch result {
      case .success(let answer):
        wait = RetryAfter.seconds(in: answer.headers, now: WallClock.now()) ?? pause
        guard triesLeft > 0, answer.isWorthAnotherTry, plan.isRepeatable || answer.isRefusal,
          wait <= Self.longestPause
        else { return answer }
      case .failure(let trouble):
        guard triesLeft > 0, plan.isRepeatable || trouble.isUnsent else {
          throw Trouble(trouble.description)
        }
        wait = pause
      }
      triesLeft -= 1
      pause = min(pause * 2, Self.longestPause)
      guard (try? await Task.sleep(for: .seconds(wait))) != nil else {
        throw Trouble(HTTPTrouble.cancelled(plan.address).description)
      }
    }
  }

  /// One try, under its time limit.
  private func attempt(_ body: MeasuredBody?) async -> Result<HTTPAnswer, HTTPTrouble> {
    let progress = HTTPProgress(totalLimit: plan.timeout)
    do {
      let answer = try await withThrowingTaskGroup(of: HTTPAnswer?.self) { group in
        group.addTask { try await transfer(body, progress) }
        group.addTask {
          await progress.standstill()
          return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
      }
      if let answer { return .success(answer) }
      return .failure(Task.isCancelled ? .cancelled(plan.address) : progress.trouble(plan.address))
    } catch let trouble as Trouble {
      return .failure(HTTPTrouble(trouble.text))
    } catch {
      return .failure(HTTPTrouble(explaining: error, plan.address))
    }
  }

  private func transfer(_ content: MeasuredBody?, _ progress: HTTPProgress) async throws -> HTTPAnswer {
    let start = ContinuousClock.now
    var request = HTTPRequest(
      plan.address, method: plan.method, headers: plan.headers, authorityFile: plan.authorityFile)
    request.objection = objection
    if let content { request.body = { content.clientBody(noting: progress) } }
    let (response, address) = try await request.send()
    progress.note()
    var answer = HTTPAnswer(
      status: Int(response.status.code), headers: response.headers, url: address.url)
    let body = DecodedBody(response, from: address)
    // A page that says "not found" must not take the place of yesterday's good file.
    if let path = plan.file, answer.isSuccess, plan.method != "HEAD" {
      answer.file = (path, try await save(body, to: path, progress))
    } else {
      answer.body = try await collect(body, progress)
    }
    try Task.checkCancellation()
    answer.seconds = (ContinuousClock.now - start) / .seconds(1)
    return answer
  }

  private func collect(_ body: DecodedBody, _ progress: HTTPProgress) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await buffer in body {
      progress.note()
      guard bytes.count + buffer.readableBytes <= Self.bodyLimit else {
        throw Trouble(
          "the answer from \(plan.address.authority) is larger than \(Self.bodyLimit >> 20) MB: "
            + "to_file = \"name\" writes it to a file instead")
      }
      bytes.append(contentsOf: buffer.readableBytesView)
    }
    return bytes
  }

  /// Writes the body beside `path`, and puts it there when it is complete.
  private func save(
    _ body: DecodedBody, to path: JobPath, _ progress: HTTPProgress
  ) async throws -> Int {
    let cancellation = Cancellation()
    let file = try await BlockingWork.value {
      do throws(Trouble) { return .success(try AtomicFile(replacing: path, cancellation)) } catch {
        return .failure(error)
      }
    }
    defer { file.abandon() }
    var size = 0
    for try await buffer in body {
      progress.note()
      size += buffer.readableBytes
      let bytes = Array(buffer.readableBytesView)
      try await BlockingWork.value {
        do throws(Trouble) { return .success(try file.write(bytes)) } catch { return .failure(error) }
      }
    }
    // A body that was cut off by a cancellation ends like a whole one.
    try Task.checkCancellation()
    progress.complete()
    try await withTaskCancellationHandler {
      try await BlockingWork.value {
        do throws(Trouble) { return .success(try file.commit()) } catch { return .failure(error) }
      }
    } onCancel: {
      cancellation.cancel()
    }
    return size
  }
}
