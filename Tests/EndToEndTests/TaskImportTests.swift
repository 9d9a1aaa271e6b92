import Foundation
import Testing

extension RealBinary {
  @Suite("import taskscheduler") struct TaskImportTests {
    private func export(_ settings: String) -> String {
      """
      <?xml version="1.0" encoding="UTF-16"?>
      <Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
        <RegistrationInfo><URI>\\myApp\\nightly</URI></RegistrationInfo>
        <Triggers>
          <CalendarTrigger>
            <StartBoundary>2024-09-03T01:00:00</StartBoundary>
            <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>
          </CalendarTrigger>
        </Triggers>
        <Settings>\(settings)</Settings>
        <Actions><Exec><Command>/bin/echo</Command><Arguments>"hello there"</Arguments></Exec></Actions>
      </Task>
      """
    }

    @Test("writes jobs that run, says what is not as it was, and overwrites nothing") func imports() throws {
      let almanac = try Almanac()
      let file = almanac.root + "/task.xml"
      func save(_ settings: String) throws {
        try #require(export(settings).data(using: .utf16)).write(to: URL(fileURLWithPath: file))
      }
      func importing(_ flags: String...) throws -> Almanac.Output {
        try almanac.run(["import", "taskscheduler", file, "--into", almanac.jobs] + flags)
      }
      try save("<WakeToRun>true</WakeToRun>")
      let dry = try importing("--dry-run", "--strict")
      #expect(dry.status == 1 && dry.out == "would write \(almanac.jobs)/myApp/nightly.lua\n")
      #expect(dry.err.contains("task.xml:10: Settings.WakeToRun: true: "))
      #expect(try FileManager.default.contentsOfDirectory(atPath: almanac.jobs).isEmpty)

      #expect(try importing().status == 0)
      let text = try #require(almanac.read("jobs/myApp/nightly.lua"))
      #expect(text.contains("-- Not carried over as it was:\n--   Settings.WakeToRun: "))
      #expect(try almanac.run(["check", almanac.jobs]).status == 0)
      #expect(try almanac.command("run", "myApp/nightly").status == 0)
      #expect(try almanac.command("logs", "myApp/nightly").out.contains("hello there"))

      let again = try importing()
      #expect(
        again.status == 1 && again.err.contains("nightly.lua is there already, so that nothing was written"))
      try FileManager.default.removeItem(atPath: almanac.jobs + "/myApp")
      try save("")
      #expect(try importing("--strict").status == 0)
      #expect(almanac.read("jobs/myApp/nightly.lua")?.contains("Not carried over") == false)
      try "no task".write(toFile: file, atomically: true, encoding: .utf8)
      let bad = try importing()
      #expect(bad.status == 1 && bad.err.contains("almanac: \(file): holds no Task element"))
    }
  }
}
