extension Blackout {
  /// Adds the events of an iCalendar file: dates, times, and yearly rules.
  ///
  /// - Parameter file: Its name, for messages.
  /// - Throws: naming file and line, where something that says when is not understood.
  public mutating func add(calendar bytes: [UInt8], named file: String) throws(ScheduleError) {
    var reader = CalendarReader(file: try CalendarFile(bytes, named: file))
    entries += try reader.events().map(Entry.event)
  }
}

/// Walks over the components of an iCalendar file and keeps its events.
private struct CalendarReader {
  let file: CalendarFile
  private var position = 0

  init(file: CalendarFile) { self.file = file }

  mutating func events() throws(ScheduleError) -> [CalendarEvent] {
    var events: [CalendarEvent] = []
    var calendarIsOpen = false
    while position < file.lines.count {
      let line = file.lines[position]
      position += 1
      let component = line.value.uppercased()
      switch (line.name, component) {
      case ("BEGIN", "VCALENDAR") where !calendarIsOpen: calendarIsOpen = true
      case ("END", "VCALENDAR") where calendarIsOpen: calendarIsOpen = false
      case ("BEGIN", "VEVENT") where calendarIsOpen:
        if let event = try event(begin: line) { events.append(event) }
      // What a zone's rules are is read from the zone files; a task or a note blocks no time.
      case ("BEGIN", "VTIMEZONE"), ("BEGIN", "VTODO"), ("BEGIN", "VJOURNAL"): try skip(component, begin: line)
      case ("BEGIN", _) where component.hasPrefix("X-"): try skip(component, begin: line)
      case ("BEGIN", _), ("END", _):
        throw file.failure(
          line, "\(line.name):\(line.value) is not understood here; a blackout is made of VEVENTs")
      default:
        guard calendarIsOpen else { throw file.failure(line, "\(line.name) stands outside of VCALENDAR") }
      }
    }
    guard !calendarIsOpen else {
      throw ScheduleError(
        "\(file.name):\(file.lines.last?.number ?? 1): END:VCALENDAR is missing: the file is cut short")
    }
    return events
  }

  private mutating func skip(_ component: String, begin: CalendarFile.Line) throws(ScheduleError) {
    var open = [component]
    while let innermost = open.last {
      guard position < file.lines.count else { throw file.failure(begin, "END:\(component) is missing") }
      let line = file.lines[position]
      position += 1
      if line.name == "BEGIN" { open.append(line.value.uppercased()) }
      if line.name == "END" {
        guard line.value.uppercased() == innermost else {
          throw file.failure(line, "END:\(line.value) does not close BEGIN:\(innermost)")
        }
        open.removeLast()
      }
    }
  }

  private mutating func event(begin: CalendarFile.Line) throws(ScheduleError) -> CalendarEvent? {
    var properties: [String: CalendarFile.Line] = [:]
    var exceptions: [CalendarFile.Line] = []
    while true {
      guard position < file.lines.count else { throw file.failure(begin, "END:VEVENT is missing") }
      let line = file.lines[position]
      position += 1
      switch line.name {
      case "END":
        guard line.value.uppercased() == "VEVENT" else {
          throw file.failure(line, "END:\(line.value) does not close BEGIN:VEVENT")
        }
        return try CalendarEventBuilder(file: file, begin: begin, lines: properties, exceptions: exceptions)
          .event()
      case "BEGIN":
        let component = line.value.uppercased()
        guard component == "VALARM" || component.hasPrefix("X-") else {
          throw file.failure(line, "BEGIN:\(line.value) is not understood in a VEVENT")
        }
        try skip(component, begin: line)
      case "EXDATE":
        exceptions.append(line)
      case "RDATE", "EXRULE", "RECURRENCE-ID":
        throw file.failure(
          line, "\(line.name) is not understood; write an event of its own for each such date")
      case "DTSTART", "DTEND", "DURATION", "RRULE", "SUMMARY", "STATUS":
        guard properties.updateValue(line, forKey: line.name) == nil else {
          throw file.failure(line, "\(line.name) stands twice in one VEVENT")
        }
      // All else does not say when.
      default: break
      }
    }
  }
}
