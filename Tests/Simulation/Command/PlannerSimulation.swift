import Dispatch
import Glibc
import Simulation
import Synchronization

/// `planner-simulation [SEEDS | --seed N [--trace]]`: plays the seeds 0 ..< SEEDS, or one, and prints what is wrong
/// with the ledgers that they leave; with `--trace`, also all that was written. Exit status 1 if anything is.
@main enum PlannerSimulation {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == "--seed", let seed = arguments.dropFirst().first.flatMap({ Int($0) }) {
      if arguments.last == "--trace" {
        var world = SimulatedWorld(seed: seed)
        try? world.play()
        for line in world.trace { print(line) }
        for line in world.interruptions { print("away or held up:", line) }
      }
      exit(play(seed..<seed + 1) == 0 ? 0 : 1)
    }
    guard arguments.count <= 1, let count = Int(arguments.first ?? "10000"), count > 0 else {
      print("usage: planner-simulation [SEEDS | --seed N]")
      exit(2)
    }
    let failures = play(0..<count)
    print("\(count) seeds played, \(failures) of them with findings")
    exit(failures == 0 ? 0 : 1)
  }

  /// Plays the seeds on all processors; returns how many left something to be found.
  private static func play(_ seeds: Range<Int>) -> Int {
    let failures = Mutex(0)
    let chunk = 50
    let chunks = (seeds.count + chunk - 1) / chunk
    let done = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: chunks) { index in
      let first = seeds.lowerBound + index * chunk
      for seed in first..<min(first + chunk, seeds.upperBound) {
        let findings = findings(seed)
        guard !findings.isEmpty else { continue }
        failures.withLock { $0 += 1 }
        print("seed \(seed) (`make simulate SEED=\(seed)` repeats it):")
        for finding in findings.prefix(5) { print("  \(finding)") }
        fflush(nil)
      }
      let played = done.withLock { done in
        done += 1
        return done * chunk
      }
      if isatty(2) == 1 { showProgress("\(min(played, seeds.count))/\(seeds.count)") }
    }
    if isatty(2) == 1 { showProgress("") }
    return failures.withLock { $0 }
  }

  private static func showProgress(_ text: String) {
    let line = Array("\r\(text)\u{1b}[K".utf8)
    _ = write(2, line, line.count)
  }

  private static func findings(_ seed: Int) -> [String] {
    var world = SimulatedWorld(seed: seed)
    do {
      try world.play()
      return try LedgerAudit.findings(in: world)
    } catch {
      return ["\(error)"]
    }
  }
}
