import Crypto
import Foundation
import TestSupport
import Testing
import Values

extension RealBinary {
  @Suite("A folder that can be trusted") struct TrustedFolderTests {
    private func text(_ turn: Int, padding: Int = 0) -> String {
      "schedule = { every = '1h', start_at = '2020-01-01T00:00:00Z' }\nfunction main() return \(turn) end\n--"
        + String(repeating: "x", count: padding) + "\n"
    }

    private func version(_ text: String) -> DataValue {
      let digits = SHA256.hash(data: Data(text.utf8)).map {
        String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
      }
      return .string(String(digits.joined().prefix(12)))
    }

    private func versions(_ almanac: Almanac) throws -> [String: DataValue] {
      Dictionary(
        try almanac.rows("jobs").map { ($0["job"].asString ?? "?", $0["version"]) }, uniquingKeysWith: { $1 })
    }

    @Test("a thousand saves in all the ways there are: none is lost, and no error is shown") func saves()
      async throws
    {
      let almanac = try Almanac()
      let names = (0..<12).map { $0 % 3 == 0 ? "ns/job\($0)" : "job\($0)" }
      for name in names { try almanac.save(name + ".lua", text(-1)) }
      try await almanac.serve()
      let start = almanac.log.count
      var turn = 0
      for _ in 0..<20 {
        var expected: [String: DataValue] = [:]
        for _ in 0..<50 {
          let name = names.randomElement() ?? "job1"
          let text = text(turn, padding: turn * 37 % 9000)
          let save = EditorSave.quick.filter { !$0.leavesEmpty }.randomElement() ?? .inPlace
          save.perform("\(almanac.jobs)/\(name).lua", text)
          expected[name] = version(text)
          turn += 1
        }
        try await almanac.eventually("what was saved last is live") {
          let live = try versions(almanac)
          return expected.allSatisfy { live[$0.key] == $0.value }
        }
      }
      func isLive(_ save: EditorSave) async throws {
        let text = text(turn)
        save.perform(almanac.jobs + "/job1.lua", text)
        turn += 1
        try await almanac.eventually("\(save) is live") { try versions(almanac)["job1"] == version(text) }
      }
      for save in EditorSave.allCases where !save.leavesEmpty { try await isLive(save) }
      let said = almanac.log.dropFirst(start).split(separator: "\n")
      #expect(said.filter { $0.contains(" error ") || $0.contains(" warn") } == [])
      // An empty file is no job, and may be told before the whole one comes.
      for save in EditorSave.allCases where save.leavesEmpty { try await isLive(save) }
      #expect(Set(try versions(almanac).keys) == Set(names))
    }

    @Test("a save that is not closed is no version, whatever else happens") func unclosed() async throws {
      let almanac = try Almanac()
      try almanac.save("a.lua", text(1))
      try await almanac.serve()
      let whole = text(2, padding: 50)
      let handle = try #require(FileHandle(forWritingAtPath: almanac.jobs + "/a.lua"))
      try handle.truncate(atOffset: 0)
      // It would load.
      handle.write(Data(whole.utf8.prefix(whole.utf8.count - 20)))
      #expect(try almanac.command("reload").status == 0)
      try almanac.save("b.lua", text(3))
      try await almanac.eventually("another file is live") { try versions(almanac)["b"] != nil }
      #expect(try versions(almanac)["a"] == version(text(1)))
      handle.write(Data(whole.utf8.suffix(20)))
      try handle.close()
      try await almanac.eventually("the whole file is live") { try versions(almanac)["a"] == version(whole) }
    }

    @Test("a failed reload leaves the version before, and jobs, status and why say so") func failed()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save("a.lua", text(1))
      try almanac.save("b.lua", text(1))
      try await almanac.serve()
      try almanac.save("a.lua", text(2) + "function initialize()\n  error('no network')\nend")
      try almanac.save("b.lua", "schedule = { every = '1x' }\nfunction main() end")
      try await almanac.eventually("both errors are known") {
        try almanac.rows("jobs").allSatisfy { $0["error"] != .null }
      }
      #expect(try versions(almanac) == ["a": version(text(1)), "b": version(text(1))])
      #expect(try almanac.command("trigger", "a", "--wait").out == "1\n")
      for command in [["jobs", "--jobs", almanac.jobs], ["status"], ["why", "a", "--jobs", almanac.jobs]] {
        let output = try almanac.run(command + ["--state", almanac.state])
        #expect(output.out.contains("a.lua:5: no network"), "\(command)")
      }
      #expect(try almanac.command("why", "b").out.contains("b.lua:1: schedule.every: "))
      try almanac.save("a.lua", text(3))
      try await almanac.eventually("the mended version is live") {
        try versions(almanac)["a"] == version(text(3))
      }
      #expect(try almanac.rows("jobs").first { $0["job"] == "a" }?["error"] == .null)
    }

    @Test("a file that goes and comes back keeps its history and its place in time, and nothing storms")
    func restored() async throws {
      let almanac = try Almanac()
      let every = "schedule = { every = '300ms', late_within = '100ms' }\nfunction main() return 'x' end"
      try almanac.save("a.lua", every)
      try almanac.save("hourly.lua", "schedule = { every = '1h' }\nfunction main() end")
      try await almanac.serve()
      _ = try await almanac.endedRun(of: "a", count: 2)
      _ = try await almanac.endedRun(of: "hourly")
      #expect(try almanac.command("pause", "hourly").status == 0)
      for name in ["a.lua", "hourly.lua"] {
        try FileManager.default.moveItem(atPath: almanac.jobs + "/" + name, toPath: almanac.root + "/" + name)
      }
      try await almanac.eventually("both are gone") { try almanac.rows("jobs").isEmpty }
      let before = try almanac.runs(of: "a").count
      // Some instants pass while it is away.
      let away = Date().addingTimeInterval(1.5)
      try await almanac.eventually("a while has passed") { Date() > away }
      for name in ["a.lua", "hourly.lua"] {
        try FileManager.default.moveItem(atPath: almanac.root + "/" + name, toPath: almanac.jobs + "/" + name)
      }
      try await almanac.eventually("both are back") { try almanac.rows("jobs").count == 2 }
      _ = try await almanac.endedRun(of: "a", count: before + 2)
      let rows = try almanac.runs(of: "a")
      let due = rows.compactMap { $0["due_at"].asString }
      #expect(Set(due).count == due.count)
      #expect(rows.filter { $0["outcome"] == "missed" }.isEmpty)
      #expect(try almanac.runs(of: "hourly").count == 1, "an hour has not passed")
      #expect(try almanac.rows("jobs").first { $0["job"] == "hourly" }?["paused"] == true)
    }

    @Test("git switches branches, stashes and restores under the daemon") func git() async throws {
      let almanac = try Almanac()
      func git(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
          [
            "git", "-c", "user.name=T", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main", "-C",
            almanac.jobs,
          ]
          + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(arguments)")
      }
      func write(_ branch: String, _ count: Int) throws -> [String: DataValue] {
        var expected: [String: DataValue] = [:]
        for number in 0..<count {
          let content = text(number) + "-- \(branch)\n"
          let handle = almanac.jobs + "/" + (number % 2 == 0 ? "ns/" : "") + "j\(number).lua"
          try Data(content.utf8).write(to: URL(fileURLWithPath: handle))
          expected[(number % 2 == 0 ? "ns/" : "") + "j\(number)"] = version(content)
        }
        return expected
      }
      try FileManager.default.createDirectory(atPath: almanac.jobs + "/ns", withIntermediateDirectories: true)
      try git("init", "-q")
      let first = try write("first", 30)
      try git("add", ".")
      try git("commit", "-qm", "first")
      try await almanac.serve()
      try git("checkout", "-qb", "other")
      let second = try write("second", 40)
      try git("add", ".")
      try git("commit", "-qm", "second")
      for (branch, expected) in [("main", first), ("other", second), ("main", first)] {
        try git("checkout", "-q", branch)
        try await almanac.eventually("\(branch) is live") { try versions(almanac) == expected }
      }
      let edited = try write("edited", 30)
      try await almanac.eventually("the edits are live") { try versions(almanac) == edited }
      try git("stash", "-q")
      try await almanac.eventually("what was stashed is gone") { try versions(almanac) == first }
      try git("stash", "pop", "-q")
      try await almanac.eventually("what was stashed is back") { try versions(almanac) == edited }
      #expect(!almanac.log.contains(" error "))
    }

    /// Runs a shell line in a user namespace that has only eight watches.
    private static func withFewWatches(_ line: String, _ arguments: [String] = [], errors: FileHandle? = nil)
      throws
      -> Process
    {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments =
        ["unshare", "-Ur", "sh", "-c", "echo 8 > /proc/sys/user/max_inotify_watches && " + line] + arguments
      process.standardError = errors ?? FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      return process
    }

    private static let canHaveFewWatches: Bool = {
      guard let process = try? withFewWatches("exit 0") else { return false }
      process.waitUntilExit()
      return process.terminationStatus == 0
    }()

    @Test(
      "folders beyond the kernel's limit on watches are looked at all the same",
      .enabled(if: canHaveFewWatches, "user namespaces are not to be had here"))
    func fewWatches() async throws {
      let almanac = try Almanac()
      let names = (0..<12).map { "ns\($0)/a" }
      for name in names { try almanac.save(name + ".lua", text(1)) }
      let log = almanac.root + "/log"
      _ = FileManager.default.createFile(atPath: log, contents: nil)
      let daemon = try Self.withFewWatches(
        "exec \"$0\" \"$@\"", [Almanac.binary, "serve", almanac.jobs, "--state", almanac.state],
        errors: FileHandle(forWritingAtPath: log))
      defer {
        daemon.terminate()
        daemon.waitUntilExit()
      }
      func said() -> String { almanac.read("log") ?? "" }
      try await almanac.eventually("the daemon is ready") { said().contains(" is ready: 12 jobs live") }
      #expect(said().components(separatedBy: "fs.inotify.max_user_watches is reached").count == 2)
      for name in names { try almanac.save(name + ".lua", text(2)) }
      try almanac.save("new/deep/b.lua", text(3))
      try await almanac.eventually("all are live") {
        let live = try versions(almanac)
        return names.allSatisfy { live[$0] == version(text(2)) } && live["new/deep/b"] == version(text(3))
      }
      try FileManager.default.removeItem(atPath: almanac.jobs + "/ns11")
      try await almanac.eventually("one is gone") { try versions(almanac)["ns11/a"] == nil }
    }
  }
}
