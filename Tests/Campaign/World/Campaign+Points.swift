import Glibc
import KillPoints

/// Kills at named places in the program.
extension Campaign {
  /// Goes to one place so many times, and is killed there.
  ///
  /// - Returns: what is wrong, in words.
  public func play(_ point: KillPoint, times: Int) throws -> [String] {
    var reached = 0
    if !point.isOfNewDatabases { try begin() }
    try prepare(for: point)
    for _ in 1...max(1, times) {
      if !point.isOfNewDatabases {
        // Something has been going on, and was cut off.
        try installation.start()
        try becomeReady()
        sleep(milliseconds: 300...1200)
        installation.killDaemon()
        figures.kills += 1
      }
      if try visit(point, passing: Int.random(in: 1...point.most, using: &random)) { reached += 1 }
    }
    figures.point = (point.rawValue, reached)
    guard reached > 0 else {
      return ["\(point.rawValue): never came there; only a debug build has places to be killed at"]
    }
    return try audit().map { "\(point.rawValue): \($0)" }
  }

  private func prepare(for point: KillPoint) throws {
    guard point == .linesRemoved || point == .rowsRemoved else { return }
    try installation.save("almanac.yaml", Self.configuration + "retention: { runs: 60 }\n")
    deeds.expires = true
    try installation.start()
    try becomeReady()
    sleep(milliseconds: 6000...7000)
    installation.killDaemon()
  }

  /// Starts a daemon that ends at the place, and does what brings it there.
  ///
  /// - Returns: true if it came there.
  private func visit(_ point: KillPoint, passing times: Int) throws -> Bool {
    let sparesDaemon = point.isInHost
    try installation.start(environment: [KillPoint.variable: "\(point.rawValue):\(times)"])
    let isThere = { [installation] in
      sparesDaemon ? installation.said.contains("a host process was killed") : !installation.isRunning
    }
    defer {
      if installation.isRunning { figures.kills += 1 }
      installation.killDaemon()
    }
    var answers: [() -> Void] = []
    defer { for answer in answers { answer() } }
    if try installation.becomesReady(), !isThere() {
      try stir(point, &answers)
      _ = try? installation.wait(for: "the place", within: point.patience, isThere)
      installation.terminate()
    }
    if sparesDaemon { return isThere() }
    return try installation.end() == .killed(SIGKILL)
  }

  /// Does what may bring the daemon to the place.
  private func stir(_ point: KillPoint, _ answers: inout [() -> Void]) throws {
    switch point {
    case .jobRemoved:
      installation.delete("jobs/by_hand.lua")
      try installation.wait(for: "the removal", within: 30) {
        installation.said.contains("the job was removed") || !installation.isRunning
      }
      try save("by_hand")
    case .jobRenamed: try rename()
    case .hostFell: signalHost(SIGKILL)
    case .ledgerLinked:
      for suffix in ["", "-wal", "-shm"] { installation.delete("state/ledger.sqlite" + suffix) }
    default:
      try save("on_time")
      try save("alarming")
      try drop()
      try trigger(&answers)
    }
  }
}

extension KillPoint {
  /// It is a host that ends there; the daemon lives.
  fileprivate var isInHost: Bool { self == .mainUncalled || self == .endUntold }

  /// Only the first start comes there, and those that go on with what it has not come to.
  fileprivate var isOfNewDatabases: Bool { self == .inMigration || self == .migrated }

  /// How often a short life comes to the place, at least.
  fileprivate var most: Int {
    switch self {
    case .turnEnded: 60
    case .inLedgerTransaction, .ledgerCommitted, .startQueued, .endHeard, .endUnrecorded, .endRecorded: 20
    case .jobLoaded, .jobLive: 16
    case .claimDurable, .mainUncalled, .endUntold: 10
    case .startUnrecorded, .rowRecovered, .logCommitted, .inLogTransaction: 2
    default: 1
    }
  }

  /// How long the place may be waited for, seconds: the sweep of the history comes some seconds after the start.
  fileprivate var patience: Double { self == .linesRemoved || self == .rowsRemoved ? 20 : 4 }
}
