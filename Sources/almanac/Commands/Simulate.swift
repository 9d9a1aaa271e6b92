import ArgumentParser
import CLinux
import FoundationEssentials
import RunLifecycle
import Runner
import Scheduling
import Values

/// `almanac simulate [JOBS]`: the ledger that the schedules would write.
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Play the schedules in virtual time: the ledger they would write, and what it comes to.",
    discussion: """
      The daemon's own planner over the real folder; no job is run, and no daemon or ledger is touched.
        almanac simulate --from 2027-01-01 --until 2028-01-01 --summary
        almanac simulate --job backup --duration 20m --fail 10
      A run takes as long as the median of the job's last twenty that succeeded, else --duration, give or take a fifth. \
      What runs require, and their `when`, is taken as met; the same seed gives the same ledger.
      """)

  @Argument(help: "The folder of jobs. Also ALMANAC_JOBS; else ./jobs.")
  var jobs: String?

  @Option(name: .long, help: ArgumentHelp("From this instant on, else from now.", valueName: "instant"))
  var from: String?

  @Option(name: .long, help: ArgumentHelp("Until before this instant, else for a day.", valueName: "instant"))
  var until: String?

  @Option(name: .long, help: ArgumentHelp("Only this job.", valueName: "name"))
  var job: String?

  @Option(name: .long, help: ArgumentHelp("Which runs fail, and how long each takes.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    name: .long,
    help: ArgumentHelp("How long runs take of jobs without runs in the ledger.", valueName: "duration"))
  var duration = "1s"

  @Option(name: .long, help: ArgumentHelp("Of a hundred attempts so many fail.", valueName: "percent"))
  var fail = 0

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("At most so many rows; else 1000, or all with --json.", valueName: "n"))
  var number: Int?

  @Flag(name: .long, help: "Only what it comes to, without the rows.")
  var summary = false

  @OptionGroup var state: StateOptions
  @OptionGroup var output: JSONFlag

  /// The longest time that is played.
  private static let longest = Interval.days(3660)

  func run() throws {
    guard (0...100).contains(fail) else { throw usage("--fail \(fail): a percentage is 0 to 100") }
    guard number ?? 1 > 0 else { throw usage("-n \(number ?? 0): ask for at least one") }
    let length: Interval
    do { length = try Interval(parsing: duration) } catch { throw usage("--duration: \(error)") }
    let settings = try state.settings(jobs: jobs)
    let zone = try settings.zone()
    let start = try instant(from, "--from", zone) ?? Instant(microseconds: clinux_wall_us() / 1000 * 1000)
    let end = try instant(until, "--until", zone) ?? start + .days(1)
    guard start < end else { throw usage("--until \(until ?? "") is not after --from: nothing lies between") }
    guard end - start <= Self.longest else {
      throw usage("--until \(until ?? ""): at most ten years are played at a time")
    }
    let play = SimulationPlay(
      simulated: try SimulatedJobs(settings, only: job, duration: length, from: start), span: start..<end,
      seed: seed,
      failPercent: fail)
    try show(play, in: zone)
  }

  private func show(_ play: SimulationPlay, in zone: Zone) throws {
    let bar = ProgressBar("simulating")
    defer { bar.clear() }
    let limit = summary ? 0 : number ?? (output.json ? .max : 1000)
    let (rows, whole) = limit > 0 ? play.rows(limit: limit, bar) : ([], nil)
    let views = rows.map { RunView($0, job: play.simulated.names[$0.job] ?? "?") }
    if output.json && !summary {
      bar.clear()
      return try Console.printJSON(views.map(\.row))
    }
    let sum = whole ?? play.summary(processors: ProcessInfo.processInfo.activeProcessorCount, bar)
    bar.clear()
    let report = SimulationReport(simulated: play.simulated, span: play.span, summary: sum, zone: zone)
    if output.json { return print(try report.row.json()) }
    if !views.isEmpty {
      RunRows.print(views, in: zone)
      if sum.rows > views.count { print("... and \(sum.rows - views.count) more; -n shows more, --json all") }
      print("")
    }
    report.show()
  }

  private func instant(_ text: String?, _ flag: String, _ zone: Zone) throws -> Instant? {
    guard let text else { return nil }
    do { return try Instant(parsing: text, in: zone) } catch { throw usage("\(flag): \(error)") }
  }

  private func usage(_ text: String) -> CommandFailure { CommandFailure(text, status: ExitStatus.usage) }
}
