import Glibc
import FolderSync
import Runner
import Settings
import TaskScheduling

/// What `sync` and `delete` have in common: a plan that is shown, done, and live in the daemon.
enum TaskCommand {
  /// - Parameter change: Makes the change, once its plan has been shown and approved of.
  static func run(
    _ settings: DaemonSettings, dryRun: Bool,
    _ change: (TaskScheduler, (TaskPlan) throws -> Bool) throws -> TaskPlan
  ) throws {
    let plan: TaskPlan
    do {
      plan = try change(TaskScheduler(jobs: settings.jobs.value)) { plan in
        show(plan, dryRun: dryRun)
        return !dryRun
      }
    } catch let error as TaskError {
      throw CommandFailure(error.problems.map(\.description).joined(separator: "\nalmanac: "))
    } catch let error as FolderSyncError {
      throw CommandFailure(error.description)
    }
    if !dryRun { try goLive(settings, plan.changes.map(\.job)) }
  }

  /// Builds all of them, or tells all that is wrong with any.
  static func build(_ definitions: [TaskDefinition], _ scheduler: TaskScheduler) throws(TaskError)
    -> [ScheduledTask]
  {
    var tasks: [ScheduledTask] = []
    var problems: [TaskProblem] = []
    for definition in definitions {
      do throws(TaskError) { tasks.append(try scheduler.build(definition)) } catch {
        problems += error.problems
      }
    }
    guard problems.isEmpty else { throw TaskError(problems) }
    return tasks
  }

  private static func show(_ plan: TaskPlan, dryRun: Bool) {
    let isColoured = Console.hasColour(1)
    for change in plan.changes {
      let (sign, colour): (String, Colour) =
        switch change.kind {
        case .create: ("+", .green)
        case .update: ("~", .yellow)
        case .delete: ("-", .red)
        }
      let line = "\(sign) \(change.job.shown)"
      print(isColoured ? colour.applied(to: line) : line)
      for line in change.lines { print("    \(line.shown)") }
    }
    for note in plan.notes { Console.note("\(note)") }
    let counts =
      "\(plan.count(.create)) to create, \(plan.count(.update)) to update, \(plan.count(.delete)) to delete"
    print(plan.changes.isEmpty ? "nothing to do" : counts + (dryRun ? " (dry run: nothing was changed)" : ""))
  }

  /// Returns when a daemon that serves the folder has looked at it. What it refuses of these jobs is a failure.
  private static func goLive(_ settings: DaemonSettings, _ jobs: [String]) throws {
    guard !jobs.isEmpty, let daemon = try ControlClient(settings.directory) else { return }
    let errors = try daemon.ask(.reload)["errors"].asTable?.items.compactMap(\.asString) ?? []
    let ours = errors.filter { error in jobs.contains { error.contains("/\($0).lua:") } }
    if !ours.isEmpty {
      throw CommandFailure("the daemon refuses what was written: " + ours.joined(separator: "\nalmanac: "))
    }
  }
}

/// The folder that a sync is to make match.
enum TaskFolderChoice {
  /// The folder as a name in the folder of jobs: `myApp`.
  ///
  /// It may be given as such a name, with `/` or `\` as that system writes it, or as a path to a folder in the folder
  /// of jobs.
  static func namespace(_ text: String, jobs: String) throws -> String {
    let root = resolved(absolutePath(jobs))
    let path = resolved(absolutePath(text))
    let refusal = CommandFailure(
      "--folder \(text) is the root folder, which holds everybody's jobs; name one in it",
      status: ExitStatus.usage)
    if path == root { throw refusal }
    let parts: [Substring]
    if path.hasPrefix(root + "/") {
      parts = path.dropFirst(root.count + 1).split(separator: "/")
    } else {
      parts = text.split { $0 == "/" || $0 == "\\" }
      let isOutside = text.hasPrefix("/") && parts.count > 1 || parts.contains("..")
      guard !isOutside else {
        throw CommandFailure(
          "--folder \(text) does not lie in the folder of jobs, \(root); name that with --jobs",
          status: ExitStatus.usage)
      }
    }
    let names = parts.filter { $0 != "." }
    guard !names.isEmpty else { throw refusal }
    if let bad = names.first(where: { $0.hasPrefix(".") || $0.hasPrefix("_") || $0.hasSuffix("~") }) {
      throw CommandFailure(
        "--folder \(text): a name like \(bad) is passed over in a folder of jobs; choose another",
        status: ExitStatus.usage)
    }
    return names.joined(separator: "/")
  }
}

/// The path without symbolic links, as far as it exists.
private func resolved(_ path: String) -> String {
  if let real = realpath(path, nil) {
    defer { free(real) }
    return String(cString: real)
  }
  guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return path }
  return resolved(String(path[..<slash])) + path[slash...]
}
