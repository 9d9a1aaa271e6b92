import LuaHost
import Testing
import Values

@Suite("Many states", .serialized, .timeLimit(.minutes(10))) struct ScaleTests {
  @Test("busy loops hold good jobs up only for a moment") func busyLoops() async throws {
    let harness = Harness()
    var good: [StateID] = []
    for _ in 0..<10 { good.append(try await harness.load("function main() return 'good' end")) }
    var bad: [StateID] = []
    for _ in 0..<200 {
      bad.append(
        try await harness.load(
          "function main() while true do pcall(function() while true do end end) end end"))
    }
    let loops = bad.map { harness.start($0, timeLimit: .seconds(2), grace: .milliseconds(100)) }
    try await Task.sleep(for: .milliseconds(500))
    var latest = Duration.zero
    for _ in 0..<5 {
      for id in good {
        let end = await harness.run(id)
        #expect(end.end == .succeeded(result: "good"))
        latest = max(latest, end.duration)
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    print("good jobs beside 200 busy loops: the slowest took \(latest)")
    #expect(latest < .milliseconds(250) + Harness.slack)
    for run in loops { #expect(await harness.end(of: run).end == .timedOut) }
  }

  @Test("ten thousand states, a trivial run each") func tenThousand() async throws {
    let harness = Harness()
    let count = 10_000
    var begin = ContinuousClock.now
    for id in 1...StateID(count) {
      harness.host.load(id, Harness.source("function main() return 'done' end"))
      harness.host.initialize(id, limits: StateLimits())
    }
    for id in 1...StateID(count) {
      _ = try await harness.recorder.loaded.value(for: id).get()
      _ = try await harness.recorder.initialized.value(for: id).get()
    }
    print("loading 10,000 states: \(ContinuousClock.now - begin)")
    let run: DataValue = [
      "id": "01J", "job": "test", "trigger": "every 1s", "due_at": "2026-11-21T02:00:00.000Z", "attempt": 1,
      "params": [:], "testing": false,
    ]
    for round in 1...3 {
      begin = ContinuousClock.now
      for id in 1...StateID(count) {
        harness.host.start(
          id,
          RunStart(
            key: RunKey(round * count) + RunKey(id), slot: 0, run: run, timeLimit: 86_400_000_000_000))
      }
      for id in 1...StateID(count) {
        let end = await harness.end(of: RunKey(round * count) + RunKey(id))
        #expect(end.end == .succeeded(result: "done"))
      }
      print("10,000 runs: \(ContinuousClock.now - begin)")
    }
  }

  @Test("states are closed and made anew without end") func churn() async throws {
    let harness = Harness()
    for _ in 0..<200 {
      let id = try await harness.load("function main(run) if run.params then while true do end end end")
      #expect(await harness.run(id).end == .succeeded(result: .null))
      if .random() {
        #expect(await harness.run(id, ["params": 1], timeLimit: .milliseconds(1)).end == .timedOut)
      } else {
        harness.host.close(id)
      }
    }
  }
}
