import RunLifecycle
import Scheduling
import Values

/// Reads the `schedule` table of a job, as its file left it, into a ``JobDefinition``.
///
/// Everything wrong is told at once, each with its key, what was found and what would be right, and
/// with the line where the key is written, if it is. Nothing is passed over: an unknown key, an item
/// without one and a key that does nothing yet are errors.
public enum ScheduleDecoder {
  /// - Parameters:
  ///   - schedule: The global `schedule`; `null` for a job without one, which runs on demand.
  ///   - daemonZone: The time zone of jobs that name none.
  public static func decode(
    _ schedule: DataValue, of source: JobSource, daemonZone: Zone
  ) -> Result<JobDefinition, LoadFailure> {
    let problems = Problems()
    if case .null = schedule { return .success(JobDefinition(source: source)) }
    guard let table = schedule.asTable else {
      problems.add("schedule", Found.mismatch(schedule, "a table: schedule = { every = \"10m\" }"))
      return .failure(failure(problems, source))
    }
    var reader = TableReader(table, at: "schedule", problems)
    var definition = JobDefinition(source: source)
    definition.namesZone = reader.has("time_zone")
    let zone = SettingsDecoder.zone(&reader) ?? daemonZone
    SettingsDecoder.decode(&reader, into: &definition)
    definition.formerly = formerly(&reader, source)
    let gates = GateDecoder(zone: zone, folder: source.folder).decode(&reader)
    definition.calendars = gates.calendars
    let triggers = TriggersDecoder(zone: zone, jobName: source.name, folder: source.folder).decode(&reader)
    reader.close(.schedule)
    if problems.isEmpty {
      definition.schedule = reader.attempt(at: "schedule") { () throws(ScheduleError) in
        try Schedule(
          triggers: triggers, windows: gates.windows, blackout: gates.blackout, zone: zone,
          jobName: source.name)
      }
    }
    return problems.isEmpty ? .success(definition) : .failure(failure(problems, source))
  }

  /// The name under which the job's history is.
  private static func formerly(_ reader: inout TableReader, _ source: JobSource) -> String? {
    guard let name = reader.text("formerly", wanted: "the job's former name (\"backup\")") else { return nil }
    if name.isEmpty || name == source.name {
      reader.report(
        "formerly", name.isEmpty ? "is empty; write the job's former name" : "is the name that the job has")
    }
    return name
  }

  private static func failure(_ problems: Problems, _ source: JobSource) -> LoadFailure {
    let lines = ScheduleLines(source.main)
    return LoadFailure(
      problems.all.map { problem in
        LoadError(
          job: source.name, file: source.mainPath, line: lines.line(of: problem.place),
          message: "\(problem.place): \(problem.message)")
      }.sorted())
  }
}
