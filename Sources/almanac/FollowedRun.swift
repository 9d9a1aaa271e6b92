import Glibc
import Logging
import RunLifecycle
import RunStore
import RunStoreSQLite
import Runner
import Scheduling
import Values

/// A run that the daemon does, followed from here: its log lines are shown as they come.
struct FollowedRun {
  let daemon: ControlClient
  let state: StateDirectory
  /// The folder that the user named, if any.
  var folder: String?

  /// Starts the run and returns its row when it has ended.
  func run(_ job: String, parameters: [String: DataValue], testing: Bool, dry: DryRun? = nil) throws
    -> DataValue
  {
    let first: DataValue?
    do throws(RunnerError) {
      try daemon.send(
        .trigger(
          job: job, params: parameters, testing: testing, dry: dry, wait: true,
          folder: folder.map { absolutePath($0) }, by: UserName.current)
      )
      first = try daemon.next()
    } catch {
      throw CommandFailure(error.description, status: ExitStatus.noJob)
    }
    guard let first, let id = first["id"].asInt else {
      throw CommandFailure("the daemon gave the run no number")
    }
    // A row that ended at once, because a gate was closed, comes whole.
    if first["outcome"] != .null { return shown(first, id: id) }
    let logs = try SQLiteLogStore(readOnlyAt: state.logsPath)
    let printer = LogPrinter(logs: logs, query: LogQuery(run: RunID(id)))
    do {
      let row = try LogFollower.follow(printer, until: { try daemon.poll(milliseconds: 50) })
      _ = try daemon.next()
      return shown(row, id: id)
    } catch let error as RunnerError {
      throw CommandFailure(
        "run \(id): \(error); `almanac why \(job) \(id)` tells what becomes of it", status: ExitStatus.cut)
    }
  }

  private func shown(_ row: DataValue, id: Int64) -> DataValue {
    let outcome = row["outcome"].asString ?? "unknown"
    let why = row["error"].asString ?? row["reason"].asString
    Console.note("run \(id) \(outcome)" + (why.map { ": \($0)" } ?? ""))
    return row
  }
}
