import Foundation
import GRDB
import Glibc
import TestSupport
import Testing
import Values

extension RealBinary {
  @Suite("Faults of the machine") struct FaultTests {
    private static let tick = """
      schedule = { every = "1s", start_at = "2020-01-01T00:00:00Z", late_within = "500ms" }
      function main(run)
        print("hello")
        assert(require("almanac.fs").append("../ran.txt", run.id .. "\\n"))
        return "ok"
      end
      """

    private func status(_ almanac: Almanac) throws -> String { try almanac.command("status").out }

    /// Ticking, with some rows that succeeded.
    private func ticking() async throws -> (almanac: Almanac, daemon: Process) {
      let almanac = try Almanac()
      try almanac.save("tick.lua", Self.tick)
      let daemon = try await almanac.serve(["--hosts", "1"])
      _ = try await almanac.endedRun(of: "tick", count: 2)
      return (almanac, daemon)
    }

    private func succeeded(_ almanac: Almanac) throws -> Int {
      try almanac.runs(of: "tick").count { $0["outcome"] == "succeeded" }
    }

    private func troubled(_ almanac: Almanac, _ words: String) async throws {
      try await almanac.eventually("status says \(words)") {
        let status = try self.status(almanac)
        return status.contains("TROUBLE") && status.contains(words)
      }
      #expect(almanac.log.contains(words), "stderr says it too")
    }

    /// More than one instant passes without a start; what was handed over before may still run.
    private func nothingStarts(_ almanac: Almanac) async throws {
      var (ran, since) = ("", Date())
      try await almanac.eventually("nothing starts") {
        let now = almanac.read("ran.txt") ?? ""
        if now != ran { (ran, since) = (now, Date()) }
        return Date().timeIntervalSince(since) > 2.2
      }
    }

    /// The fault has gone: runs go on, status is clear, and what ran is what the ledger says.
    private func recovers(_ almanac: Almanac, _ daemon: Process) async throws {
      let before = try succeeded(almanac)
      try await almanac.eventually("runs go on") { try self.succeeded(almanac) > before + 1 }
      try await almanac.eventually("status is clear") { try !self.status(almanac).contains("TROUBLE") }
      #expect(try almanac.command("stop").status == 0)
      daemon.waitUntilExit()
      let rows = try almanac.runs(of: "tick")
      #expect(rows.allSatisfy { $0["state"] == "ended" })
      let recorded = rows.filter { $0["outcome"] == "succeeded" }.compactMap { $0["id"].asInt }.sorted()
      let ran = (almanac.read("ran.txt") ?? "").split(separator: "\n").compactMap { Int64($0) }
      #expect(ran == recorded, "each run is on the record, and ran once")
      try everyInstantIsCovered(rows)
    }

    private func everyInstantIsCovered(_ rows: [DataValue]) throws {
      let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
      func second(_ value: DataValue) throws -> Int {
        Int(try format.parse(try #require(value.asString)).timeIntervalSince1970)
      }
      var covered: [Int: Int] = [:]
      for row in rows {
        let first = try second(row["due_at"])
        for due in first...(row["due_until"] == .null ? first : try second(row["due_until"])) {
          covered[due, default: 0] += 1
        }
      }
      let (first, last) = (try #require(covered.keys.min()), try #require(covered.keys.max()))
      for due in first...last { #expect(covered[due] == 1, "\(due) is covered \(covered[due] ?? 0) times") }
    }

    @Test("a disk that takes no more: nothing starts, it is said, and it goes on when there is room")
    func fullDisk() async throws {
      let (almanac, daemon) = try await ticking()
      try daemon.limit("fsize", to: "1")
      try await almanac.eventually("status says so") {
        try self.status(almanac).contains("TROUBLE: nothing is started")
      }
      try await nothingStarts(almanac)
      try daemon.limit("fsize", to: "unlimited")
      try await recovers(almanac, daemon)
    }

    @Test(
      "a full file system: the daemon and its hosts live through it",
      .enabled(if: SmallFileSystem.canMount, "no file system can be mounted here"))
    func fullFileSystem() async throws {
      let almanac = try Almanac()
      try FileManager.default.createDirectory(atPath: almanac.state, withIntermediateDirectories: true)
      let disk = try SmallFileSystem(at: almanac.state, megabytes: 24)
      try almanac.save("tick.lua", Self.tick)
      let daemon = try await almanac.serve(["--hosts", "1"])
      _ = try await almanac.endedRun(of: "tick", count: 2)
      let filler = almanac.state + "/filler"
      try disk.fill(filler)
      try await troubled(almanac, "nothing is started until this is mended")
      try await nothingStarts(almanac)
      // A host that ends now finds no room for its evidence; the daemon is not hurt by that.
      for host in Processes.children(of: daemon.processIdentifier) { kill(host, SIGKILL) }
      try await troubled(almanac, "No space left on device")
      try FileManager.default.removeItem(atPath: filler)
      try await almanac.eventually("runs go on") { try !self.status(almanac).contains("TROUBLE") }
      try await recovers(almanac, daemon)
      _ = disk
    }

    @Test("a database that another process has locked") func locked() async throws {
      let (almanac, daemon) = try await ticking()
      let lock = try LockedDatabase(almanac.state + "/ledger.sqlite")
      try await troubled(almanac, "the ledger does not answer")
      try lock.release()
      try await recovers(almanac, daemon)
    }

    @Test("a database that is removed while in use is written again from what is open") func removed()
      async throws
    {
      let (almanac, daemon) = try await ticking()
      let before = try almanac.runs(of: "tick").count
      for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "logs.sqlite"] {
        try FileManager.default.removeItem(atPath: almanac.state + "/" + name)
      }
      try await almanac.eventually("stderr says so") {
        almanac.log.contains("ledger.sqlite was removed while in use")
          && almanac.log.contains("logs.sqlite was removed while in use")
      }
      try await almanac.eventually("it is there again") { try almanac.runs(of: "tick").count >= before }
      try await recovers(almanac, daemon)
      let mode = try FileManager.default.attributesOfItem(atPath: almanac.state + "/ledger.sqlite")
      #expect(mode[.posixPermissions] as? Int == 0o600)
    }

    @Test("a database in whose place another file was put is left alone until it is back") func replaced()
      async throws
    {
      let (almanac, daemon) = try await ticking()
      let (path, aside) = (almanac.state + "/ledger.sqlite", almanac.root + "/aside.sqlite")
      rename(path, aside)
      try Data("somebody else's".utf8).write(to: URL(fileURLWithPath: path))
      try await troubled(almanac, "was replaced by another file")
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("somebody else's".utf8))
      rename(aside, path)
      try await recovers(almanac, daemon)
    }

    @Test("no file descriptors: a host that ends is started again when there are some, and status answers")
    func noDescriptors() async throws {
      let (almanac, daemon) = try await ticking()
      let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.processIdentifier)/fd")
        .count
      try daemon.limit("nofile", to: "\(open)")
      let hosts = Processes.children(of: daemon.processIdentifier)
      #expect(!hosts.isEmpty)
      for host in hosts { kill(host, SIGKILL) }
      try await troubled(almanac, "Too many open files")
      try daemon.limit("nofile", to: "1024")
      let before = try succeeded(almanac)
      try await almanac.eventually("runs go on") { try self.succeeded(almanac) > before + 1 }
      try await almanac.eventually("status is clear") { try !self.status(almanac).contains("TROUBLE") }
    }

    @Test("whoever reads the log may go away") func brokenPipe() async throws {
      let almanac = try Almanac()
      try almanac.save("tick.lua", Self.tick)
      let daemon = Process()
      daemon.executableURL = URL(fileURLWithPath: Almanac.binary)
      daemon.arguments = ["serve", almanac.jobs, "--state", almanac.state]
      let pipe = Pipe()
      daemon.standardError = pipe
      try daemon.run()
      defer {
        daemon.terminate()
        daemon.waitUntilExit()
      }
      _ = try await almanac.endedRun(of: "tick")
      try pipe.fileHandleForReading.close()
      let before = try succeeded(almanac)
      try await almanac.eventually("runs go on") { try self.succeeded(almanac) > before + 2 }
      #expect(daemon.isRunning)
    }

    @Test("a database that is damaged, or of a newer version, is refused and left as it is, byte for byte")
    func damaged() async throws {
      let (almanac, first) = try await ticking()
      // Its rows are in the file itself, those of the next one, which is killed, in the write-ahead log.
      #expect(try almanac.command("stop").status == 0)
      first.waitUntilExit()
      let second = try await almanac.serve()
      _ = try await almanac.endedRun(of: "tick", count: 4)
      kill(second.processIdentifier, SIGKILL)
      second.waitUntilExit()
      let path = almanac.state + "/ledger.sqlite"
      func contents(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
      let (whole, log) = (try contents(path), try contents(path + "-wal"))
      try #require(whole.count > 3 * 4096)
      var (newer, holed) = (whole, whole)
      newer.replaceSubrange(60..<64, with: [0, 0, 0, 99])
      holed.replaceSubrange(2 * 4096..<3 * 4096, with: Data(repeating: 0xA5, count: 4096))
      for (what, bytes, keepsLog) in [
        ("no database", Data(repeating: 65, count: 8192), false), ("newer", newer, false),
        ("cut off", whole.prefix(whole.count / 2 + 100), false), ("a stump", whole.prefix(2000), false),
        ("damaged inside", holed, false),
        ("no database beside its log", Data(repeating: 0, count: 4096), true),
      ] {
        try bytes.write(to: URL(fileURLWithPath: path))
        for beside in ["-shm", "-wal"] { try? FileManager.default.removeItem(atPath: path + beside) }
        if keepsLog { try log.write(to: URL(fileURLWithPath: path + "-wal")) }
        let said = almanac.log.count
        let daemon = try almanac.launch(["serve", almanac.jobs, "--state", almanac.state])
        try await almanac.eventually("\(what) is refused") { !daemon.isRunning }
        #expect(daemon.terminationStatus == 1, "\(what)")
        #expect(almanac.log.dropFirst(said).contains(path), "\(what): \(almanac.log.dropFirst(said))")
        #expect(try contents(path) == bytes, "\(what)")
        if keepsLog { #expect(try contents(path + "-wal") == log) }
      }
    }
  }
}

/// Holds the lock of whoever writes, as a second process would.
final class LockedDatabase {
  private let queue: DatabaseQueue

  init(_ path: String) throws {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    configuration.busyMode = .timeout(10)
    queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.inDatabase { db in try db.execute(sql: "BEGIN EXCLUSIVE") }
  }

  func release() throws {
    try queue.inDatabase { db in try db.execute(sql: "ROLLBACK") }
    try queue.close()
  }
}

extension Process {
  /// Sets a soft limit of the running process: `fsize`, `nofile`.
  func limit(_ resource: String, to value: String) throws {
    try Command.call(["prlimit", "--pid", "\(processIdentifier)", "--\(resource)=\(value):"])
  }
}

private enum Command {
  static func call(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Almanac.Failure(description: "\(arguments.joined(separator: " ")) failed")
    }
  }
}
