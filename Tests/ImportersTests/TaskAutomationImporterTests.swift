import FoundationEssentials
import JobWriting
import Testing

@testable import Importers

@Suite("TaskAutomationImporter") struct TaskAutomationImporterTests {
  private func imported(_ settings: String, requirements: String? = nil) throws -> Imported {
    let folder = FileManager.default.temporaryDirectory.path() + "/tasks-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let task = "\(folder)/Tasks/Backup"
    try FileManager.default.createDirectory(atPath: task, withIntermediateDirectories: true)
    try settings.write(toFile: task + "/config.ini", atomically: false, encoding: .utf8)
    try "def main(): return 1".write(toFile: task + "/main.py", atomically: false, encoding: .utf8)
    if let requirements {
      try requirements.write(toFile: task + "/requirements.txt", atomically: false, encoding: .utf8)
    }
    return TaskAutomationImporter().jobs(at: folder)
  }

  private func settings(_ frequency: String, _ global: String = "Enabled = True") -> String {
    "[Frequency]\n\(frequency)\n\n[Global]\n\(global)\n"
  }

  @Test(
    "keeps the interval, the window to the end of its last minute, and the switches",
    arguments: [
      ("EveryXMinutes = 1440\nAllowedFrom = 02:00\nAllowedTo = 04:00", "", #"every = "1d""#),
      (
        "EveryXMinutes = 5\nAllowedFrom = 02:00\nAllowedTo = 04:00", "",
        #"window = { from = "02:00", to = "04:01" }"#
      ),
      (
        "EveryXMinutes=5\nAllowedFrom=8:00\nAllowedTo=23:59", "",
        #"window = { from = "08:00", to = "24:00" }"#
      ),
      ("EveryXMinutes: 5\nAllowedFrom: 0:00\nAllowedTo: 23:59", "Enabled = False", "enabled = false"),
      ("EveryXMinutes = 5\nAllowedFrom = 00:00\nAllowedTo = 23:59", "Testing = True", "testing = true"),
      (
        "everyxminutes = 5\nAllowedFrom = 00:00\nAllowedTo = 23:59", "RunOnStartup = True",
        "run_on_startup = true"
      ),
    ])
  func schedules(frequency: String, global: String, written: String) throws {
    let imported = try imported(settings(frequency, global))
    #expect(imported.problems == [])
    let job = try #require(imported.jobs.first)
    #expect(job.name == "Backup")
    #expect(job.notes == [])
    #expect(job.text.contains(written))
  }

  @Test("has no window where a task may always run")
  func always() throws {
    let job = try imported(settings("EveryXMinutes = 5\nAllowedFrom = 00:00\nAllowedTo = 23:59")).jobs.first
    #expect(job?.text.contains("window") == false)
  }

  @Test(
    "says what TaskAutomation takes in its own way",
    arguments: [
      ("EveryXMinutes = x", "Enabled = True", "EveryXMinutes = x"),
      ("EveryXMinutes = 5\nAllowedFrom = 22:00\nAllowedTo = 02:00", "Enabled = True", "AllowedTo = 02:00"),
      ("EveryXMinutes = 5\nAllowedFrom = 02:10\nAllowedTo = 02:20", "Enabled = True", "AllowedTo = 02:20"),
      ("EveryXMinutes = 5\nAllowedFrom = 0:00\nAllowedTo = 23:59", "Testing = true", "Testing = true"),
      ("EveryXMinutes = 5\nAllowedFrom = 0:00\nAllowedTo = 23:59", "Colour = red", "Colour = red"),
    ])
  func notes(frequency: String, global: String, subject: String) throws {
    #expect(try imported(settings(frequency, global)).jobs.first?.notes.map(\.subject) == [subject])
  }

  @Test("makes a virtual environment only for tasks that need packages")
  func environments() throws {
    let plain = settings("EveryXMinutes = 5\nAllowedFrom = 0:00\nAllowedTo = 23:59")
    #expect(try imported(plain, requirements: "# none\n").jobs.first?.text.contains("venv") == false)
    #expect(
      try imported(plain, requirements: "requests\n").jobs.first?.text.contains("\"-m\", \"venv\"") == true)
  }

  @Test("tells of folders that are no tasks")
  func problems() throws {
    #expect(TaskAutomationImporter().jobs(at: "/nowhere").problems.count == 1)
    #expect(try imported("[Global]\nnonsense\n").problems.count == 1)
  }
}
