import CLinux
import Glibc
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
    let modules = HostModuleFields.all
    let doubts =
      Self.openFolders(settings.jobs.value, of: found.sources)
      + found.sources.flatMap { SourceCheck($0, hostModules: modules).findings }
      + found.definitions.flatMap { ScheduleCheck($0, now: now).findings }
    let errors = (found.errors + found.doubts).map { CheckFinding(.error, $0) }
    // What made a file fail to load is told once.
    let places = Set(found.errors.map(Place.init))
    findings = Set(errors + doubts.filter { !places.contains(Place($0.problem)) }).sorted()
  }

  /// Folders in which everyone may put a file in the place of a job's. Where each may remove only what is their own (as
  /// in /tmp), they cannot.
  private static func openFolders(_ jobs: String, of sources: [JobSource]) -> [CheckFinding] {
    let shown = JobsFolder(path: jobs).path
    var folders = [shown: ""]
    for source in sources {
      // The files' paths begin with the folder's as it was given.
      guard let slash = source.mainPath.lastIndex(of: "/") else { continue }
      folders[String(source.mainPath[..<slash]), default: source.name] += ""
    }
    return folders.compactMap { folder, job in
      var status = stat()
      guard stat(folder, &status) == 0, status.st_mode & S_IWOTH != 0, status.st_mode & S_ISVTX == 0 else {
        return nil
      }
      return CheckFinding(
        .warning,
        LoadError(
          job: job, file: folder,
          message: "everyone on this machine may write to this folder, and so put jobs into it; chmod o-w"))
    }
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
