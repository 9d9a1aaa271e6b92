import Campaign
import Foundation

/// `fault-campaign BINARY [--rounds N] [--seed N]`: kills the program at random, and prints what came of it.
/// Exit status 1 if anything is wrong; then the state directory stays.
@main enum FaultCampaign {
  static func main() throws {
    guard let options = Options(CommandLine.arguments.dropFirst()) else {
      print("usage: fault-campaign BINARY [--rounds N] [--seed N]")
      exit(2)
    }
    let root = NSTemporaryDirectory() + "almanac-campaign-\(options.seed)-\(getpid())"
    let campaign = try Campaign(binary: options.binary, root: root, seed: options.seed)
    let findings: [String]
    do {
      findings = try campaign.play(rounds: options.rounds) { round in
        if round % 50 == 0 {
          print("\(round) of \(options.rounds) rounds")
          fflush(nil)
        }
      }
    } catch {
      findings = ["\(error)"]
    }
    print(campaign.figures)
    guard !findings.isEmpty else { return campaign.remove() }
    print(
      "seed \(options.seed) (`make campaign ROUNDS=\(options.rounds) SEED=\(options.seed)` repeats it; \(root)):"
    )
    for finding in findings.prefix(30) { print("  \(finding)") }
    exit(1)
  }

  private struct Options {
    var binary: String
    var rounds = 1000
    var seed = Int.random(in: 1...999_999)

    init?(_ arguments: ArraySlice<String>) {
      guard let binary = arguments.first, arguments.count % 2 == 1 else { return nil }
      self.binary = binary
      var rest = arguments.dropFirst()
      while let name = rest.popFirst(), let value = rest.popFirst() {
        // What make was not told is empty.
        if value.isEmpty { continue }
        guard let number = Int(value), number > 0 else { return nil }
        switch name {
        case "--rounds": rounds = number
        case "--seed": seed = number
        default: return nil
        }
      }
    }
  }
}
