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
  ///   - defaults: What holds where the job says nothing.
  public static func decode(
    _ schedule: DataValue, of source: JobSource, daemonZone: Zone, defaults: JobDefaults = .none
  ) -> Result<JobDefinition, LoadFailure> {
    let problems = Problems()
    let isOnDemand = schedule == .null
    guard let own = isOnDemand ? DataTable() : schedule.asTable else {
      problems.add("schedule", Found.mismatch(schedule, "a table: schedule = { every = \"10m\" }"))
      return .failure(failure(problems, source, .none, []))
    }
    let (table, inherited) = defaults.under(own)
    var definition = decode(
      table, as: .schedule, at: "schedule", of: source, daemonZone: daemonZone, problems)
    if isOnDemand { definition.schedule = nil }
    return problems.isEmpty
      ? .success(definition) : .failure(failure(problems, source, defaults, inherited))
  }

  /// Reports what is wrong with defaults, whatever the jobs are.
  static func check(defaults: DataTable, daemonZone: Zone, _ problems: Problems) {
    var settings = defaults
    for key in defaults.fields.keys.sorted() {
      // Else it would be read as a trigger.
      guard let place = KeyList.defaults.elsewhere[key] else { continue }
      settings.fields[key] = nil
      TableReader(defaults, at: "defaults", problems).report(key, place)
    }
    let anyJob = JobSource(name: "", folder: "/", mainPath: "", main: [])
    _ = decode(settings, as: .defaults, at: "defaults", of: anyJob, daemonZone: daemonZone, problems)
  }

  private static func decode(
    _ table: DataTable, as known: KeyList, at place: String, of source: JobSource, daemonZone: Zone,
    _ problems: Problems
  ) -> JobDefinition {
    var reader = TableReader(table, at: place, problems)
    var definition = JobDefinition(source: source)
    definition.namesZone = reader.has("time_zone")
    let zone = SettingsDecoder.zone(&reader) ?? daemonZone
    SettingsDecoder.decode(&reader, into: &definition)
    definition.formerly = formerly(&reader, source)
    let gates = GateDecoder(zone: zone, folder: source.folder).decode(&reader)
    definition.calendars = gates.calendars
    let triggers = TriggersDecoder(zone: zone, jobName: source.name, folder: source.folder).decode(&reader)
    reader.close(known)
    if problems.isEmpty {
      definition.schedule = reader.attempt(at: place) { () throws(ScheduleError) in
        try Schedule(
          triggers: triggers, windows: gates.windows, blackout: gates.blackout, zone: zone,
          jobName: source.name)
      }
    }
    return definition
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

  private static func failure(
    _ problems: Problems, _ source: JobSource, _ defaults: JobDefaults, _ inherited: Set<String>
  ) -> LoadFailure {
    let lines = ScheduleLines(source.main)
    return LoadFailure(
      problems.all.map { problem in
        let path = problem.place.dropFirst("schedule.".count)
        if inherited.contains(String(path.prefix { $0 != "." && $0 != "[" })) {
          let place = "defaults." + path
          return LoadError(
            job: source.name, file: defaults.file, line: defaults.lines.line(of: place),
            message: "\(place): \(problem.message)")
        }
        return LoadError(
          job: source.name, file: source.mainPath, line: lines.line(of: problem.place),
          message: "\(problem.place): \(problem.message)")
      }.sorted())
  }
}
