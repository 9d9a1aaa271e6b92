/// What the command line asks for.
struct SimulationRequest {
  struct Mistake: Error {
    var text: String
  }

  static let help = """
    usage: planner-simulation [SEEDS] [--from N] [--first]
           planner-simulation --seed N [--trace]

    Plays the planner in virtual time: each seed is a world of its own, of jobs, edits, pauses, crashes, faults and
    clocks that are set. Prints what is wrong with the ledger that a world leaves, and how to repeat it. Exit status 1
    if anything is.

      SEEDS      how many worlds; without it 10000
      --from N   the first world's seed; without it 0
      --first    stop at the lowest seed with a finding
      --seed N   one world
      --trace    print also all that its store was told, in order
      --help     this
    """

  private(set) var seeds = 0..<10_000
  private(set) var stopsAtFirst = false
  private(set) var wantsTrace = false
  private(set) var wantsHelp = false

  init(_ arguments: [String]) throws(Mistake) {
    var count = 10_000
    var first = 0
    var one: Int?
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--help", "-h": wantsHelp = true
      case "--first": stopsAtFirst = true
      case "--trace": wantsTrace = true
      case "--seed":
        guard let text = rest.popFirst() else { throw Mistake(text: "--seed wants a number behind it") }
        one = try Self.number(text, from: 0)
      case "--from":
        guard let text = rest.popFirst() else { throw Mistake(text: "--from wants a number behind it") }
        first = try Self.number(text, from: 0)
      default: count = try Self.number(argument, from: 1)
      }
    }
    guard one != nil || !wantsTrace else { throw Mistake(text: "--trace goes with --seed N") }
    if let one { (first, count) = (one, 1) }
    let (end, isTooFar) = first.addingReportingOverflow(count)
    guard !isTooFar else { throw Mistake(text: "there are no seeds beyond \(Int.max)") }
    seeds = first..<end
  }

  private static func number(_ text: String, from least: Int) throws(Mistake) -> Int {
    guard let number = Int(text), number >= least, number < .max else {
      throw Mistake(text: "\"\(text)\" is no number from \(least) on")
    }
    return number
  }
}
