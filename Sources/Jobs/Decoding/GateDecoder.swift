import Scheduling
import Values

/// The windows and blackouts of a job.
struct GateDecoder {
  let zone: Zone
  /// The job's folder: a calendar file's path starts there.
  let folder: String

  struct Gates {
    var windows: [Window] = []
    var blackout = Blackout.none
    /// The paths of the calendar files that were read, with their digests.
    var calendars: [String: String] = [:]
  }

  func decode(_ reader: inout TableReader) -> Gates {
    let windows = reader.tables("window", example: "window = { from = \"02:00\", to = \"04:00\" }") ?? []
    var gates = Gates(windows: windows.compactMap { window($0) })
    blackout(&reader, into: &gates)
    return gates
  }

  private func window(_ reader: TableReader) -> Window? {
    var reader = reader
    func time(_ key: String) -> TimeOfDay? {
      reader.parsed(key, wanted: "a time of day (\"02:30\")") {
        (text) throws(ScheduleError) in try TimeOfDay(parsing: text)
      }
    }
    let from = time("from")
    let to = time("to")
    let days = reader.parsedList("days", wanted: "days of the week (\"mon\")") {
      (text) throws(ScheduleError) in try Weekday(parsing: text)
    }
    let onClose = reader.choice("on_close", of: Window.OnClose.allCases.map(\.rawValue))
      .flatMap(Window.OnClose.init(rawValue:))
    reader.close(.window)
    for key in ["from", "to"] where !reader.has(key) {
      reader.report(key, "is missing; write window = { from = \"02:00\", to = \"04:00\" }")
    }
    guard let from, let to else { return nil }
    return reader.attempt(at: reader.place) { () throws(ScheduleError) in
      try Window(
        from: from, to: to, days: days.map(Set.init) ?? Set(Weekday.allCases), onClose: onClose ?? .finish)
    }
  }

  private static let wanted = "a date (\"2026-12-24\") or a range (\"2026-12-24..2027-01-06\")"

  private func blackout(_ reader: inout TableReader, into gates: inout Gates) {
    guard let value = reader.value("blackout") else { return }
    let place = reader.place(of: "blackout")
    if let table = value.asTable, table.items.isEmpty, !table.isList {
      return add(TableReader(table, at: place, reader.problems), to: &gates)
    }
    for item in reader.oneOrMore("blackout", wanted: Self.wanted) ?? [] {
      if let table = item.value.asTable {
        add(TableReader(table, at: item.place, reader.problems), to: &gates)
      } else if case .string(let text) = item.value {
        _ = reader.attempt(at: item.place) { () throws(ScheduleError) in
          try gates.blackout.add(parsing: text, in: zone)
        }
      } else {
        reader.problems.add(item.place, Found.mismatch(item.value, Self.wanted))
      }
    }
  }

  /// `{ from, to }` or `{ calendar }`.
  private func add(_ reader: TableReader, to gates: inout Gates) {
    var reader = reader
    let from = reader.text("from", wanted: "a date (\"2026-12-24\")")
    let to = reader.text("to", wanted: "a date (\"2026-12-26\")")
    let calendar = reader.text("calendar", wanted: "the path of a calendar file (\"holidays.ics\")")
    reader.close(.blackout)
    let isRange = reader.has("from") || reader.has("to")
    if isRange, reader.has("calendar") {
      reader.report(
        "calendar", "stands in a table of its own: blackout = { { calendar = \"...\" }, { from = ... } }")
    } else if let calendar {
      add(calendar: calendar, &reader, to: &gates)
    } else if isRange {
      for key in ["from", "to"] where !reader.has(key) {
        reader.report(key, "is missing; write { from = \"2026-12-24\", to = \"2026-12-26\" }")
      }
      guard let from, let to else { return }
      _ = reader.attempt(at: reader.place) { () throws(ScheduleError) in
        try gates.blackout.add(from: from, to: to, in: zone)
      }
    } else if !reader.has("calendar") {
      reader.problems.add(reader.place, "says nothing; write \(KeyList.blackout.example.dropFirst(6))")
    }
  }

  private func add(calendar path: String, _ reader: inout TableReader, to gates: inout Gates) {
    do throws(FileTrouble) {
      let file = path.hasPrefix("/") ? path : folder + "/" + path
      let bytes = try SourceFile.read(file)
      gates.calendars[file] = SourceDigest.of(main: bytes, modules: [])
      _ = reader.attempt(at: reader.place(of: "calendar")) { () throws(ScheduleError) in
        try gates.blackout.add(calendar: bytes, named: path)
      }
    } catch {
      reader.report("calendar", "\(Found.quoted(path)) \(error.message)")
    }
  }
}
