import Foundation
import Testing

extension RealBinary {
  @Suite("import") struct ImportTests {
    @Test("entries of a crontab become jobs that do what cron did") func crontab() throws {
      let almanac = try Almanac()
      let crontab = almanac.root + "/crontab"
      try """
      GREETING=hello
      # Counts what it is given.
      30 2 * * 1-5 cat; echo "$GREETING $PATH" >&2; pwd > out%one%two
      HOME=\(almanac.root)
      0 0 30 2 * exit 3
      61 * * * * never
      """.write(toFile: crontab, atomically: true, encoding: .utf8)
      let dry = try almanac.run(["import", "crontab", crontab, "--into", almanac.jobs, "--dry-run"])
      #expect(dry.out.contains("would write"))
      #expect(!FileManager.default.fileExists(atPath: almanac.jobs + "/cat.lua"))

      let imported = try almanac.run(["import", "crontab", crontab, "--into", almanac.jobs])
      #expect(imported.status == 1, "a line that is none is not passed over")
      #expect(imported.err.contains("\(crontab):6: "))
      #expect(imported.err.contains("\(crontab):5: 0 0 30 2 *: "))
      #expect(try almanac.run(["check", almanac.jobs]).status == 0)
      #expect(
        try almanac.run(["import", "crontab", crontab, "--into", almanac.jobs]).err.contains(
          "is there already"))

      #expect(try almanac.command("run", "cat").status == 0)
      let log = try almanac.command("logs", "cat").out
      #expect(log.contains("one"))
      #expect(log.contains("two"))
      #expect(log.contains("hello /usr/bin:/bin"))
      #expect(try almanac.command("run", "exit").status == 1)
    }

    @Test("with --strict, anything that cannot be as it was is exit status 1") func strict() throws {
      let almanac = try Almanac()
      let units = almanac.root + "/units"
      try FileManager.default.createDirectory(atPath: units, withIntermediateDirectories: true)
      try "[Timer]\nOnCalendar=daily\nWakeSystem=true\n".write(
        toFile: units + "/greet.timer", atomically: true, encoding: .utf8)
      try "B=two words\n".write(toFile: units + "/env", atomically: true, encoding: .utf8)
      try """
      [Service]
      Type=oneshot
      Environment="A=one"
      EnvironmentFile=\(units)/env
      ExecStartPre=-/bin/false
      ExecStart=/bin/echo ${A} ${B} 'and more'
      ExecStopPost=/bin/echo cleaned
      """.write(toFile: units + "/greet.service", atomically: true, encoding: .utf8)
      let arguments = ["import", "systemd", units, "--into", almanac.jobs, "--strict"]
      #expect(try almanac.run(arguments + ["--dry-run"]).status == 1)
      let imported = try almanac.run(["import", "systemd", units, "--into", almanac.jobs])
      #expect(imported.status == 0)
      #expect(imported.err.contains("\(units)/greet.timer:3: WakeSystem=true: "))
      #expect(try almanac.run(["check", almanac.jobs]).status == 0)
      #expect(try almanac.command("run", "greet").status == 0)
      let log = try almanac.command("logs", "greet").out
      #expect(log.contains("one two words and more"))
      #expect(log.contains("cleaned"))
    }

    @Test("a task of TaskAutomation runs as it stands") func taskAutomation() throws {
      let almanac = try Almanac()
      let task = almanac.root + "/Tasks/Greeter"
      try FileManager.default.createDirectory(atPath: task, withIntermediateDirectories: true)
      try """
      [Frequency]
      EveryXMinutes = 1440
      AllowedFrom = 02:00
      AllowedTo = 04:00
      [Global]
      Enabled = True
      Testing = False
      RunOnStartup = False
      """.write(toFile: task + "/config.ini", atomically: true, encoding: .utf8)
      try "def word():\n    return 'done'\n".write(
        toFile: task + "/helper.py", atomically: true, encoding: .utf8)
      try """
      import os
      import Tasks.Greeter.helper as helper

      def initialize():
          return "Greeter initialized"

      def main():
          print("in " + os.path.basename(os.getcwd()))
          return helper.word()
      """.write(toFile: task + "/main.py", atomically: true, encoding: .utf8)
      try "".write(toFile: task + "/requirements.txt", atomically: true, encoding: .utf8)
      let imported = try almanac.run([
        "import", "taskautomation", almanac.root + "/Tasks", "--into", almanac.jobs,
      ])
      #expect(imported.status == 0)
      let run = try almanac.command("run", "Greeter")
      #expect(run.status == 0)
      #expect(run.out == "done\n")
      #expect(try almanac.command("logs", "Greeter").out.contains("Greeter initialized"))
    }
  }
}
