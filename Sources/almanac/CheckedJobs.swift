import CLinux
import HostModules
import Jobs
import Scheduling
import Settings

/// The jobs folder as `check` sees it: what does not load, and what loads and cannot be meant.
struct CheckedJobs {
  /// In the order of files and lines.
  let findings: [CheckFinding]
  private let found: OfflineJobs

  init(_ settings: DaemonSettings) throws {
    found = try OfflineJobs(settings, modules: true)
    let now = Instant(microseconds: clinux_wall_us())
    let modules = Set(StandardModules.names)
    let doubts =
      found.sources.flatMap { SourceCheck($0, hostModules: modules).findings }
      + found.definitions.flatMap { ScheduleCheck($0, now: now).findings }
    let errors = (found.errors + found.doubts).map { CheckFinding(.error, $0) }
    // What made a file fail to load is told once.
    let places = Set(found.errors.map(Place.init))
    findings = Set(errors + doubts.filter { !places.contains(Place($0.problem)) }).sorted()
  }

  /// A line for whoever sits at the terminal.
  var summary: String {
    let wrong = Set(findings.filter { $0.severity == .error }.map(\.problem.job))
    let right = found.definitions.count { !wrong.contains($0.name) }
    var text = "\(right) job\(right == 1 ? "" : "s") right, \(wrong.count) wrong"
    let onDemand = found.definitions.filter { $0.schedule == nil }.map(\.name)
    if !onDemand.isEmpty {
      let names = onDemand.prefix(5).joined(separator: ", ") + (onDemand.count > 5 ? ", ..." : "")
      text += "; without a schedule, to be run on demand: \(names)"
    }
    return text
  }

  private struct Place: Hashable {
    let file: String
    let line: Int?

    init(_ error: LoadError) {
      file = error.file
      line = error.line
    }
  }
}
