import Scheduling
import Values

/// Settings of every job that does not say otherwise: the `defaults` of `almanac.yaml`.
///
/// A job's own key takes the place of the default as a whole: a job's `retry` is not mixed with the
/// default one.
public struct JobDefaults: Sendable, Equatable {
  /// The settings by key, as in a schedule table.
  package let table: DataTable
  /// The file that they stand in, as messages name it.
  let file: String
  /// Where in it, by places that begin with `defaults`.
  let lines: PlaceLines

  /// No default but the built-in ones.
  public static let none = JobDefaults(DataTable(), file: "", lines: PlaceLines())

  private init(_ table: DataTable, file: String, lines: PlaceLines) {
    self.table = table
    self.file = file
    self.lines = lines
  }

  /// Takes the key `defaults` of a configuration, and reports all that is wrong with it.
  ///
  /// Relative paths in it start from the folder of the file.
  package init(_ reader: inout TableReader, zone: Zone, file: String, folder: String, lines: PlaceLines) {
    guard let value = reader.value("defaults"),
      let inner = reader.table("defaults", example: "defaults: { time_limit: 1h }"),
      let written = value.asTable
    else {
      self = .none
      return
    }
    self.init(Self.rooted(written, in: folder), file: file, lines: lines)
    ScheduleDecoder.check(defaults: table, daemonZone: zone, inner.problems)
  }

  /// Puts what a job's table does not say under it, and nothing that belongs to another choice than the job's.
  ///
  /// - Returns: the table, and the keys that are not the job's own.
  func under(_ schedule: DataTable) -> (table: DataTable, inherited: Set<String>) {
    let settled = Self.settled(by: schedule)
    let inherited = table.fields.filter { schedule.fields[$0.key] == nil && !settled.contains($0.key) }
    var whole = schedule
    whole.fields.merge(inherited) { own, _ in own }
    return (whole, Set(inherited.keys))
  }

  /// The keys that only say more exactly what the job has decided otherwise, as `queue_limit` beside
  /// `overlap = "skip"`.
  private static func settled(by schedule: DataTable) -> Set<String> {
    let own = schedule.fields
    var keys: Set<String> = []
    if let overlap = own["overlap"] {
      if overlap != "queue" { keys.insert("queue_limit") }
      if overlap != "parallel" { keys.insert("max_parallel") }
    }
    if own["catch_up"] != nil || own["start_when_available"] != nil {
      keys.formUnion(["catch_up", "start_when_available"])
      let isNothing = own["catch_up"].map { $0 == "none" } ?? (own["start_when_available"] == false)
      if isNothing { keys.insert("catch_up_within") }
    }
    return keys
  }

  /// Has the paths that a job would read from its own folder start from this one.
  private static func rooted(_ table: DataTable, in folder: String) -> DataTable {
    func rooted(_ value: DataValue, _ key: String) -> DataValue {
      guard var inner = value.asTable else { return value }
      if case .string(let path)? = inner.fields[key], !path.isEmpty, !path.hasPrefix("/") {
        inner.fields[key] = .string(folder + "/" + path)
      }
      inner.items = inner.items.map { rooted($0, key) }
      return .table(inner)
    }
    var table = table
    table.fields["blackout"] = table.fields["blackout"].map { rooted($0, "calendar") }
    table.fields["requires"] = table.fields["requires"].map { rooted($0, "file") }
    return table
  }
}
