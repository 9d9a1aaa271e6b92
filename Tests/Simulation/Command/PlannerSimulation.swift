import Dispatch
import Glibc
import Simulation
import Synchronization

/// Plays worlds on all processors, and prints what is wrong with the ledgers that they leave. Exit status 0: nothing
/// is; 1: something is; 2: it was called wrongly.
@main enum PlannerSimulation {
  static func main() {
    let request: SimulationRequest
    do throws(SimulationRequest.Mistake) {
      request = try SimulationRequest(Array(CommandLine.arguments.dropFirst()))
    } catch {
      complain("planner-simulation: \(error.text)\n\n\(SimulationRequest.help)")
      exit(2)
    }
    guard !request.wantsHelp else { return print(SimulationRequest.help) }
    if request.wantsTrace { printTrace(of: request.seeds.lowerBound) }
    exit(play(request) == 0 ? 0 : 1)
  }

  /// What was found so far, by all processors.
  private struct Tally {
    var seeds = 0
    var events = 0
    var instants = 0
    var findings = 0
    var firstFound: Int?
    /// How many seeds with findings.
    var found = 0
  }

  /// Of more seeds than so many, only the number of findings is told.
  private static let mostTold = 20

  /// Plays the seeds, in chunks that the processors take in order; returns how many findings there are.
  private static func play(_ request: SimulationRequest) -> Int {
    let seeds = request.seeds
    let tally = Mutex(Tally())
    let clock = ContinuousClock()
    let begun = clock.now
    let chunk = 25
    DispatchQueue.concurrentPerform(iterations: (seeds.count + chunk - 1) / chunk) { index in
      let first = seeds.lowerBound + index * chunk
      for seed in first..<min(first + chunk, seeds.upperBound) {
        // So that the first that is told is the lowest, whichever processor was faster.
        if request.stopsAtFirst, let found = tally.withLock({ $0.firstFound }), found < seed { return }
        let report = LedgerAudit.report(onSeed: seed)
        tally.withLock { tally in
          tally.seeds += 1
          tally.events += report.events
          tally.instants += report.instants
          tally.findings += report.findings.count
          guard !report.findings.isEmpty else { return }
          tally.firstFound = min(tally.firstFound ?? seed, seed)
          tally.found += 1
          if !request.stopsAtFirst, tally.found <= mostTold { tell(report, of: seed) }
        }
      }
      if isatty(2) == 1 { tally.withLock { showProgress("\($0.seeds)/\(seeds.count)") } }
    }
    if isatty(2) == 1 { showProgress("") }
    let result = tally.withLock { $0 }
    if request.stopsAtFirst, let seed = result.firstFound { tell(LedgerAudit.report(onSeed: seed), of: seed) }
    let took = begun.duration(to: clock.now).components
    print(
      "\(result.seeds) seeds, \(result.events) events, \(result.instants) due instants audited, "
        + "\(result.findings) findings, \(took.seconds) s")
    return result.findings
  }

  private static func tell(_ report: LedgerAudit.Report, of seed: Int) {
    let shown = report.findings.prefix(5).map { "  \($0)" }
    let more = report.findings.count - shown.count
    print("seed \(seed) (`make simulate SEED=\(seed)` repeats it):")
    print((shown + (more > 0 ? ["  and \(more) more"] : [])).joined(separator: "\n"))
    fflush(nil)
  }

  private static func printTrace(of seed: Int) {
    var world = SimulatedWorld(seed: seed)
    do { try world.play() } catch { print("\(error)") }
    for line in world.trace { print(line) }
    for line in world.interruptions { print("away or held up:", line) }
  }

  private static func showProgress(_ text: String) { complain("\r\(text)\u{1b}[K") }

  private static func complain(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(2, bytes, bytes.count)
  }
}
