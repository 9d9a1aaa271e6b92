import Dispatch
import LuaHost
import Values

/// Threads for calls that block, so that neither a Lua worker nor a thread of Swift's own pool does.
enum BlockingWork {
  private static let queue = DispatchQueue(label: "almanac.files", attributes: .concurrent)

  /// Does `work` on one of these threads.
  static func begin(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }

  /// Does `work` on one of these threads, and waits for it without holding a thread.
  static func value<Value: Sendable>(
    _ work: @escaping @Sendable () -> Result<Value, Trouble>
  ) async throws(Trouble) -> Value {
    let result = await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: work()) }
    }
    return try result.get()
  }

  /// Does `work` while the run waits. Where Lua cannot be suspended (a file's top level), the
  /// worker does it at once.
  static func reply(
    to call: HostCall, _ work: @escaping @Sendable () -> Result<[DataValue], Trouble>
  ) -> HostReply {
    guard call.canWait else { return HostReply(work()) }
    queue.async { call.resume(HostReply(work())) }
    return .waiting
  }
}

extension HostReply {
  init(_ result: Result<[DataValue], Trouble>) {
    switch result {
    case .success(let values): self = .values(values)
    case .failure(let trouble): self = .trouble(trouble.text)
    }
  }
}
