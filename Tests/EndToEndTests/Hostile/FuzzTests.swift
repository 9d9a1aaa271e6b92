import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("The border at random") struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// How long; `make check` asks for a minute.
    private static let seconds = environment["ALMANAC_FUZZ_SECONDS"].flatMap(Double.init) ?? 10
    private static let calls = 2000
    /// What the host may grow by after its first runs, however many follow; bytes.
    private static let mostGrowth = 96 << 20

    // Runs fuzz.lua over and over in one host process. ALMANAC_FUZZ_SEED gives the first seed; a failure names the one
    // that repeats it.
    @Test("no call from Lua brings the host down, hangs, leaks or shows what is inside", .takesLong)
    func calls()
      async throws
    {
      let almanac = try Almanac()
      let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "fuzz.lua")
      let text = try String(contentsOf: script, encoding: .utf8)
      try almanac.save("fuzz/main.lua", text)
      try almanac.save(
        "fresh/main.lua", text.replacing("schedule = {", with: "schedule = { fresh_state = true,"))
      let daemon = try await almanac.serve(["--hosts", "1"], environment: ["HOME": almanac.root + "/home"])
      let host = try #require(Processes.children(of: daemon.processIdentifier).first)
      let first = Self.environment["ALMANAC_FUZZ_SEED"].flatMap(Int.init) ?? Int.random(in: 1...1_000_000_000)
      let end = Date().addingTimeInterval(Self.seconds)
      var (seed, early, outOfMemory) = (first, 0, 0)
      repeat {
        let job = seed % 2 == 0 ? "fuzz" : "fresh"
        let run = try almanac.command(
          "trigger", job, "--wait", "--param", "seed=\(seed)", "--param", "calls=\(Self.calls)")
        let row = try #require(try almanac.runs(of: job, latest: 1).first, "seed \(seed): \(run.err)")
        let said = row["error"].asString ?? row["reason"].asString ?? ""
        if said.contains("memory limit of") {
          outOfMemory += 1
        } else if row["outcome"] != "succeeded" || !Processes.isAlive(host) {
          Issue.record(
            """
            \(row["outcome"].asString ?? "?"): \(said)
            to repeat it: ALMANAC_FUZZ_SEED=\(seed) ALMANAC_FUZZ_SECONDS=1 swift test --filter FuzzTests
            \(almanac.log.suffix(3000))
            """)
          return
        }
        seed += 1
        if seed == first + 20 { early = try Processes.residentBytes(of: host) }
      } while Date() < end
      let growth = early == 0 ? 0 : try Processes.residentBytes(of: host) - early
      print(
        "\((seed - first) * Self.calls) calls from seed \(first) on; \(outOfMemory) runs met their memory limit; "
          + "the host grew by \(growth >> 10) KB after the first 20 runs")
      #expect(growth < Self.mostGrowth)
      #expect(daemon.isRunning)
    }
  }
}
