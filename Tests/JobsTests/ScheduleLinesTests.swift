import TestSupport
import Testing

@testable import Jobs

@Suite("ScheduleLines")
struct ScheduleLinesTests {
  private func line(_ path: String, _ text: String) -> Int? { ScheduleLines(Array(text.utf8)).line(of: path) }

  @Test("finds the table whatever stands around it")
  func around() {
    #expect(line("schedule.every", "#!/usr/bin/lua\nschedule = { every = 1 }") == 2)
    #expect(line("schedule.every", "--[==[\nschedule = { every = 1 }\n]==]\nschedule =\n{\nevery = 1 }") == 6)
    #expect(line("schedule.every", "local s = [[\nschedule = {]]\nschedule = { every = 1 }") == 3)
    #expect(
      line("schedule.every", "function f() schedule = { every = 1 } end\nschedule = { every = 1 }") == 2)
    #expect(line("schedule.every", "if x then y() elseif z then w() end\nschedule = { every = 1 }") == 2)
    #expect(line("schedule.every", "a.schedule = { every = 1 }\nlocal schedule = { every = 1 }") == nil)
    #expect(line("schedule.every", "if schedule == { } then end") == nil)
  }

  @Test("gives the nearest line that is written, or none")
  func nearest() {
    #expect(line("schedule.window.from", "\nschedule = {\nwindow = make() }") == 3)
    #expect(line("schedule.window.from", "\nschedule = make()") == 2)
    #expect(line("schedule.window.from", "local t = {}\nrequire 'x'") == nil)
    #expect(line("schedule[2]", "schedule = {\n'a',\n'b' }") == 3)
    #expect(line("schedule.a.b[2].c", "schedule = { a = { b = { {},\n{ x = 1,\nc = 2 } } } }") == 3)
  }

  @Test("comes to an end on any bytes")
  func anyBytes() {
    let pieces = [
      "schedule", "=", "{", "}", "[", "]", "[[", "]]", "[=[", "\"", "'", "\\", "\n", "--", "--[[", "function",
      "end",
      "(", ")", ",", ";", ".", "1e5", "x", "\u{0}", "é", "then", "==", "schedule = {", "#",
    ]
    var random = SeededNumbers(seed: 1)
    for _ in 0..<3000 {
      let count = Int.random(in: 0..<30, using: &random)
      let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined(
        separator: Bool.random(using: &random) ? " " : "")
      _ = line("schedule.x[1].y", text)
    }
  }
}
