import Foundation
import Glibc
import RunLifecycle
import RunStore
import RunStoreSQLite
import Scheduling
import Simulation
import TestSupport

/// Kills the real binary again and again on one state directory, disturbs what it is at, and holds the ledger
/// that comes of it against what was due and what ran.
///
/// Beside the kills there may be one more ``Fault``.
///
/// What is done, and when after the daemon's start, is the seed's; how far the daemon has come by then is not.
public final class Campaign {
  /// What the daemon has to bear beside being killed.
  public enum Fault: String, CaseIterable, Sendable {
    /// Its clock is set forward and back.
    case clock
    /// The file system of its state directory is full now and then.
    case disk
  }

  /// How often the ledger is audited on the way, in rounds.
  private static let auditEvery = 100

  let installation: Installation
  private(set) var jobs: [CampaignJob]
  var random: SeededGenerator
  var deeds = CampaignAudit.Deeds()
  public internal(set) var figures = CampaignFigures()
  /// What the jobs' messages go to.
  private let server: LoopbackServer
  private let clock: InjectedClock?
  private let disk: SmallFileSystem?
  private var editions = 0
  /// Since when `held` is paused, as far as the daemon has answered.
  private var pausedSince: Instant?

  static let configuration = "pools: { one: 1 }\n"

  /// - Parameters:
  ///   - binary: the program.
  ///   - root: the folder for everything, made if it is not there; it stays.
  public init(binary: String, root: String, seed: Int, fault: Fault? = nil) throws {
    let clock = fault == .clock ? try InjectedClock(at: root) : nil
    installation = try Installation(binary: binary, root: root, environment: clock?.environment ?? [:])
    self.clock = clock
    disk = fault == .disk ? try SmallFileSystem(at: installation.makeState(), megabytes: 96) : nil
    deeds.clockMoves = clock != nil
    jobs = CampaignJob.all
    random = SeededGenerator(seed: seed)
    server = LoopbackServer { _, connection in connection.answer("") }
    for index in jobs.indices where jobs[index].isLoud {
      jobs[index].schedule += #", notify = { on = "failed", webhook = "\#(server.url)/" }"#
    }
    try installation.save("almanac.yaml", Self.configuration)
    for job in jobs { try save(job.name) }
  }

  /// The folder for everything.
  public var root: String { installation.root }

  /// Removes everything that the campaign has made.
  public func remove() { installation.remove() }

  deinit { server.stop() }

  // MARK: Rounds

  /// Plays so many rounds, each of which ends with a kill.
  ///
  /// - Parameter progress: told after each round how many are over.
  /// - Returns: what is wrong, in words; nothing is played after the first finding.
  public func play(rounds: Int, progress: (Int) -> Void = { _ in }) throws -> [String] {
    for round in 1...max(1, rounds) {
      try playRound()
      progress(round)
      if round % Self.auditEvery == 0 || round == rounds {
        let findings = try audit()
        if !findings.isEmpty { return findings.map { "after \(round) rounds: \($0)" } }
      }
    }
    return []
  }

  private func playRound() throws {
    try installation.start()
    var answers: [() -> Void] = []
    switch Int.random(in: 0..<100, using: &random) {
    case ..<25:
      sleep(milliseconds: 0...700)
      figures.killsWhileStarting += 1
    case ..<90:
      if try becomeReady() { try live(milliseconds: 0...1500, &answers) }
    default:
      if try becomeReady() { try live(milliseconds: 0...300, &answers) }
      installation.terminate()
      sleep(milliseconds: 0...300)
      figures.killsWhileStopping += 1
    }
    let isStopping = installation.said.contains("stopping: ")
    if !installation.isRunning, !isStopping, !isFull {
      throw Installation.Failure(description: "the daemon ended by itself: \(installation.said.suffix(2000))")
    }
    installation.killDaemon()
    figures.kills += 1
    for answer in answers { answer() }
    // What is full may stay so over the next start.
    if isFull, random.chance(70) { installation.delete("state/filler") }
    if clock != nil, random.chance(10) { try disturb() }
    // Sometimes nobody is there when something is due, or comes.
    if random.chance(20) { try drop() }
    if random.chance(15) { sleep(milliseconds: 500...2500) }
  }

  /// - Returns: false if there is no room: then a daemon may refuse to start, and no host process can.
  @discardableResult
  func becomeReady() throws -> Bool {
    if isFull { return (try? installation.becomesReady(within: 3)) ?? false }
    let begun = Date()
    guard try installation.becomesReady() else {
      throw Installation.Failure(description: "the daemon did not start: \(installation.said.suffix(2000))")
    }
    figures.slowestStart = max(figures.slowestStart, Date().timeIntervalSince(begun))
    return true
  }

  /// Lets the daemon live for a while in which this and that happens.
  private func live(milliseconds: ClosedRange<Int64>, _ answers: inout [() -> Void]) throws {
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      sleep(milliseconds: milliseconds.lowerBound...milliseconds.upperBound / 3)
      switch Int.random(in: 0..<100, using: &random) {
      case ..<17: try save(random.pick(jobs).name)
      case ..<20: try rename()
      case ..<40: try drop()
      case ..<60: try trigger(&answers)
      case ..<66: try pauseOrResume(&answers)
      case ..<76: signalHost(SIGKILL)
      case ..<84: signalHost(SIGSTOP)
      default: try disturb()
      }
    }
  }

  func sleep(milliseconds: ClosedRange<Int64>) {
    usleep(UInt32(random.milliseconds(milliseconds).microseconds))
  }

  // MARK: What happens to the daemon

  /// Saves a job anew; its schedule stays as it is.
  func save(_ name: String) throws {
    guard let job = jobs.first(where: { $0.name == name }) else { return }
    editions += 1
    figures.saves += 1
    try installation.save("jobs/\(job.file).lua", job.source(edition: editions))
  }

  /// Gives the job `moved` another name.
  func rename() throws {
    guard let index = jobs.firstIndex(where: { $0.name == "moved" }) else { return }
    installation.delete("jobs/\(jobs[index].file).lua")
    jobs[index].moves += 1
    try save("moved")
  }

  func drop() throws {
    let name = "file-\(deeds.dropped.count).txt"
    deeds.dropped.append(name)
    try installation.save("inbox/" + name, "something")
  }

  func trigger(_ answers: inout [() -> Void]) throws {
    let index = deeds.triggered.count
    deeds.triggered.append((index, nil))
    let command = try installation.command("trigger", "by_hand", "--param", "number=\(index)")
    answers.append { [self] in
      let answer = command.answer()?.trimmingCharacters(in: .whitespacesAndNewlines)
      deeds.triggered[index].run = answer.flatMap { Int64($0) }.map { RunID($0) }
    }
  }

  private func pauseOrResume(_ answers: inout [() -> Void]) throws {
    if let since = pausedSince {
      deeds.pauses.append((since, .now))
      pausedSince = nil
      _ = try installation.command("resume", "held").answer()
    } else {
      let command = try installation.command("pause", "held")
      answers.append { [self] in if command.answer() != nil { pausedSince = .now } }
    }
  }

  func signalHost(_ signal: Int32) {
    let hosts = installation.hosts()
    guard !hosts.isEmpty else { return }
    if signal == SIGKILL { figures.hostKills += 1 } else { figures.hostStops += 1 }
    kill(random.pick(hosts), signal)
  }

  /// Does what is the campaign's own fault.
  private func disturb() throws {
    if let clock {
      clock.step(by: random.pick([-1, 1]) * Int64(random.milliseconds(600...6000).microseconds))
      figures.clockSteps += 1
    }
    if let disk, !isFull {
      try disk.fill(installation.state + "/filler")
      figures.fullDisks += 1
    }
  }

  /// Now by the daemon's clock.
  private var now: Instant { .now + (clock?.lead ?? .zero) }

  private var isFull: Bool { installation.has("state/filler") }

  // MARK: Audit

  /// Lets the program come to rest undisturbed, stops it as one should, and looks at what there is.
  func audit() throws -> [String] {
    installation.delete("state/filler")
    try installation.start()
    try becomeReady()
    if let since = pausedSince {
      deeds.pauses.append((since, .now))
      pausedSince = nil
      _ = try installation.command("resume", "held").answer()
    }
    let open = Set(try readLedger { try $0.openRuns() }.map(\.id))
    try installation.wait(for: "what was open to end, and what was missed to be made up", within: 120) {
      try readLedger { store in
        let stillOpen = try store.openRuns().filter { open.contains($0.id) }
        return try stillOpen.isEmpty && isCaughtUp(store)
      }
    }
    let stoppedAt = now
    installation.terminate()
    let end = try installation.end()
    figures.audits += 1
    guard end == .exited(0) else { return ["a daemon that was told to stop ended otherwise: \(end)"] }
    var audit = try CampaignAudit(installation, jobs: jobs, deeds: deeds, now: stoppedAt)
    audit.check()
    figures.rows = audit.rowCount
    figures.calls = audit.callCount
    figures.outcomes = Outcome.allCases.map { ($0, audit.count($0)) }
    // Those of the last daemon's hosts go with the next start; others would pile up.
    let left = (try? FileManager.default.contentsOfDirectory(atPath: installation.state + "/hosts")) ?? []
    let evidence = left.count { $0.hasPrefix("host-") }
    return audit.findings
      + (evidence > 10 ? ["\(evidence) files of hosts' evidence are left after a stop"] : [])
  }

  /// What makes up for each instant has come to the present, and all files were seen.
  private func isCaughtUp(_ store: SQLiteRunStore) throws -> Bool {
    let keys = Dictionary(uniqueKeysWithValues: try store.jobs().map { ($0.name, $0.key) })
    let recent = now - .seconds(3)
    for job in jobs where job.grid != nil {
      guard let key = keys[job.file],
        let newest = try store.runs(RunQuery(job: key, limit: 1)).first, newest.dueAt > recent
      else { return false }
    }
    guard let key = keys["watcher"], !deeds.expires else { return true }
    let seen = try store.runs(RunQuery(job: key, limit: .max)).compactMap(\.params).joined()
    return deeds.dropped.suffix(20).allSatisfy { seen.contains("/\($0)\"") }
  }

  private func readLedger<Value>(_ body: (SQLiteRunStore) throws -> Value) throws -> Value {
    let store = try SQLiteRunStore(readOnlyAt: installation.state + "/ledger.sqlite")
    defer { try? store.close() }
    return try body(store)
  }
}

extension Instant {
  static var now: Instant { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
}
