import Foundation
import JobWriting
import Scheduling
import TestSupport
import Testing

@testable import TaskScheduling

@Suite("TaskImporter") struct TaskImporterTests {
  private static let export = """
    <?xml version="1.0" encoding="UTF-16"?>
    <Task version="1.4" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
      <RegistrationInfo>
        <Date>2024-09-03T10:11:12.1234567</Date>
        <Author>OFFICE\\ops</Author>
        <Description>Täglich: kopiert, was neu ist.</Description>
        <URI>\\myApp\\Nightly copy</URI>
      </RegistrationInfo>
      <Triggers>
        <CalendarTrigger id="weekdays">
          <Repetition>
            <Interval>PT15M</Interval>
            <Duration>PT2H</Duration>
            <StopAtDurationEnd>true</StopAtDurationEnd>
          </Repetition>
          <StartBoundary>2024-09-03T01:00:00</StartBoundary>
          <ExecutionTimeLimit>PT10M</ExecutionTimeLimit>
          <Enabled>true</Enabled>
          <RandomDelay>PT5M</RandomDelay>
          <ScheduleByWeek>
            <DaysOfWeek><Monday /><Friday /></DaysOfWeek>
            <WeeksInterval>1</WeeksInterval>
          </ScheduleByWeek>
        </CalendarTrigger>
        <CalendarTrigger>
          <StartBoundary>2024-09-01T05:00:00</StartBoundary>
          <EndBoundary>2034-09-01T05:00:00</EndBoundary>
          <ScheduleByMonth>
            <DaysOfMonth><Day>1</Day><Day>15</Day><Day>Last</Day></DaysOfMonth>
            <Months><January /><July /></Months>
          </ScheduleByMonth>
        </CalendarTrigger>
        <CalendarTrigger>
          <StartBoundary>2024-09-01T06:00:00</StartBoundary>
          <ScheduleByMonthDayOfWeek>
            <Weeks><Week>3</Week><Week>Last</Week></Weeks>
            <DaysOfWeek><Sunday /></DaysOfWeek>
            <Months />
          </ScheduleByMonthDayOfWeek>
        </CalendarTrigger>
        <LogonTrigger><Enabled>true</Enabled><UserId>OFFICE\\bob</UserId></LogonTrigger>
        <WnfStateChangeTrigger><StateName>7508BCA3380C960C</StateName></WnfStateChangeTrigger>
        <BootTrigger><Delay>PT30S</Delay></BootTrigger>
      </Triggers>
      <Principals>
        <Principal id="Author">
          <UserId>S-1-5-18</UserId>
          <LogonType>S4U</LogonType>
          <RunLevel>HighestAvailable</RunLevel>
        </Principal>
      </Principals>
      <Settings>
        <MultipleInstancesPolicy>StopExisting</MultipleInstancesPolicy>
        <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
        <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
        <AllowHardTerminate>true</AllowHardTerminate>
        <StartWhenAvailable>true</StartWhenAvailable>
        <RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>
        <IdleSettings><Duration>PT10M</Duration><WaitTimeout>PT1H</WaitTimeout></IdleSettings>
        <AllowStartOnDemand>true</AllowStartOnDemand>
        <Enabled>true</Enabled>
        <Hidden>false</Hidden>
        <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
        <Priority>7</Priority>
        <RestartOnFailure><Interval>PT1M</Interval><Count>2</Count></RestartOnFailure>
        <Sparkle>bright</Sparkle>
      </Settings>
      <Actions Context="Author">
        <Exec id="copy">
          <Command>/usr/bin/rsync</Command>
          <Arguments>-a "/srv/my files/" /backup</Arguments>
          <WorkingDirectory>/srv</WorkingDirectory>
        </Exec>
        <ComHandler><ClassId>{62B2DD2C-F129-42EE-BF59-55D3FD21C215}</ClassId></ComHandler>
      </Actions>
    </Task>
    """

  private static func read(_ bytes: [UInt8], name: String = "task.xml") -> Imported {
    TaskImporter.read(bytes, file: "in/" + name, name: name, isAlone: true)
  }

  private static func utf16(_ text: String, bigEndian: Bool) -> [UInt8] {
    text.utf16.flatMap { bigEndian ? [UInt8($0 >> 8), UInt8($0 & 255)] : [UInt8($0 & 255), UInt8($0 >> 8)] }
  }

  @Test("an export becomes a job, with all that is not as it was as notes") func whole() throws {
    let job = try #require(Self.read(Array(Self.export.utf8)).jobs.first)
    #expect(job.name == "myApp/Nightly_copy")
    #expect(
      job.text.hasPrefix(
        """
        -- Täglich: kopiert, was neu ist.
        --
        -- The task \\myApp\\Nightly copy of Task Scheduler.
        -- Author: OFFICE\\ops
        """))
    let schedule = """
      schedule = {
        triggers = {
          {
            weekly = { on = { "mon", "fri" }, at = "01:00" },
            start_at = "2024-09-03T01:00",
            repeat_every = "15m",
            repeat_for = "2h",
            stop_at_end = true,
            jitter = "5m",
            time_limit = "10m",
            name = "weekdays",
          },
          {
            monthly = { on = { 1, 15, "last" }, months = { "jan", "jul" }, at = "05:00" },
            start_at = "2024-09-01T05:00",
            end_at = "2034-09-01T05:00",
          },
          { monthly = { on = { "third sun", "last sun" }, at = "06:00" }, start_at = "2024-09-01T06:00" },
          { on = "boot", delay = "30s" },
        },
        time_limit = "1h",
        retry = { count = 2, interval = "1m" },
        start_when_available = true,
        overlap = "replace",
        requires = { network = true },
      }
      """
    #expect(job.text.contains(schedule), "\(job.text)")
    #expect(
      job.notes.map { "\($0.place) \($0.subject)" } == [
        "in/task.xml:66 Settings.Sparkle", "in/task.xml:41 Triggers[4]", "in/task.xml:42 Triggers[5]",
        "in/task.xml:74 Actions[2]", "in/task.xml:46 Principal",
      ])
  }

  @Test("the bytes say what they are, whatever the declaration says") func encodings() {
    let expected = Self.read(Array(Self.export.utf8))
    #expect(expected.jobs.count == 1 && expected.problems.isEmpty)
    let little = Self.utf16(Self.export, bigEndian: false)
    let big = Self.utf16(Self.export, bigEndian: true)
    #expect(Self.read([0xFF, 0xFE] + little) == expected)
    #expect(Self.read(little) == expected)
    #expect(Self.read([0xFE, 0xFF] + big) == expected)
    #expect(Self.read(big) == expected)
    #expect(Self.read([0xEF, 0xBB, 0xBF] + Array(Self.export.utf8)) == expected)
    // One byte more than there should be, and zeros at the end.
    #expect(Self.read([0xFF, 0xFE] + little + [0]) == expected)
    #expect(Self.read(Array(Self.export.utf8) + [0, 0]) == expected)
    for declared in ["utf-8", "UTF-16LE", "nonsense", "ISO-8859-1"] {
      let text = Self.export.replacing("UTF-16", with: declared)
      #expect(Self.read(Array(text.utf8)) == expected)
      #expect(Self.read([0xFF, 0xFE] + Self.utf16(text, bigEndian: false)) == expected)
    }
    // Western Windows.
    let latin = Self.export.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    #expect(Self.read(latin) == expected)
  }

  @Test("several tasks in one file, as lists print them; names from the file where there are none")
  func several() {
    let task = "<Task><Actions><Exec><Command>/bin/true</Command></Exec></Actions></Task>"
    let list =
      "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<Tasks>\n<!-- \\a\\one -->\n\(task)\n<!-- \\two -->\n\(task)</Tasks>"
    #expect(Self.read(Array(list.utf8)).jobs.map(\.name) == ["a/one", "two"])
    let documents = "<?xml version=\"1.0\"?>\n\(task)\n\n<?xml version=\"1.0\"?>\n<!-- a remark -->\(task)"
    #expect(
      Self.read(Array(documents.utf8), name: "my list.xml").jobs.map(\.name) == ["my_list_1", "my_list_2"])
    let prefixed =
      "<t:Task xmlns:t=\"x\"><t:Actions><t:Exec><t:Command>/a</t:Command></t:Exec></t:Actions></t:Task>"
    #expect(Self.read(Array(prefixed.utf8), name: "sub/Backup").jobs.map(\.name) == ["sub/Backup"])
  }

  @Test("what is no task is a problem, with its line") func problems() {
    #expect(
      Self.read(Array("<Task>\n<Actions>\n</Task>".utf8)).problems == [
        "in/task.xml:3: is not XML: mismatched tag"
      ])
    #expect(Self.read(Array("<Other/>".utf8)).problems.first?.contains("holds no Task element") == true)
    #expect(Self.read([]).problems.count == 1)
    let deep = String(repeating: "<a>", count: 5000) + String(repeating: "</a>", count: 5000)
    #expect(Self.read(Array(deep.utf8)).problems.first?.contains("more than 64 deep") == true)
    let entities = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Task>&a;</Task>"
    #expect(Self.read(Array(entities.utf8)).problems.count == 1)
  }

  @Test("a task that has nothing to run here is written, and switched off") func nothing() throws {
    let text = "<Task><Actions><ComHandler><ClassId>{1}</ClassId></ComHandler></Actions></Task>"
    let job = try #require(Self.read(Array(text.utf8), name: "com").jobs.first)
    #expect(job.text.contains("enabled = false"))
    #expect(job.text.contains("return nil, \"write here what this job is to do\""))
  }

  @Test("all that a part says which has no place here stands in the note of it") func dropped() throws {
    let text = """
      <Task><Triggers>
        <LogonTrigger id="in"><Delay>PT12M</Delay><UserId>OFFICE\\bob</UserId></LogonTrigger>
        <EventTrigger>
          <ValueQueries><Value name="user">Event/Data</Value></ValueQueries>
          <PeriodOfOccurrence>PT1M</PeriodOfOccurrence>
        </EventTrigger>
        <CalendarTrigger>
          <StartBoundary>2026-01-01T02:00:00</StartBoundary>
          <ScheduleByWeek><DaysOfWeek><Moonday /></DaysOfWeek></ScheduleByWeek>
        </CalendarTrigger>
      </Triggers>
      <Principals><Principal id="A"><UserId>a</UserId></Principal>
      <Principal><GroupId>b</GroupId></Principal></Principals>
      <Settings><MaintenanceSettings><Period>P7D</Period></MaintenanceSettings><Colour>red</Colour></Settings>
      <Actions>
        <SendEmail><To>a@example.org</To><Attachments><File>r.pdf</File></Attachments></SendEmail>
        <Exec hideAppWindow="true" wild="x"><Command>go</Command></Exec>
      </Actions></Task>
      """
    let notes = try #require(Self.read(Array(text.utf8)).jobs.first).notes.map {
      "\($0.subject): \($0.reason)"
    }
    for (subject, said) in [
      ("Triggers[1]", "Id: in, Delay: PT12M, UserId: OFFICE\\bob"),
      ("Triggers[2]", "ValueQueries: { user: Event/Data }, PeriodOfOccurrence: PT1M"),
      ("Triggers[3].DaysOfWeek", "StartBoundary: 2026-01-01T02:00:00, DaysOfWeek: [Moonday]"),
      ("Principal", "GroupId: b"), ("Principal", "UserId: a, Id: A"),
      ("Settings.MaintenanceSettings", "Period: P7D"), ("Settings.Colour", "red"),
      ("Actions[1]", "To: a@example.org, Attachments: { File: r.pdf }"), ("Actions[2].wild", "x"),
      ("Actions[2].HideAppWindow", "true: there are no windows here"),
    ] {
      #expect(notes.contains { $0.hasPrefix(subject + ": ") && $0.hasSuffix(said) }, "\(subject): \(notes)")
    }
  }

  @Test("a folder is read with those in it, and what is no export passed over") func folders() throws {
    let folder = NSTemporaryDirectory() + "importer-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: true)
    let task = "<Task><Actions><Exec><Command>/bin/true</Command></Exec></Actions></Task>"
    try task.write(toFile: folder + "/sub/no suffix", atomically: false, encoding: .utf8)
    try "hello".write(toFile: folder + "/readme.txt", atomically: false, encoding: .utf8)
    try "<".write(toFile: folder + "/bad.xml", atomically: false, encoding: .utf8)
    try "- { Path: \\x\\y, Actions: [{ Path: z }] }".write(
      toFile: folder + "/list.yaml", atomically: false, encoding: .utf8)
    let imported = TaskImporter.read(folder)
    #expect(imported.jobs.map(\.name).sorted() == ["sub/no_suffix", "x/y"])
    #expect(imported.problems.count == 1 && imported.problems[0].hasPrefix(folder + "/bad.xml:1: is not XML"))
    #expect(
      TaskImporter.read(folder + "/none").problems == [folder + "/none: there is no such file or folder"])
  }

  @Test("mangled exports become jobs that load, or problems") func mangled() {
    var random = SeededNumbers(seed: 1)
    let original = Array(Self.export.utf8)
    let words = [
      "", "P", "PT", "-1", "99999999999999999999", "true", "Last", "\u{0}", "&#0;", "2024-02-30T25:00:00",
      "%",
    ]
    for _ in 0..<3000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
        default:
          // The text of an element.
          guard let end = bytes[place...].firstIndex(of: UInt8(ascii: "<")),
            let start = bytes[..<end].lastIndex(of: UInt8(ascii: ">"))
          else { continue }
          bytes.replaceSubrange(
            (start + 1)..<end, with: Array((words.randomElement(using: &random) ?? "").utf8))
        }
      }
      let imported = Self.read(bytes)
      #expect(!imported.jobs.isEmpty || !imported.problems.isEmpty)
      for job in imported.jobs {
        #expect(!job.notes.contains { $0.reason.contains("does not load") }, "\(job.notes)")
        #expect(!job.text.contains("\u{0}"))
      }
    }
  }

  @Test("mangled definitions become jobs that load, or problems") func mangledDefinitions() {
    let original = Array(
      """
      - Path: \\myApp\\multi task
        Settings: { ExecutionTimeLimit: PT1H, RestartCount: 2, RestartInterval: PT1M, MultipleInstances: QUEUE,
          RunOnlyIfIdle: true, DeleteExpiredTaskAfter: P30D, Priority: 4 }
        Triggers:
          - { Type: DAILY, StartBoundary: 2024-09-03T01:00:00Z, DaysInterval: 3, RandomDelay: PT5M }
          - { Type: WEEKLY, StartBoundary: 2024-09-03T01:00:00+05:30, DaysOfWeek: [Sunday, 2], WeeksInterval: 2 }
          - { Type: MONTHLY, StartBoundary: 2024-09-04T02:00:00, DaysOfMonth: ["31", Last], MonthsOfYear: 0xFF }
          - { Type: 5, StartBoundary: 2024-09-04, DaysOfWeek: 3, WeeksOfMonth: [First, "4"] }
          - { Type: TIME, StartBoundary: 2024-09-05T03:00:00, EndBoundary: 2030-01-01T00:00:00,
              Repetition: { Interval: PT10M, Duration: P1D, StopAtDurationEnd: true } }
          - { Type: BOOT, Delay: PT30S, Repetition: { Interval: PT1H } }
        Actions:
          - { Type: EXEC, Path: "%HOME%/bin/x", Arguments: '-a "b c" $(Arg0) \\"d', WorkingDirectory: /srv }
          - { Type: EXEC, Path: two, Arguments: "'it is' quoted" }
      """.utf8)
    var random = SeededNumbers(seed: 2)
    let words = [
      "-1", "9999999999999999999999", "P9999999999Y", "\"", "'", "[", "}", ": ", "0", "0001-01-01",
      "9999-12-31",
    ]
    for _ in 0..<3000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 0...12, using: &random))
        let word = Bool.random(using: &random) ? words.randomElement(using: &random) ?? "" : ""
        bytes.replaceSubrange(place..<end, with: Array(word.utf8))
      }
      let imported = Self.read(bytes, name: "tasks.yaml")
      for job in imported.jobs {
        #expect(!job.notes.contains { $0.reason.contains("does not load") }, "\(job.notes)")
      }
    }
  }
}
