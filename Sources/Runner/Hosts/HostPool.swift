import Glibc
import HostProtocol

/// The host processes: a few that many jobs share, kept warm, and one for each job that needs its own.
final class HostPool {
  private let loop: EventLoop
  private let folder: String
  private let sharedCount: Int
  private let onEvent: (HostConnection, HostEvent) -> Void
  private let onDeath: (HostConnection, HostConnection.Death) -> Void
  private let onTrouble: (String?) -> Void
  private var hosts: [Int: HostConnection] = [:]
  private var shared: [HostConnection?]
  private var own: [String: HostConnection] = [:]
  private var nextID: Int
  /// The keepers of hosts that have ended, which this process has inherited, until they are buried.
  private var keepers: [pid_t] = []
  /// How many hosts in a row ended before they said hello: the next one waits.
  private var stillborn = 0
  private var closed = false

  /// - Parameters:
  ///   - folder: where the evidence files are.
  ///   - firstID: a host's number names its evidence file; those of former hosts may still be there.
  ///   - onDeath: a host has ended; its runs fell, its states are gone. It is no longer in the pool.
  ///   - onTrouble: a host could not be started, and is tried again; with `nil`, all that are wanted are there.
  init(
    loop: EventLoop, folder: String, firstID: Int, sharedCount: Int,
    onEvent: @escaping (HostConnection, HostEvent) -> Void,
    onDeath: @escaping (HostConnection, HostConnection.Death) -> Void,
    onTrouble: @escaping (String?) -> Void
  ) {
    self.loop = loop
    self.folder = folder
    nextID = firstID
    self.sharedCount = max(1, sharedCount)
    self.onEvent = onEvent
    self.onDeath = onDeath
    self.onTrouble = onTrouble
    shared = Array(repeating: nil, count: max(1, sharedCount))
  }

  /// The host for a job: its own, or a shared one by the job's number. `nil` while none can be started.
  func host(job: String, number: Int, ownHost: Bool) -> HostConnection? {
    guard !closed, stillborn < 3 else { return nil }
    if ownHost {
      if let host = own[job] { return host }
      own[job] = start(owner: job)
      return own[job]
    }
    let place = number % sharedCount
    if shared[place] == nil { shared[place] = start(owner: nil) }
    return shared[place]
  }

  /// Ends hosts that give no sign of life: a process that is stopped or stuck holds up all its jobs.
  func watchOver() {
    loop.after(milliseconds: 3000) { [weak self] in
      guard let self, !closed else { return }
      for host in Array(hosts.values) where host.ping() > Self.silence {
        onTrouble(
          "a host process (\(host.pid)) has given no sign of life for \(Self.silence / 1_000_000_000) s and is ended"
        )
        host.kill(blaming: nil)
      }
      if stillborn < 3 { warmUp() }
      if shared.allSatisfy({ $0?.saidHello == true }) { onTrouble(nil) }
      watchOver()
    }
  }

  /// How long a host may be silent, nanoseconds: longer than any busy machine keeps a thread waiting.
  private static let silence: Int64 = 15_000_000_000

  /// Starts the shared hosts, so that the first run finds them warm.
  func warmUp() {
    for place in shared.indices where shared[place] == nil && !closed { shared[place] = start(owner: nil) }
  }

  subscript(id: Int) -> HostConnection? { hosts[id] }

  /// Ends a job's own host, when the job is gone.
  func release(owner job: String) { own[job]?.kill(blaming: nil) }

  /// Sends what was gathered for the hosts.
  func flush() { for host in hosts.values { host.flush() } }

  /// Ends every host.
  func close() {
    closed = true
    for host in hosts.values { host.kill(blaming: nil) }
  }

  private func start(owner: String?) -> HostConnection? {
    do throws(RunnerError) {
      let id = nextID
      nextID += 1
      let host = try HostConnection(
        id: id, owner: owner, evidence: try HostEvidence(path: "\(folder)/host-\(id)"), onEvent: onEvent
      ) { [unowned self] host, death in remove(host, death) }
      hosts[id] = host
      loop.add(host)
      return host
    } catch {
      onTrouble(error.description)
      stillborn = 3
      tryAgainLater()
      return nil
    }
  }

  private func remove(_ host: HostConnection, _ death: HostConnection.Death) {
    loop.remove(host)
    if let keeper = host.evidence.keeper {
      keepers.append(keeper)
      if keepers.count == 1 { buryKeepers() }
    }
    hosts[host.id] = nil
    if let owner = host.owner { own[owner] = nil }
    for place in shared.indices where shared[place] === host { shared[place] = nil }
    stillborn = host.saidHello ? 0 : stillborn + 1
    if stillborn >= 3 && !closed {
      onTrouble("host processes end at once: the last one \(death.how)")
      tryAgainLater()
    }
    onDeath(host, death)
  }

  /// A keeper ends when it has ended all that its host had started.
  private func buryKeepers() {
    keepers = keepers.filter { waitpid($0, nil, WNOHANG) == 0 }
    if !keepers.isEmpty { loop.after(milliseconds: 200) { [weak self] in self?.buryKeepers() } }
  }

  private func tryAgainLater() {
    loop.after(milliseconds: 1000) { [weak self] in self?.stillborn = 0 }
  }
}
