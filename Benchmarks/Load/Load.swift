import Foundation

/// Loads the real daemon, and prints what came of it.
///
/// ```
/// swift run --package-path Benchmarks -c release load burst .build/release/almanac
/// swift run --package-path Benchmarks -c release load grid .build/release/almanac
/// swift run --package-path Benchmarks -c release load sleepers .build/release/almanac
/// swift run --package-path Benchmarks -c release load forecast .build/release/almanac
/// swift run --package-path Benchmarks -c release load folder .build/release/almanac
/// swift run --package-path Benchmarks -c release load year
/// ```
@main
struct Load {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "year" {
      return try Year.run(days: arguments.dropFirst().first.flatMap { Int($0) } ?? 365)
    }
    guard arguments.count >= 2, let kind = arguments.first, let binary = arguments.dropFirst().first else {
      return print("usage: load burst|grid|sleepers|forecast|folder BINARY [JOBS], load year [DAYS]")
    }
    let count = arguments.dropFirst(2).first.flatMap { Int($0) }
    let daemon = try Daemon(binary: binary)
    defer { daemon.remove() }
    switch kind {
    case "burst": try burst(daemon, jobs: count ?? 10_000)
    case "grid": try grid(daemon, jobs: count ?? 1000)
    case "sleepers": try sleepers(daemon, jobs: count ?? 10_000)
    case "forecast": try forecast(daemon, jobs: count ?? 1000)
    case "folder": try Folder.run(daemon, files: count ?? 10_000)
    default: print("unknown load \(kind)")
    }
  }

  /// Trivial jobs, each its own file and Lua state, due at one instant: how long until all are recorded.
  private static func burst(_ daemon: Daemon, jobs: Int) throws {
    // Far enough off that every file is written and loaded by then, on a slow disk too.
    let due = Date(
      timeIntervalSince1970: (Date().timeIntervalSince1970 + 15 + Double(jobs) / 250).rounded())
    for number in 0..<jobs {
      try daemon.save(
        "job\(number).lua",
        "schedule = { at = \"\(due.formatted(.iso8601))\" }\nfunction main() return \"ok\" end")
    }
    let started = Date()
    try daemon.start()
    if Date() > due {
      return print("the files were not loaded in time; try again on a machine that is less busy")
    }
    print("loaded and warm after \(seconds(Date().timeIntervalSince(started)))")
    Thread.sleep(until: due.addingTimeInterval(3))
    let rows = try daemon.rows(jobs + 10)
    let succeeded = rows.filter { $0["outcome"] as? String == "succeeded" }
    let starts = succeeded.compactMap { instant($0["started_at"]) }
    let ended = succeeded.compactMap { instant($0["ended_at"]) }
    print("\(succeeded.count) of \(jobs) runs succeeded")
    if succeeded.count < jobs {
      for row in rows.filter({ $0["outcome"] as? String != "succeeded" }).prefix(3) { print(row) }
      print(daemon.log.suffix(2000))
    }
    if let last = starts.max() {
      print("last start  \(seconds(last - due.timeIntervalSince1970)) after the instant")
    }
    if let last = ended.max() {
      print("last end    \(seconds(last - due.timeIntervalSince1970)) after the instant")
    }
    print("last commit \(seconds(try daemon.lastCommit() - due.timeIntervalSince1970)) after the instant")
    if let early = starts.min(), early < due.timeIntervalSince1970 {
      print("A RUN STARTED BEFORE ITS INSTANT")
    }
  }

  /// `every = "1s"` in many jobs, spread over the second on a grid, for 25 s: how late each starts.
  private static func grid(_ daemon: Daemon, jobs: Int) throws {
    for number in 0..<jobs {
      let offset = String(format: "%03d", number * 1000 / jobs)
      try daemon.save(
        "job\(number).lua",
        "schedule = { every = \"1s\", start_at = \"2020-01-01T00:00:00.\(offset)Z\" }\nfunction main() return \"ok\" end"
      )
    }
    try daemon.start()
    let from = Date().addingTimeInterval(2).timeIntervalSince1970.rounded()
    let until = from + 25
    Thread.sleep(until: Date(timeIntervalSince1970: until + 1))
    daemon.stop()
    let rows = try daemon.rows(jobs * 60)
    var late: [Double] = []
    var covered: [String: Set<Int>] = [:]
    for row in rows {
      guard let due = instant(row["due_at"]), due >= from, due < until, let job = row["job"] as? String else {
        continue
      }
      if !covered[job, default: []].insert(Int(due)).inserted { print("TWICE: \(job) at \(due)") }
      if let started = instant(row["started_at"]) { late.append((started - due) * 1000) }
    }
    let missing = (0..<jobs).reduce(0) { $0 + 25 - (covered["job\($1)"]?.count ?? 0) }
    late.sort()
    print("\(late.count) starts of \(jobs * 25) due instants; \(missing) instants without a row")
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1)] where !late.isEmpty {
      print(
        "\(name) \(String(format: "%.2f", late[min(late.count - 1, Int(Double(late.count) * share))])) ms late"
      )
    }
    if let first = late.first, first < 0 { print("A RUN STARTED \(-first) ms BEFORE ITS INSTANT") }
  }

  /// Runs that sleep at the same time: what they take beside their states, in all host processes together.
  private static func sleepers(_ daemon: Daemon, jobs: Int) throws {
    let due = Date(
      timeIntervalSince1970: (Date().timeIntervalSince1970 + 15 + Double(jobs) / 250).rounded())
    for number in 0..<jobs {
      try daemon.save(
        "job\(number).lua",
        """
        local job = require("almanac.job")
        schedule = { at = "\(due.formatted(.iso8601))", stop_grace = "0s" }
        function main() job.sleep("1h") end
        """)
    }
    try daemon.start()
    if Date() > due.addingTimeInterval(-1) {
      return print("the files were not loaded in time; try again on a machine that is less busy")
    }
    Thread.sleep(until: due.addingTimeInterval(-1))
    let loaded = daemon.hostMemory
    Thread.sleep(until: due.addingTimeInterval(5))
    let running = try daemon.rows(jobs + 10).count { $0["state"] as? String == "running" }
    let sleeping = daemon.hostMemory
    print("\(running) of \(jobs) runs sleep")
    print("each takes \((sleeping - loaded) / jobs) bytes beside its state")
  }

  /// A year of jobs, simulated: one in twenty is due every five minutes, one in five each hour, the others each day.
  private static func forecast(_ daemon: Daemon, jobs: Int) throws {
    for number in 0..<jobs {
      let (minute, hour) = (number % 60, number % 24)
      let cron =
        number % 20 == 0 ? "*/5 * * * *" : number % 4 == 0 ? "\(minute) * * * *" : "\(minute) \(hour) * * *"
      try daemon.save("job\(number).lua", "schedule = { cron = \"\(cron)\" }\nfunction main() end")
    }
    let started = Date()
    print(try daemon.simulate(from: "2027-01-01", until: "2028-01-01"))
    print("in \(seconds(Date().timeIntervalSince(started))), the loading of the files included")
  }

  private static func instant(_ value: Any?) -> Double? {
    guard let text = value as? String else { return nil }
    return try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text).timeIntervalSince1970
  }

  private static func seconds(_ interval: TimeInterval) -> String { String(format: "%.3f s", interval) }
}

/// A daemon over a temporary folder.
final class Daemon {
  private let binary: String
  private let root: String
  private var process: Process?
  private var logReader: FileHandle?

  init(binary: String) throws {
    self.binary = URL(fileURLWithPath: binary).path
    root = NSTemporaryDirectory() + "almanac-load-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: root + "/jobs", withIntermediateDirectories: true)
  }

  func save(_ name: String, _ text: String) throws {
    let path = root + "/jobs/" + name
    if name.contains("/") {
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    }
    try text.write(toFile: path, atomically: false, encoding: .utf8)
  }

  /// Starts it, and waits for all jobs to be loaded.
  func start() throws {
    try launch()
    while true {
      let status = try run(["status", "--state", root + "/state"])
      if status.contains("running since"), !status.contains("are being loaded") { return }
      Thread.sleep(forTimeInterval: 0.05)
    }
  }

  /// Starts it and does not wait.
  func launch() throws {
    let log = root + "/log"
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: binary)
    process.arguments = ["serve", root + "/jobs", "--state", root + "/state"]
    process.standardError = FileHandle(forWritingAtPath: log)
    try process.run()
    self.process = process
    logReader = FileHandle(forReadingAtPath: log)
  }

  /// Waits for the next line of the log that has this text; at most a minute.
  func waitForLog(_ text: String) throws {
    let deadline = Date().addingTimeInterval(60)
    var said = ""
    while !said.contains(text) {
      guard Date() < deadline else { throw CocoaError(.fileReadUnknown) }
      let more = try logReader?.readToEnd() ?? Data()
      said += String(decoding: more, as: UTF8.self)
      if more.isEmpty { usleep(200) }
    }
  }

  /// Has the folder checked.
  func check() throws { _ = try run(["check", root + "/jobs", "--state", root + "/state"]) }

  /// Resident bytes of all host processes.
  var hostMemory: Int {
    guard let daemon = process?.processIdentifier else { return 0 }
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.filter { Int32($0) != nil }.reduce(0) { sum, name in
      guard let status = try? String(contentsOfFile: "/proc/\(name)/status", encoding: .utf8),
        status.contains("\nPPid:\t\(daemon)\n"),
        let pages = (try? String(contentsOfFile: "/proc/\(name)/statm", encoding: .utf8))?.split(
          separator: " "
        )
        .dropFirst().first.flatMap({ Int($0) })
      else { return sum }
      return sum + pages * Int(getpagesize())
    }
  }

  /// What `simulate` says that the jobs come to; no daemon runs for it.
  func simulate(from: String, until: String) throws -> String {
    try run([
      "simulate", root + "/jobs", "--state", root + "/state", "--from", from, "--until", until, "--summary",
    ])
  }

  func stop() {
    process?.terminate()
    process?.waitUntilExit()
  }

  func rows(_ count: Int) throws -> [[String: Any]] {
    let text = try run(["runs", "--json", "-n", "\(count)", "--state", root + "/state"])
    return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] ?? []
  }

  var log: String { (try? String(contentsOfFile: root + "/log", encoding: .utf8)) ?? "" }

  /// When the ledger was last written.
  func lastCommit() throws -> TimeInterval {
    var status = stat()
    guard stat(root + "/state/ledger.sqlite-wal", &status) == 0 else { return .nan }
    return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
  }

  func remove() {
    stop()
    try? FileManager.default.removeItem(atPath: root)
  }

  private func run(_ arguments: [String]) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: binary)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
