import LuaHost
import Scheduling
import Values

/// `almanac.time`: instants, calendars, durations, business days.
///
/// An instant is a number of seconds since 1970, as `os.time` has it. The zone is the last argument of whatever
/// asks for one: an IANA name; without it, the job's own.
enum TimeModule {
  /// The longest pattern of `format` and `parse_as`, in bytes.
  private static let patternLimit = 4096
  /// The longest text that is read by one, in bytes.
  private static let textLimit = 16 * 1024

  static let functions: [HostFunction] =
    [
      function("now") { _, _ throws(Misuse) in .values([Instant.now().value]) },
      function("parse") { arguments, job throws(Misuse) in
        let text = try arguments.text(0, "text")
        let zone = try arguments.zone(1, in: job)
        do throws(ScheduleError) { return .values([try Instant(parsing: text, in: zone).value]) } catch {
          return .trouble("\(error)")
        }
      },
      function("parse_as") { arguments, job throws(Misuse) in
        let text = try arguments.text(0, "text")
        let pattern = try pattern(arguments, 1)
        let zone = try arguments.zone(2, in: job)
        guard text.utf8.count <= textLimit else {
          return .trouble("a text of \(text.utf8.count) bytes is too long: \(textLimit) are read")
        }
        do throws(TimePattern.Mismatch) { return .values([try pattern.read(text, in: zone).value]) } catch {
          return .trouble(error.text)
        }
      },
      function("format") { arguments, job throws(Misuse) in
        let zone = try arguments.zone(2, in: job)
        let instant = try arguments.instant(0, "the instant", in: zone)
        guard arguments[1] != .null else { return .values([.string(iso(instant, zone))]) }
        return .values([.string(try pattern(arguments, 1).write(instant, in: zone))])
      },
      function("make") { arguments, job throws(Misuse) in
        let zone = try arguments.zone(1, in: job)
        return .values([try instant(of: arguments.options(0, known: parts), in: zone).value])
      },
      function("parts") { arguments, job throws(Misuse) in
        let zone = try arguments.zone(1, in: job)
        return .values([parts(of: try arguments.instant(0, "the instant", in: zone), in: zone)])
      },
      function("add") { arguments, job throws(Misuse) in
        let zone = try arguments.zone(2, in: job)
        let instant = try arguments.instant(0, "the instant", in: zone)
        guard let sum = zone.adding(try span(arguments, 1), to: instant) else {
          throw arguments.misuse("the sum is outside the years 1 to 9999")
        }
        return .values([sum.value])
      },
      function("diff") { arguments, job throws(Misuse) in
        let unit = try unit(arguments, 2)
        let zone = try arguments.zone(3, in: job)
        let from = try arguments.instant(0, "from", in: zone)
        let to = try arguments.instant(1, "to", in: zone)
        return .values([.int(Int64(zone.count(of: unit, from: from, to: to)))])
      },
      function("start_of") { arguments, job throws(Misuse) in
        let unit = try unit(arguments, 1)
        let zone = try arguments.zone(2, in: job)
        return .values([zone.start(of: unit, at: try arguments.instant(0, "the instant", in: zone)).value])
      },
      function("parse_duration") { arguments, _ throws(Misuse) in
        let text = try arguments.text(0, "text")
        do throws(ScheduleError) {
          return .values([(Instant(microseconds: 0) + (try Interval(parsing: text))).value])
        } catch {
          return .trouble("\(error)")
        }
      },
      function("format_duration") { arguments, _ throws(Misuse) in
        guard let seconds = arguments[0].asDouble, abs(seconds) < 1e12 else {
          throw arguments.misuse("the duration must be a number of seconds, not \(describe(arguments[0]))")
        }
        return .values([.string(Interval(microseconds: Int64((seconds * 1_000_000).rounded())).description)])
      },
    ] + BusinessDaysFunctions.all

  private static func function(
    _ name: String, _ body: @escaping @Sendable (Arguments, JobContext) throws(Misuse) -> HostReply
  ) -> HostFunction {
    .immediate(name, of: "time", body)
  }

  private static func pattern(_ arguments: Arguments, _ index: Int) throws(Misuse) -> TimePattern {
    let text = try arguments.text(index, "pattern")
    guard text.utf8.count <= patternLimit else {
      throw arguments.misuse("the pattern is longer than \(patternLimit) bytes")
    }
    // A zone that stands in the pattern's place is an easy slip.
    guard text.contains("%") else {
      throw arguments.misuse("pattern \"\(text)\" has no % in it, as in \"%Y-%m-%d\"; a zone comes behind it")
    }
    do throws(Misuse) { return try TimePattern(text) } catch {
      throw arguments.misuse("pattern \(error.text)")
    }
  }

  /// `2026-11-23T11:00:00+01:00`, with a fraction where there is one, and `Z` in UTC.
  private static func iso(_ instant: Instant, _ zone: Zone) -> String {
    var text = instant.description(in: zone)
    if let fraction = text.firstRange(of: ".000") { text.removeSubrange(fraction) }
    guard zone == .utc, let offset = text.firstRange(of: "+00:00") else { return text }
    return text.replacingCharacters(in: offset, with: "Z")
  }

  // MARK: - Parts

  private static let parts = ["year", "month", "day", "hour", "min", "sec"]

  /// What `os.date("*t")` has, and what it lacks.
  private static func parts(of instant: Instant, in zone: Zone) -> DataValue {
    let local = zone.localTime(at: instant)
    let (date, week) = (local.date, local.date.isoWeek)
    let numbers = [
      "year": date.year, "month": date.month, "day": date.day, "hour": local.hour, "min": local.minute,
      "sec": local.second, "wday": date.weekday.rawValue + 1, "yday": date.dayOfYear, "week": week.week,
      "week_year": week.year, "offset": zone.offset(at: instant),
    ]
    var fields = numbers.mapValues { DataValue.int(Int64($0)) }
    fields["fraction"] = .double(Double(local.microseconds % 1_000_000) / 1_000_000)
    fields["weekday"] = .string(date.weekday.description)
    fields["zone"] = .string(zone.name)
    return .object(fields)
  }

  private static func instant(of parts: Options, in zone: Zone) throws(Misuse) -> Instant {
    guard let year = try parts.count("year", in: 1...9_999) else { throw parts.misuse("year is missing") }
    let month = try parts.count("month", in: 1...12) ?? 1
    let day = try parts.count("day", in: 1...31) ?? 1
    let hour = try parts.count("hour", in: 0...23) ?? 0
    let minute = try parts.count("min", in: 0...59) ?? 0
    let second = try parts.count("sec", in: 0...59) ?? 0
    guard let date = LocalDate(year: year, month: month, day: day) else {
      throw parts.misuse("the month \(month) of \(year) has no day \(day)")
    }
    return zone.instant(
      of: LocalTime(date: date, microseconds: Int64(hour * 3_600 + minute * 60 + second) * 1_000_000))
  }

  // MARK: - Units and spans

  private static func unit(_ arguments: Arguments, _ index: Int) throws(Misuse) -> CalendarUnit {
    let name = try arguments.text(index, "unit")
    if let unit = CalendarUnit(named: name) { return unit }
    let names = CalendarUnit.allCases.map(\.plural)
    let hint = SlipFinder.nearest(to: name, in: names).map { "did you mean \"\($0)\"?" }
    throw arguments.misuse(
      "\"\(name)\" is not a unit: \(hint ?? "there are \(names.joined(separator: ", "))")")
  }

  /// Seconds, a duration (with a minus before it, if you like), or a table of units.
  private static func span(_ arguments: Arguments, _ index: Int) throws(Misuse) -> CalendarSpan {
    var span = CalendarSpan()
    switch arguments[index] {
    case .int, .double:
      guard let seconds = arguments[index].asDouble, abs(seconds) < 1e12 else {
        throw arguments.misuse("\(describe(arguments[index])) seconds lead out of the years 1 to 9999")
      }
      span.exact = Interval(microseconds: Int64((seconds * 1_000_000).rounded()))
    case .string(let text):
      let isNegative = text.hasPrefix("-")
      do throws(ScheduleError) {
        let length = try Interval(parsing: isNegative ? String(text.dropFirst()) : text)
        span.exact = isNegative ? .zero - length : length
      } catch {
        throw arguments.misuse("\(error)")
      }
    case .table:
      let options = try arguments.options(index, known: CalendarUnit.allCases.map(\.plural))
      for unit in CalendarUnit.allCases {
        span.add(try options.count(unit.plural, in: -1_000_000_000...1_000_000_000) ?? 0, unit)
      }
    case let value:
      throw arguments.misuse(
        "what is added must be seconds, a duration like \"90m\", or a table like { days = 1 }, not \(describe(value))"
      )
    }
    return span
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + self[range.upperBound...]
  }
}
