import Campaign
import Foundation
import KillPoints

/// `fault-campaign BINARY [--points N] [--rounds N] [--seed N]`: kills the program N times at each named place, then
/// N times at random, and prints what came of it. `--point NAME` goes to one place only, and `--fault clock` or
/// `--fault disk` plays the random kills only, with that fault beside them. Exit status 1 if anything is wrong; then the
/// folder with the state directory stays.
@main enum FaultCampaign {
  static func main() throws {
    guard let options = Options(CommandLine.arguments.dropFirst()) else {
      print(
        "usage: fault-campaign BINARY [--points N] [--point NAME] [--rounds N] [--fault clock|disk] [--seed N]"
      )
      exit(2)
    }
    var failures = 0
    for (index, point) in KillPoint.allCases.enumerated() where options.visits(point) {
      let seed = options.seed &+ index
      failures += try play(options, seed: seed, repeats: "POINT=\(point.rawValue) SEED=\(options.seed)") {
        try $0.play(point, times: options.points)
      }
    }
    if options.rounds > 0 {
      failures += try play(
        options, seed: options.seed,
        repeats:
          "POINTS=0 ROUNDS=\(options.rounds) FAULT=\(options.fault?.rawValue ?? "") SEED=\(options.seed)"
      ) {
        try $0.play(rounds: options.rounds) { if $0 % 50 == 0 { say("\($0) of \(options.rounds) rounds") } }
      }
    }
    exit(failures == 0 ? 0 : 1)
  }

  /// Plays a campaign of its own; returns how many findings there are.
  private static func play(
    _ options: Options, seed: Int, repeats: String, _ body: (Campaign) throws -> [String]
  ) throws -> Int {
    let root = NSTemporaryDirectory() + "almanac-campaign-" + UUID().uuidString
    let campaign = try Campaign(binary: options.binary, root: root, seed: seed, fault: options.fault)
    var findings: [String]
    do {
      findings = try body(campaign)
    } catch {
      findings = ["\(error)"]
    }
    say("\(campaign.figures)")
    if findings.isEmpty {
      campaign.remove()
    } else {
      say("`make campaign \(repeats)` repeats it; what is left of it: \(root)")
      for finding in findings.prefix(30) { say("  \(finding)") }
    }
    return findings.count
  }

  private static func say(_ text: String) {
    print(text)
    fflush(nil)
  }

  private struct Options {
    var binary: String
    var points = 3
    var point: KillPoint?
    var rounds = 1000
    var fault: Campaign.Fault?
    var seed = Int.random(in: 1...999_999)

    init?(_ arguments: ArraySlice<String>) {
      guard let binary = arguments.first, arguments.count % 2 == 1 else { return nil }
      self.binary = binary
      var rest = arguments.dropFirst()
      while let name = rest.popFirst(), let value = rest.popFirst() {
        // What make was not told is empty.
        if value.isEmpty { continue }
        if name == "--point" {
          guard let point = KillPoint(rawValue: value) else { return nil }
          self.point = point
          rounds = 0
          continue
        }
        if name == "--fault" {
          guard let fault = Campaign.Fault(rawValue: value) else { return nil }
          self.fault = fault
          points = 0
          continue
        }
        guard let number = Int(value), number >= 0 else { return nil }
        switch name {
        case "--points": points = number
        case "--rounds": rounds = number
        case "--seed": seed = number
        default: return nil
        }
      }
    }

    func visits(_ point: KillPoint) -> Bool { points > 0 && (self.point ?? point) == point }
  }
}
