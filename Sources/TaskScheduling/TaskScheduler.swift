import FolderSyncing
import JobWriting
import Scheduling

/// Task Scheduler's way to say what is to run, over a folder of jobs.
///
/// ```swift
/// let scheduler = TaskScheduler(jobs: "/srv/jobs")
///
/// // Read, and build: decoded, with every default of that system.
/// let tasks = try TaskDefinitions.read("tasks.yaml").map(scheduler.build)
///
/// // One by one.
/// for task in tasks { try scheduler.register(task) }
/// try scheduler.deleteTask(#"\myApp\nightly"#)
///
/// // Or the folder as a whole: what is missing is created, what differs updated, what is not listed deleted.
/// try scheduler.sync(tasks)
/// ```
///
/// A task becomes a Lua file: `\myApp\nightly` is the job `myApp/nightly`. A daemon that serves the folder has each
/// change live in a moment. Files that were not made here, or were edited since, are never touched unless forced.
public struct TaskScheduler: Sendable {
  /// The folder of jobs.
  public let jobs: String

  public init(jobs: String = "jobs") { self.jobs = jobs }

  // MARK: - Tasks

  /// Understands a definition.
  ///
  /// - Throws: ``TaskError`` with all that is wrong with it.
  public func build(_ definition: TaskDefinition) throws(TaskError) -> ScheduledTask {
    let (task, problems) = TaskDecoder.decode(definition)
    guard let task, problems.isEmpty else {
      throw TaskError(
        problems.isEmpty ? [TaskProblem(place: definition.place, message: "is no task")] : problems)
    }
    let isRunnable = task.actions.contains { if case .exec = $0.kind { true } else { false } }
    guard isRunnable else {
      throw TaskError([
        TaskProblem(
          place: task.given["Actions"]?.place ?? definition.place, task: task.path.description,
          key: "Actions",
          message: "none of them can run here; one with Type: EXEC is needed")
      ])
    }
    return task
  }

  /// What a task becomes: its file, and what is not as it was.
  public func job(_ task: ScheduledTask) -> ImportedJob {
    TaskTranslation.job(task, named: jobName(task.path.jobFolder, task.path.jobPart))
  }

  // MARK: - The folder

  /// Creates the task, or updates it.
  @discardableResult
  public func register(_ task: ScheduledTask, force: Bool = false) throws -> TaskPlan {
    let folder = task.path.jobFolder
    let files = [task.path.jobPart + ".lua": job(task)]
    return try change(folder, files, unwanted: [], force: force, approve: { _ in true })
  }

  /// Deletes a task by its path. One that there is not is an error.
  ///
  /// - Parameter approve: Is shown the plan before anything is done; false leaves it at that.
  @discardableResult
  public func deleteTask(
    _ path: String, force: Bool = false, approve: (TaskPlan) throws -> Bool = { _ in true }
  ) throws -> TaskPlan {
    let path = try TaskPath(path)
    let file = path.jobPart + ".lua"
    return try change(path.jobFolder, [:], unwanted: [file], force: force) { plan in
      guard !plan.changes.isEmpty else {
        throw TaskError("there is no task \(path) in \(jobs) (no file \(jobName(path.jobFolder, file)))")
      }
      return try approve(plan)
    }
  }

  /// Makes a folder match a list of tasks: all of it, or, where an error is thrown or the program is killed, nothing.
  ///
  /// - Parameters:
  ///   - folder: The folder, in the folder of jobs. Nil: that of the tasks' paths.
  ///   - allowEmpty: An empty list deletes every task of the folder.
  ///   - force: Also files that were edited, or made by somebody else.
  ///   - approve: Is shown the plan before anything is done; false leaves it at that.
  /// - Throws: where the tasks lie in several folders or in the root, or two would be one job.
  @discardableResult
  public func sync(
    _ tasks: [ScheduledTask], folder: String? = nil, allowEmpty: Bool = false, force: Bool = false,
    approve: (TaskPlan) throws -> Bool = { _ in true }
  ) throws -> TaskPlan {
    let target = try self.folder(of: tasks, named: folder, allowEmpty)
    var files: [String: ImportedJob] = [:]
    var taken: [String: TaskPath] = [:]
    for task in tasks {
      // Case does not tell tasks apart there.
      if let other = taken.updateValue(task.path, forKey: task.path.jobPart.lowercased()) {
        throw TaskError([
          TaskProblem(
            place: task.given["Path"]?.place ?? "", task: task.path.description,
            message: other.description == task.path.description
              ? "stands in the list twice" : "would be the same job as \(other); rename one of them")
        ])
      }
      files[task.path.jobPart + ".lua"] = TaskTranslation.job(
        task, named: jobName(target, task.path.jobPart))
    }
    return try change(target, files, unwanted: nil, force: force, approve: approve)
  }

  private func folder(of tasks: [ScheduledTask], named folder: String?, _ allowEmpty: Bool) throws -> String {
    let folders = Set(tasks.map { $0.path.folder })
    // Case does not tell folders apart there.
    if Set(folders.map { $0.lowercased() }).count > 1 {
      throw TaskError(
        "the tasks lie in several folders (\(folders.sorted().joined(separator: ", "))); a sync makes one folder match "
          + "its list, so give each a list of its own")
    }
    if folders.contains("\\") {
      throw TaskError(
        "the tasks lie in the root folder, where everybody's are; give them a folder of their own (\\myApp\\task)"
      )
    }
    if tasks.isEmpty, !allowEmpty {
      throw TaskError("the list is empty; --allow-empty deletes every task of the folder")
    }
    let target = folder ?? tasks.first?.path.jobFolder ?? ""
    guard !target.isEmpty else { throw TaskError("the root folder holds everybody's jobs; name one in it") }
    var path = jobs
    for part in target.split(separator: "/") {
      path += "/" + part
      if FolderSync.hasFile(path + "/main.lua") {
        throw TaskError("\(path) is one job, with a main.lua, and no folder for several")
      }
    }
    return target
  }

  private func change(
    _ folder: String, _ files: [String: ImportedJob], unwanted: Set<String>?, force: Bool,
    approve: (TaskPlan) throws -> Bool
  ) throws -> TaskPlan {
    let path = folder.isEmpty ? jobs : jobs + "/" + folder
    func taskPlan(_ plan: FolderPlan) -> TaskPlan {
      TaskPlan(
        changes: plan.changes.map { change in
          TaskPlan.Change(job: jobName(folder, String(change.file.dropLast(".lua".count))), change)
        }, notes: plan.changes.flatMap { files[$0.file]?.notes ?? [] })
    }
    let plan = try FolderSync(folder: path).change(files.mapValues(\.text), unwanted: unwanted, force: force)
    {
      try approve(taskPlan($0))
    }
    return taskPlan(plan)
  }

  private func jobName(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : folder + "/" + name
  }
}
