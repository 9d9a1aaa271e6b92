import LuaHost
import Testing
import Values

@Suite("schedule.when", .timeLimit(.minutes(10))) struct WhenTests {
  let harness = Harness(loadLimit: 3_000_000_000)

  private func load(_ when: String, _ rest: String = "function main() return runs end") async throws
    -> StateID
  {
    try await harness.load(
      "local job, log = require 'almanac.job', require 'almanac.log'\nschedule = { when = \(when) }\n\(rest)")
  }

  private func ask(_ id: StateID) async -> (WhenVerdict, stateLost: Bool) {
    let number = UInt64(harness.nextNumber())
    harness.host.askWhen(
      id, WhenCall(number: number, due: "2026-11-21T02:00:00.000Z", run: ["trigger": "t", "last": .null]))
    return await harness.recorder.verdicts.value(for: number)
  }

  @Test(
    "is asked with the due instant and the run, and says yes or no, with a reason or without",
    arguments: [
      ("function() return true end", WhenVerdict.yes), ("function() return 0, 'unheard' end", .yes),
      ("function() end", .no(nil)), ("function() return nil, 'why' end", .no("why")),
      ("function() return false, 42 end", .no("42")),
      (
        "function(due, run) return due == '2026-11-21T02:00:00.000Z' and run.trigger == 't' and run.last == nil end",
        .yes
      ),
      ("function() job.sleep(0.01) return false, 'slept' end", .no("slept")),
      ("function() schedule.when = nil return true end", .yes),
      (
        "setmetatable({}, { __call = print }) and function() return false, setmetatable({}, { __tostring = function() return 'said' end }) end",
        .no("said")
      ),
    ])
  func verdicts(when: String, verdict: WhenVerdict) async throws {
    let id = try await load(when)
    for _ in 1...2 {
      let (found, stateLost) = await ask(id)
      #expect(found == verdict)
      #expect(!stateLost)
    }
  }

  @Test(
    "an error is one, with its place",
    arguments: [
      ("function() error('broken') end", "jobs/test.lua:2: broken"),
      (
        "function() job.skip() end",
        "jobs/test.lua:2: job.skip ends a run, and there is none: call it in main"
      ),
    ])
  func errors(when: String, message: String) async throws {
    let id = try await load(when)
    let (verdict, stateLost) = await ask(id)
    guard case .failed(let error) = verdict else { return #expect(Bool(false), "\(verdict)") }
    #expect(error.message == message)
    #expect(!stateLost)
    #expect(await harness.run(id).end == .succeeded(result: .null))
  }

  @Test("sees the globals of the job, and leaves its own to main") func globals() async throws {
    let id = try await load(
      "function() asked = (asked or 0) + 1 return asked < 3 end", "function main() return asked end")
    #expect(await ask(id).0 == .yes)
    #expect(await harness.run(id).end.result == 1)
    #expect(await ask(id).0 == .yes)
    #expect(await ask(id).0 == .no(nil))
  }

  @Test("one that does not end is stopped, and its state is lost") func endless() async throws {
    let id = try await load("function() while true do pcall(error) end end")
    let (verdict, stateLost) = await ask(id)
    guard case .failed(let error) = verdict else { return #expect(Bool(false), "\(verdict)") }
    #expect(error.text == "schedule.when has not ended within 3 s")
    #expect(stateLost)
    guard case .failed = await ask(id).0 else { return #expect(Bool(false), "the state is gone") }
  }

  @Test("where there is none, asking fails") func none() async throws {
    let id = try await harness.load("schedule = { when = 5 } function main() end")
    guard case .failed(let error) = await ask(id).0 else { return #expect(Bool(false)) }
    #expect(error.text == "the schedule has no when")
  }
}
