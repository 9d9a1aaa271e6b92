import LuaHost
import Scheduling
import Synchronization
import Values

/// The functions of `almanac.time` that know weekends and holidays. They may read calendar files, and so wait.
enum BusinessDaysFunctions {
  static let all: [HostFunction] = [
    function("is_business_day", options: 1) { instant, _, days, zone throws(Trouble) in
      .bool(days.contains(zone.localTime(at: instant).date))
    },
    function("add_business_days", options: 2) { instant, arguments, days, zone throws(Trouble) in
      try day(countOfDays(arguments), from: instant, days, zone)
    },
    function("next_business_day", options: 1) { instant, _, days, zone throws(Trouble) in
      try day(1, from: instant, days, zone)
    },
  ]

  private static let longest = 1_000_000

  /// A function of an instant, and of options at `options`.
  private static func function(
    _ name: String, options index: Int,
    _ body: @escaping @Sendable (Instant, Arguments, BusinessDays, Zone) throws(Trouble) -> DataValue
  ) -> HostFunction {
    .blocking(name, of: "time", changes: false, needs: { needs(of: $0, options: index) }) {
      arguments, job throws(Misuse) in
      let options = try arguments.options(index, known: ["holidays", "weekend", "zone"])
      let zone = try Zone.of(try options.text("zone"), in: job, arguments.function)
      let instant = try arguments.instant(0, "the instant", in: zone)
      if index == 2, countOfDays(arguments) == nil {
        throw arguments.misuse(
          "the number of days must be a whole number from -\(longest) to \(longest), not \(describe(arguments[1]))"
        )
      }
      let weekend = try Self.weekend(options)
      let (holidays, calendars) = try Self.holidays(options, job, zone)
      return { () throws(Trouble) in
        var holidays = holidays
        for calendar in calendars { holidays.entries += try CalendarCache.shared.entries(of: calendar) }
        let days = BusinessDays(weekend: weekend, holidays: holidays, zone: zone)
        return [try body(instant, arguments, days, zone)]
      }
    }
  }

  /// The calendar files, to be read.
  private static func needs(of call: HostCall, options index: Int) -> [Capability] {
    let arguments = Arguments(call.arguments, of: "")
    guard let options = try? arguments.options(index, known: ["holidays", "weekend", "zone"]),
      let (_, calendars) = try? holidays(options, call.job, .utc)
    else { return [] }
    return calendars.map { Capability(.read, path: $0.bytes) }
  }

  private static func countOfDays(_ arguments: Arguments) -> Int? {
    arguments[1].asInt.flatMap { $0.magnitude <= longest ? Int($0) : nil }
  }

  /// The same time of day, so many business days later.
  private static func day(
    _ count: Int?, from instant: Instant, _ days: BusinessDays, _ zone: Zone
  ) throws(Trouble) -> DataValue {
    guard let count, count != 0 else { return instant.value }
    var local = zone.localTime(at: instant)
    guard let date = days.day(count, from: local.date) else {
      throw Trouble("there is no such business day: ten years have none, or the calendar ends")
    }
    local.date = date
    return zone.instant(of: local).value
  }

  private static func weekend(_ options: Options) throws(Misuse) -> Set<Weekday> {
    guard options["weekend"] != .null else { return [.saturday, .sunday] }
    guard let items = options["weekend"].asTable?.items else {
      throw options.misuse(
        "weekend must be a list of days like { \"sat\", \"sun\" }, not \(describe(options["weekend"]))")
    }
    var weekend: Set<Weekday> = []
    for item in items {
      do throws(ScheduleError) { weekend.insert(try Weekday(parsing: item.asString ?? describe(item))) } catch
      {
        throw options.misuse("weekend: \(error)")
      }
    }
    return weekend
  }

  /// `{ "2026-12-24", "2026-12-24..2027-01-06", calendar = "holidays.ics" }`, or one of these by itself.
  private static func holidays(
    _ options: Options, _ job: JobContext, _ zone: Zone
  ) throws(Misuse) -> (Blackout, calendars: [JobPath]) {
    let value = options["holidays"]
    var blackout = Blackout()
    var calendars: [JobPath] = []
    guard value != .null else { return (blackout, calendars) }
    guard let table = value.asTable ?? value.asString.map({ DataTable(items: [.string($0)]) }),
      table.fields.keys.allSatisfy({ $0 == "calendar" })
    else {
      throw options.misuse("holidays must be a list of dates, with `calendar = \"holidays.ics\"` if you like")
    }
    for item in table.items {
      do throws(ScheduleError) { try blackout.add(parsing: item.asString ?? "", in: zone) } catch {
        throw options.misuse(
          "holidays: \(describe(item)) is not a date (2026-12-24) or a range of dates (2026-12-24..2027-01-06)"
        )
      }
    }
    if let calendar = table.fields["calendar"] {
      guard let path = calendar.asBytes else {
        throw options.misuse(
          "holidays.calendar must be the path of a calendar file, not \(describe(calendar))")
      }
      calendars = [try JobPath(path, in: job.folder, of: options.function, name: "holidays.calendar")]
    }
    return (blackout, calendars)
  }
}

/// Calendar files that have been read, for as long as they do not change.
private final class CalendarCache: Sendable {
  private struct Entry {
    let mark: [Int]
    let events: [Blackout.Entry]
  }

  static let shared = CalendarCache()
  private static let sizeLimit = 16 << 20
  private static let countLimit = 32
  private let entries = Mutex<[JobPath: Entry]>([:])

  /// The events of a file.
  func entries(of path: JobPath) throws(Trouble) -> [Blackout.Entry] {
    guard let status = try FileSystem.status(path) else { throw .system("read", path, code: 2) }
    let mark = [
      Int(status.st_ino), Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec),
    ]
    if let entry = entries.withLock({ $0[path] }), entry.mark == mark { return entry.events }
    let bytes = try FileSystem.read(path, limit: Self.sizeLimit) { _ in
      "cannot read \(path.given): it is too large for a calendar"
    }
    var blackout = Blackout()
    do throws(ScheduleError) { try blackout.add(calendar: bytes, named: path.given) } catch {
      throw Trouble("\(error)")
    }
    let events = blackout.entries
    entries.withLock { entries in
      if entries.count >= Self.countLimit { entries.removeAll() }
      entries[path] = Entry(mark: mark, events: events)
    }
    return events
  }
}
