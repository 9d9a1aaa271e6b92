import HostProtocol
import RunLifecycle
import RunStore
import Values

/// What jobs ask of the daemon: about their key-value stores, and the steps of their runs.
///
/// Reads go to the store beside the ledger's writer. A job that has something on its way into the store
/// is answered when that is durable, so that a run sees what the one before it has left.
extension Runner {
  func answer(
    _ question: DaemonQuestion, number: UInt64, state: StateID, run: UInt64?, host: HostConnection
  ) {
    let host = host.id
    let reply: @Sendable (DaemonAnswer) -> Void = { [unowned self] answer in
      pool[host]?.send(.answer(state, number: number, answer))
    }
    let id = run.map { RunID(Int64(bitPattern: $0)) }
    let known =
      id.flatMap { openRuns[$0]?.job } ?? executor.version(asking: state)?.key
      ?? loader.jobName(of: state).flatMap { keys[$0] }
    guard let job = known
    else { return reply(.failed("the daemon knows no such run any more")) }
    switch question {
    case .entry(let key, let withValue):
      read(for: job, reply) { store in
        let entry = try store.entry(key, of: job)
        let size = entry.value.map { KeyValueWrite.size(key: key, value: $0) } ?? 0
        return .entry(value: withValue ? entry.value : nil, size: size, used: entry.used)
      }
    case .keys(let prefix): read(for: job, reply) { .keys(try $0.keys(from: prefix, of: job)) }
    case .step(let name):
      guard let id else { return reply(.failed("there is no run that the step could belong to")) }
      read(for: job, reply) { .step(try $0.step(name, of: id)) }
    case .keepStep(let name, let result, let writes):
      guard let id else { return reply(.failed("there is no run that the step could belong to")) }
      keep(.keepStep(KeptStep(run: id, job: job, name: name, result: result), writes: writes), of: job)
      pending.isUrgent = true
      pending.releases.append { reply(.kept) }
    }
  }

  /// Takes a change that jobs may ask about.
  func keep(_ change: LedgerChange, of job: JobKey) {
    pending.changes.append(change)
    pending.unsettled[job, default: 0] += 1
    pending.releases.append { [unowned self] in
      pending.unsettled[job] = pending.unsettled[job].flatMap { $0 > 1 ? $0 - 1 : nil }
    }
  }

  private func read(
    for job: JobKey, _ reply: @escaping @Sendable (DaemonAnswer) -> Void,
    _ body: @escaping @Sendable (any RunStore) throws -> DaemonAnswer
  ) {
    let read = { [unowned self] in
      reader.read(body) { result in
        switch result {
        case .success(let answer): reply(answer)
        case .failure(let error): reply(.failed("\(error)"))
        }
      }
    }
    if pending.unsettled[job] == nil { read() } else { pending.releases.append(read) }
  }
}
