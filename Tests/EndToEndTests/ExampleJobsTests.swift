import Foundation
import TestSupport
import Testing
import Values

extension RealBinary {
  /// The jobs that come with the project, run by the binary that comes with them.
  @Suite("The example jobs") struct ExampleJobsTests {
    private let almanac: Almanac
    private let examples: [String]

    init() throws {
      almanac = try Almanac()
      try FileManager.default.removeItem(atPath: almanac.jobs)
      try FileManager.default.copyItem(atPath: Self.folder, toPath: almanac.jobs)
      examples = ["SpotifyBackup", "disk_usage", "page_watch", "rotate_backups", "speed_test"]
    }

    /// The project's own `jobs` folder.
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("jobs").path

    /// A zone in which it is about noon: the examples' nightly windows are shut, and their hours far.
    private static let noon: String = {
      let hour = Int(Date().timeIntervalSince1970) / 3600 % 24
      return hour <= 12 ? "Etc/GMT-\(12 - hour)" : "Etc/GMT+\(hour - 12)"
    }()

    @discardableResult
    private func serve(_ settings: [String: String] = [:]) async throws -> Process {
      try await almanac.serve(["--time-zone", Self.noon], environment: settings)
    }

    /// `almanac run` with these settings in its environment.
    private func run(_ job: String, _ settings: [String: String] = [:]) throws -> Almanac.Output {
      try almanac.run(
        ["run", job, "--jobs", almanac.jobs, "--state", almanac.state], environment: settings)
    }

    /// Has the daemon run a job; its result.
    private func trigger(_ job: String) throws -> String {
      let output = try almanac.command("trigger", job, "--wait")
      #expect(output.status == 0, "\(job): \(output.err)")
      return output.out.trimmingCharacters(in: .newlines)
    }

    private func output(_ path: String) -> String? { almanac.read("state/output/" + path) }

    private func outputs(of job: String) -> [String] {
      let names = try? FileManager.default.contentsOfDirectory(atPath: almanac.state + "/output/" + job)
      return (names ?? []).sorted()
    }

    /// Lines of the daemon's log that are neither of level info nor debug.
    private var troubleInLog: [Substring] {
      almanac.log.split(separator: "\n").filter { line in
        let level = line.split(separator: " ", omittingEmptySubsequences: true).dropFirst().first
        return level != "info" && level != "debug" && !line.hasPrefix("    ")
      }
    }

    // MARK: All together

    @Test("all of them are right") func check() throws {
      let output = try almanac.run(["check", Self.folder])
      #expect(output.status == 0)
      #expect(output.out.isEmpty)
      #expect(output.err.contains("\(examples.count) jobs right, 0 wrong"))
      #expect(try almanac.run(["check", Self.folder, "--json"]).out == "[]\n")
    }

    @Test("without a setting, a job is skipped and names what it lacks")
    func unconfigured() async throws {
      let reasons = [
        "SpotifyBackup": "set SPOTIFY_TOKEN to an access token of your account",
        "page_watch": "set WATCH_URL to the address of a page",
        "rotate_backups": "set BACKUP_FOLDER to the folder that holds the backups",
        "speed_test": "set SPEED_TEST_URL to the address of a large file",
      ]
      // An empty variable is as good as none: so service files and containers leave it.
      let empty = ["SPOTIFY_TOKEN", "WATCH_URL", "BACKUP_FOLDER", "SPEED_TEST_URL"].map { ($0, "") }
      for (job, reason) in reasons {
        let ran = try run(job, Dictionary(uniqueKeysWithValues: empty))
        #expect(ran.status == 0, "\(job): \(ran.err)")
        #expect(ran.out.isEmpty)
        #expect(ran.err.contains(reason))
      }
      let daemon = try await serve(["MIN_FREE_PERCENT": "0"])
      for (job, reason) in reasons {
        #expect(try trigger(job) == "")
        let row = try #require(try almanac.runs(of: job).first)
        #expect(row["outcome"] == "skipped")
        #expect(row["reason"].asString == reason)
        #expect(row["error"] == .null)
        #expect(outputs(of: job).isEmpty)
      }
      #expect(try almanac.command("stop").status == 0)
      daemon.waitUntilExit()
      #expect(troubleInLog.isEmpty)
    }

    @Test("the whole folder, served for two seconds, leaves no error") func served() async throws {
      let daemon = try await serve(["MIN_FREE_PERCENT": "0"])
      let start = Date()
      #expect(almanac.log.contains("is ready: \(examples.count) jobs live\n"))
      for job in ["disk_usage", "page_watch", "speed_test"] { _ = try await almanac.endedRun(of: job) }
      try await almanac.eventually("two seconds have passed") { Date().timeIntervalSince(start) >= 2 }
      #expect(try almanac.rows("jobs").map { $0["job"].asString } == examples.sorted())
      for row in try almanac.rows("jobs") {
        #expect(row["error"] == .null)
        #expect(row["next_due_at"] != .null, "\(row["job"])")
      }
      kill(daemon.processIdentifier, SIGTERM)
      daemon.waitUntilExit()
      #expect(daemon.terminationStatus == 0)
      #expect(try almanac.command("runs", "--failed", "--json").out == "[]\n")
      #expect(troubleInLog.isEmpty)
      #expect(almanac.log.contains("0 of them failed"))
    }

    // MARK: One by one

    private func checkBackup() throws {
      let files = ["AC_DC _live_ [p1].json", "Empty [p3].json", "_hidden [p2].json", "playlists.csv"]
      #expect(outputs(of: "SpotifyBackup") == files)
      let overview = [
        "name,tracks,file", #""AC/DC ""live""",230,"AC_DC _live_ [p1].json""#,
        #"".hidden",20,"_hidden [p2].json""#, #""Empty",0,"Empty [p3].json""#, "",
      ].joined(separator: "\n")
      #expect(output("SpotifyBackup/playlists.csv") == overview)
      for (file, count) in zip(files, [230, 0, 20]) {
        let playlist = try DataValue(json: Array((output("SpotifyBackup/" + file) ?? "").utf8))
        let tracks = playlist["tracks"].asTable?.items.map { $0["track"]["name"].asString }
        #expect(tracks == (0..<count).map { "track \($0 + 1)" })
      }
    }

    @Test("SpotifyBackup writes every playlist and an overview, by hand and by the daemon")
    func spotifyBackup() async throws {
      let service = PlaylistService(token: "secret")
      defer { service.server.stop() }
      let settings = ["PLAYLIST_API": service.server.url, "SPOTIFY_TOKEN": "secret"]
      let result = "backed up 3 playlists, 250 tracks"
      let ran = try run("SpotifyBackup", settings)
      #expect(ran.status == 0, "\(ran.err)")
      #expect(ran.out == result + "\n")
      #expect(ran.err.contains("saved"))
      try checkBackup()
      try FileManager.default.removeItem(atPath: almanac.state + "/output")

      try await serve(settings)
      #expect(try trigger("SpotifyBackup") == result)
      try checkBackup()
      let row = try #require(try almanac.runs(of: "SpotifyBackup").first)
      #expect(row["outcome"] == "succeeded")
      #expect(row["trigger"] == "manual")
      #expect(row["attempt"] == 1)
      #expect(row["result"].asString == result)
      let lines = try almanac.rows("logs", "\(row["id"].asInt ?? 0)")
      #expect(lines.map { $0["message"] } == ["saved", "saved", "saved"])
      #expect(lines.map { $0["fields"]["tracks"].asInt } == [230, 20, 0])
      #expect(lines.allSatisfy { $0["run_id"] == row["id"] && $0["level"] == "info" })
      // Its schedule: once a night, in the window.
      let next = try almanac.rows("jobs").first { $0["job"] == "SpotifyBackup" }?["next_due_at_local"]
      #expect(next?.asString?.contains("T02:00:00.000") == true)
    }

    @Test("SpotifyBackup with a token that is refused fails, and is not tried again")
    func refusedToken() async throws {
      let service = PlaylistService(token: "secret")
      defer { service.server.stop() }
      let ran = try run("SpotifyBackup", ["PLAYLIST_API": service.server.url, "SPOTIFY_TOKEN": "wrong"])
      #expect(ran.status == 1)
      let row = try #require(try almanac.runs(of: "SpotifyBackup").first)
      #expect(row["outcome"] == "failed")
      #expect(row["attempt"] == 1)
      #expect(row["error"].asString?.contains("the token was refused") == true)
      #expect(outputs(of: "SpotifyBackup").isEmpty)
      #expect(service.server.requests.count == 1)
    }

    @Test("SpotifyBackup waits as long as the service asks, and then goes on") func askedToWait() async throws
    {
      let service = PlaylistService(token: "secret", busyAtFirst: 3)
      defer { service.server.stop() }
      try await serve(["PLAYLIST_API": service.server.url, "SPOTIFY_TOKEN": "secret"])
      #expect(try trigger("SpotifyBackup") == "backed up 3 playlists, 250 tracks")
      #expect(try almanac.runs(of: "SpotifyBackup").first?["attempt"] == 2)
      #expect(almanac.log.contains("asked to slow down; next attempt at "))
      try checkBackup()
    }

    @Test("speed_test adds a line for each download, by hand and by the daemon") func speedTest() async throws
    {
      let server = LoopbackServer { request, connection in
        connection.answer([UInt8](repeating: 1, count: 3_000_000))
      }
      defer { server.stop() }
      let settings = ["SPEED_TEST_URL": server.url + "/file"]
      let ran = try run("speed_test", settings)
      #expect(ran.status == 0, "\(ran.err)")
      #expect(ran.out.contains("Mbit/s (3000000 bytes in "))
      try await serve(settings)
      // New to this daemon, it is due at once.
      let row = try await almanac.endedRun(of: "speed_test", count: 2)
      #expect(row["outcome"] == "succeeded")
      #expect(row["trigger"] == "every = \"6h\"")
      #expect(try trigger("speed_test").contains("Mbit/s"))
      #expect(outputs(of: "speed_test") == ["speed.csv"])
      let lines = (output("speed_test/speed.csv") ?? "").split(separator: "\n")
      #expect(lines.count == 4)
      #expect(lines.first == "time,bytes,seconds,mbit_per_s")
      for line in lines.dropFirst() {
        let fields = line.split(separator: ",")
        #expect(fields.count == 4)
        #expect(fields.dropFirst().first == "3000000")
        #expect(fields.last.flatMap { Double($0) }.map { $0 > 0 } == true)
      }
      #expect(
        server.requests.allSatisfy { $0.target == "/file" && $0.headers["accept-encoding"] == "identity" })
    }

    @Test("page_watch tells a first look, no change and a change, over a restart of the daemon")
    func pageWatch() async throws {
      let page = Page("a\nb\nc\n")
      let server = LoopbackServer { _, connection in connection.answer(page.text) }
      defer { server.stop() }
      let settings = ["WATCH_URL": server.url]
      let ran = try run("page_watch", settings)
      #expect(ran.out == "first look: 6 bytes\n", "\(ran.err)")
      #expect(output("page_watch/seen.html") == "a\nb\nc\n")
      let daemon = try await serve(settings)
      #expect(try await almanac.endedRun(of: "page_watch", count: 2)["result"] == "no change")
      kill(daemon.processIdentifier, SIGTERM)
      daemon.waitUntilExit()
      page.text = "a\nB\nc\nd\n"
      try await serve(settings)
      #expect(try trigger("page_watch") == "changed: 2 lines added, 1 removed")
      #expect(output("page_watch/seen.html") == page.text)
      let files = outputs(of: "page_watch")
      #expect(files.count == 2)
      #expect(output("page_watch/" + (files.last ?? "")) == "a\nb\nc\n")
      #expect(files.last?.hasPrefix("until-") == true)
      let lines = try almanac.rows("logs", "page_watch")
      #expect(lines.map { $0["level"] } == ["warn"])
      #expect(lines.first?["fields"]["url"].asString == server.url)
      page.text = ""
      #expect(try trigger("page_watch") == "changed: 0 lines added, 4 removed")
      server.stop()
    }

    @Test("page_watch fails, with the reason, where there is no page") func noPage() throws {
      let closed = LoopbackServer.closedPort()
      let ran = try run("page_watch", ["WATCH_URL": "http://127.0.0.1:\(closed)"])
      #expect(ran.status == 1)
      let row = try #require(try almanac.runs(of: "page_watch").first)
      #expect(row["outcome"] == "failed")
      #expect(row["error"].asString?.lowercased().contains("refused") == true)
      #expect(outputs(of: "page_watch").isEmpty)
    }

    @Test("disk_usage reports the disks, by hand and at the daemon's start") func diskUsage() async throws {
      let settings = ["MIN_FREE_PERCENT": "0", "DISKS": "/ " + almanac.root]
      let ran = try run("disk_usage", settings)
      #expect(ran.status == 0, "\(ran.err)")
      #expect(ran.out == "2 disks, all with more than 0 % free\n")
      try await serve(settings)
      let row = try await almanac.endedRun(of: "disk_usage", count: 2)
      #expect(row["outcome"] == "succeeded")
      #expect(row["cause"].asString?.hasPrefix("startup:") == true)
      #expect(outputs(of: "disk_usage") == ["disk_usage.csv", "disk_usage.txt"])
      let report = output("disk_usage/disk_usage.txt") ?? ""
      #expect(report.hasPrefix("Disks at 20"))
      #expect(report.contains(almanac.root) && report.contains("% free"))
      let lines = (output("disk_usage/disk_usage.csv") ?? "").split(separator: "\n")
      #expect(lines.count == 5)
      #expect(lines.first == "time,path,total,used,available")
      for line in lines.dropFirst() {
        let numbers = line.split(separator: ",").dropFirst(2).compactMap { Int($0) }
        #expect(numbers.count == 3)
        #expect(numbers.dropFirst().allSatisfy { $0 <= numbers[0] })
      }
    }

    @Test("disk_usage warns of a disk that is nearly full") func nearlyFull() throws {
      let ran = try run("disk_usage", ["MIN_FREE_PERCENT": "101"])
      #expect(ran.out == "nearly full: /\n")
      #expect(ran.err.contains("warn "))
      #expect(try almanac.rows("logs", "disk_usage").map { $0["message"] } == ["nearly full"])
    }

    @Test("rotate_backups keeps the newest, by hand and by the daemon") func rotateBackups() async throws {
      let folder = almanac.root + "/backups"
      let settings = ["BACKUP_FOLDER": folder, "BACKUPS_TO_KEEP": "2"]
      func fill() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for day in 1...5 {
          let path = "\(folder)/b\(day).tar.gz"
          try "backup \(day)".write(toFile: path, atomically: true, encoding: .utf8)
          // The higher its number, the older.
          let date = Date(timeIntervalSince1970: 1_800_000_000 - Double(day) * 86_400)
          try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
        }
        try "notes".write(toFile: folder + "/notes.txt", atomically: true, encoding: .utf8)
      }
      let kept = ["b1.tar.gz", "b2.tar.gz", "notes.txt"]
      try fill()
      let ran = try run("rotate_backups", settings)
      #expect(ran.out == "kept 2, removed 3, freed 0.0 MB\n", "\(ran.err)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == kept)
      try fill()
      try await serve(settings)
      #expect(try trigger("rotate_backups") == "kept 2, removed 3, freed 0.0 MB")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == kept)
      let lines = try almanac.rows(
        "logs", "\(try almanac.runs(of: "rotate_backups").first?["id"].asInt ?? 0)")
      #expect(lines.map { $0["message"] } == ["removed", "removed", "removed"])
      #expect(lines.map { $0["fields"]["bytes"].asInt } == [8, 8, 8])
    }
  }
}

/// A page whose text changes while it is served.
private final class Page: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: String

  init(_ text: String) { stored = text }

  var text: String {
    get { lock.withLock { stored } }
    set { lock.withLock { stored = newValue } }
  }
}
