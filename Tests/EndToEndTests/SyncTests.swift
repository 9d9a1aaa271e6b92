import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("sync") struct SyncTests {
    /// Three tasks as a deployment pushes them, their commands ones that this machine has.
    private func tasks(_ almanac: Almanac, limit: String = "PT5M") -> String {
      """
      - Path: \\myApp\\simplest_task
        RegistrationInfo:
          Description: A task only needs a path and an action to be registered!
        Actions:
          - Type: EXEC
            Path: /bin/true

      - Path: \\myApp\\daily_task
        Settings:
          ExecutionTimeLimit: \(limit)
        Triggers:
          - Type: DAILY
            StartBoundary: 2024-09-03T00:00:00
        Actions:
          - Type: EXEC
            Path: /bin/sh
            Arguments: -c "echo daily > out.txt"
            WorkingDirectory: \(almanac.root)

      - Path: \\myApp\\multi_task
        Settings:
          ExecutionTimeLimit: PT1H
          RestartCount: 2
          RestartInterval: PT1M
          StartWhenAvailable: true
        Triggers:
          - Type: DAILY
            StartBoundary: 2024-09-03T01:00:00
          - Type: MONTHLY
            StartBoundary: 2024-09-04T02:00:00
            DaysOfMonth:
              - "1"
              - "2"
          - Type: TIME
            StartBoundary: 2024-09-05T03:00:00
            Repetition:
              Interval: PT10M
        Actions:
          - Type: EXEC
            Path: /bin/echo
            Arguments: one $(Arg0)
          - Type: EXEC
            Path: /bin/echo
            Arguments: two
      """
    }

    private func sync(_ almanac: Almanac, _ text: String, _ flags: String...) throws -> Almanac.Output {
      try text.write(toFile: almanac.root + "/tasks.yaml", atomically: true, encoding: .utf8)
      return try almanac.run(
        ["sync", almanac.root + "/tasks.yaml", "--jobs", almanac.jobs, "--state", almanac.state] + flags)
    }

    @Test("a list of tasks is live in the daemon when sync returns, and so is each change of it")
    func live() async throws {
      let almanac = try Almanac()
      try almanac.save("myApp/mine.lua", "function main() return 'mine' end")
      try await almanac.serve()
      let names = { try almanac.rows("jobs").compactMap { $0["job"].asString } }

      let dry = try sync(almanac, tasks(almanac), "--folder", "myApp", "--dry-run")
      #expect(dry.out.contains("+ myApp/daily_task\n") && dry.out.contains("3 to create"))
      #expect(try names() == ["myApp/mine"])

      let first = try sync(almanac, tasks(almanac), "--folder", "myApp")
      #expect(first.status == 0 && first.err.isEmpty, "\(first)")
      #expect(try names() == ["myApp/daily_task", "myApp/mine", "myApp/multi_task", "myApp/simplest_task"])
      #expect(try almanac.run(["check", almanac.jobs]).status == 0)
      #expect(try almanac.command("trigger", "myApp/simplest_task", "--wait").status == 0)
      #expect(try almanac.command("trigger", "myApp/daily_task", "--wait").status == 0)
      #expect(almanac.read("out.txt") == "daily\n")
      #expect(try almanac.command("trigger", "myApp/multi_task", "--param", "Arg0=x", "--wait").status == 0)
      let said = try almanac.command("logs", "myApp/multi_task").out
      #expect(said.contains("one x") && said.contains("two"))

      let second = try sync(almanac, tasks(almanac, limit: "PT7M"), "--folder", almanac.jobs + "/myApp")
      #expect(
        second.out == """
          ~ myApp/daily_task
              - time_limit = "5m",
              + time_limit = "7m",
          0 to create, 1 to update, 0 to delete

          """)
      #expect(
        try sync(almanac, tasks(almanac, limit: "PT7M"), "--folder", "\\myApp").out == "nothing to do\n")

      let deleted = try almanac.run(
        ["delete", "\\myApp\\simplest_task", "--jobs", almanac.jobs, "--state", almanac.state])
      #expect(deleted.out.hasPrefix("- myApp/simplest_task\n"))
      #expect(try names() == ["myApp/daily_task", "myApp/mine", "myApp/multi_task"])

      let handle = try #require(FileHandle(forWritingAtPath: almanac.jobs + "/myApp/multi_task.lua"))
      try handle.seekToEnd()
      handle.write(Data("-- edited\n".utf8))
      try handle.close()
      let refused = try sync(almanac, "[]", "--folder", "myApp", "--allow-empty")
      #expect(refused.status == 1 && refused.err.contains("multi_task.lua has been edited since"))
      #expect(try names().count == 3)
      #expect(try sync(almanac, "[]", "--folder", "myApp", "--allow-empty", "--force").status == 0)
      #expect(try names() == ["myApp/mine"])
    }

    @Test("what could delete what is not its own is refused") func refusals() throws {
      let almanac = try Almanac()
      func refusal(_ text: String, _ flags: String...) throws -> String {
        let output = try sync(almanac, text, flags[0], flags[1])
        #expect(output.status != 0)
        return output.err
      }
      let one = "Actions: [{ Path: /bin/true }]"
      for root in [almanac.jobs, "/", "\\", almanac.jobs + "/x/.."] {
        #expect(try refusal(tasks(almanac), "--folder", root).contains("is the root folder"), "\(root)")
      }
      #expect(
        try refusal(tasks(almanac), "--folder", almanac.root).contains("does not lie in the folder of jobs"))
      #expect(
        try refusal("[{ Path: \\a\\x, \(one) }, { Path: \\b\\y, \(one) }]", "--folder", "a")
          .contains("several folders (\\a, \\b)"))
      #expect(try refusal("[{ Path: \\x, \(one) }]", "--folder", "a").contains("root folder"))
      #expect(try refusal("[]", "--folder", "a").contains("--allow-empty"))
      #expect(
        try refusal("[{ Path: \\a\\x y, \(one) }, { Path: \\a\\X_y, \(one) }]", "--folder", "a")
          .contains("would be the same job"))
      let slip = try refusal("- Path: \\a\\x\n  Actions:\n    - Pth: /bin/true", "--folder", "a")
      #expect(
        slip.contains("tasks.yaml:3: \\a\\x: Actions[1].Pth: there is no such property; did you mean Path?"))
      try almanac.save("a/x.lua", "function main() end")
      #expect(
        try refusal("[{ Path: \\a\\x, \(one) }]", "--folder", "a").contains("was not made by this program"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: almanac.jobs) == ["a"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: almanac.jobs + "/a") == ["x.lua"])
    }

    @Test(
      "one that is killed in the middle has done nothing, for a start of the daemon and for the next call")
    func killed() async throws {
      let almanac = try Almanac()
      let count = 150
      let list = { (argument: String) in
        (1...count).map {
          "- { Path: \\many\\t\($0), Actions: [{ Path: /bin/echo, Arguments: \(argument) }] }\n"
        }
        .joined()
      }
      #expect(try sync(almanac, list("old"), "--folder", "many").status == 0)
      let journal = almanac.jobs + "/many/.almanac-sync/journal.json"
      let isInterrupted = { FileManager.default.fileExists(atPath: journal) }

      /// Kills a sync as soon as it has begun to change the folder.
      func interrupt(_ text: String) async throws {
        for _ in 0..<40 where !isInterrupted() {
          try text.write(toFile: almanac.root + "/tasks.yaml", atomically: true, encoding: .utf8)
          let process = try almanac.launch([
            "sync", almanac.root + "/tasks.yaml", "--jobs", almanac.jobs, "--folder", "many", "--state",
            almanac.state,
          ])
          while process.isRunning, !isInterrupted() { usleep(100) }
          kill(process.processIdentifier, SIGKILL)
          process.waitUntilExit()
          // It was quicker: back, and again.
          if !isInterrupted() { _ = try sync(almanac, list("old"), "--folder", "many") }
        }
        try #require(isInterrupted())
      }

      func holds(_ argument: String) throws -> Bool {
        let files = try FileManager.default.contentsOfDirectory(atPath: almanac.jobs + "/many")
          .filter { $0.hasSuffix(".lua") }
        return try files.count == count
          && files.allSatisfy {
            try String(contentsOfFile: almanac.jobs + "/many/" + $0, encoding: .utf8).contains(argument)
          }
      }

      try await interrupt(list("new"))
      // Nothing is half there for those who look, either.
      #expect(try almanac.run(["check", almanac.jobs]).out.contains("a sync was cut off here"))
      try await almanac.serve()
      #expect(almanac.log.contains("many: undid a sync that was cut off"))
      #expect(try holds("\"old\""))
      #expect(try almanac.command("stop").status == 0)

      try await interrupt(list("newest"))
      #expect(
        try sync(almanac, list("newer"), "--folder", "many").out.contains("\(count) to update, 0 to delete"))
      #expect(try holds("\"newer\""))
    }
  }
}
