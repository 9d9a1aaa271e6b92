import LuaHost
import Scheduling

/// A pattern of `strftime`'s kind, which writes instants and reads them: `%Y-%m-%d %H:%M`.
///
/// Names are English. Source: POSIX `strftime` and `strptime`, with `%f`, `%L`, `%:z` and `%-d` as others have
/// them.
struct TimePattern {
  /// A piece of the pattern.
  enum Part: Equatable {
    case text(UInt8)
    /// A directive's letter, and whether numbers have no zeros or spaces before them (`%-d`).
    case field(Character, bare: Bool)
    /// `%:z`
    case offsetWithColon
  }

  /// Directives that are short for others.
  private static let short: [Character: String] = [
    "F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "c": "%a %b %e %H:%M:%S %Y",
    "x": "%m/%d/%y", "X": "%H:%M:%S", "r": "%I:%M:%S %p",
  ]
  private static let known = Set("YmdeHIMSfLyjpaAbBhuwVGsUWzZ")
  static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November",
    "December",
  ]

  let text: String
  let parts: [Part]

  /// - Throws: naming the directive that is not known.
  init(_ text: String) throws(Misuse) {
    self.text = text
    parts = try Self.parts(text)
  }

  private static func parts(_ text: String) throws(Misuse) -> [Part] {
    var parts: [Part] = []
    var rest = text[...]
    while let letter = rest.popFirst() {
      guard letter == "%" else {
        parts += letter.utf8.map(Part.text)
        continue
      }
      let isBare = rest.first == "-"
      if isBare { rest.removeFirst() }
      switch rest.popFirst() {
      case "%": parts.append(.text(UInt8(ascii: "%")))
      case "n": parts.append(.text(UInt8(ascii: "\n")))
      case "t": parts.append(.text(UInt8(ascii: "\t")))
      case ":" where rest.first == "z":
        rest.removeFirst()
        parts.append(.offsetWithColon)
      case let letter? where known.contains(letter):
        parts.append(.field(letter == "h" ? "b" : letter, bare: isBare))
      case let letter?:
        guard let long = short[letter] else {
          throw Misuse("\"%\(letter)\" in \"\(text)\" is not known (docs/jobs.md has the list)")
        }
        parts += try self.parts(long)
      case nil: throw Misuse("\"\(text)\" ends in the middle of a directive")
      }
    }
    return parts
  }

  // MARK: - Writing

  /// The instant as the clock in `zone` shows it.
  func write(_ instant: Instant, in zone: Zone) -> String {
    let local = zone.localTime(at: instant)
    var text: [UInt8] = []
    for part in parts {
      switch part {
      case .text(let byte): text.append(byte)
      case .offsetWithColon: text += Self.offset(zone.offset(at: instant), ":").utf8
      case .field(let letter, let isBare):
        text += Self.field(letter, isBare: isBare, local, instant, zone).utf8
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func field(
    _ letter: Character, isBare: Bool, _ local: LocalTime, _ instant: Instant, _ zone: Zone
  ) -> String {
    func number(_ value: Int, _ width: Int, _ filler: Character = "0") -> String {
      let digits = String(value)
      return isBare ? digits : String(repeating: filler, count: max(0, width - digits.count)) + digits
    }
    let date = local.date
    let halfDay = (local.hour + 11) % 12 + 1
    return switch letter {
    case "Y": number(date.year, 4)
    case "y": number(date.year % 100, 2)
    case "m": number(date.month, 2)
    case "d": number(date.day, 2)
    case "e": number(date.day, 2, " ")
    case "j": number(date.dayOfYear, 3)
    case "H": number(local.hour, 2)
    case "I": number(halfDay, 2)
    case "M": number(local.minute, 2)
    case "S": number(local.second, 2)
    case "f": number(Int(local.microseconds % 1_000_000), 6)
    case "L": number(Int(local.microseconds % 1_000_000 / 1_000), 3)
    case "p": local.hour < 12 ? "AM" : "PM"
    case "a": String(date.weekday.name.prefix(3))
    case "A": date.weekday.name
    case "b": String(months[date.month - 1].prefix(3))
    case "B": months[date.month - 1]
    case "u": String(date.weekday.isoNumber)
    case "w": String(date.weekday.rawValue)
    case "V": number(date.isoWeek.week, 2)
    case "G": number(date.isoWeek.year, 4)
    case "U": number((date.dayOfYear + 6 - date.weekday.rawValue) / 7, 2)
    case "W": number((date.dayOfYear + 7 - date.weekday.isoNumber) / 7, 2)
    case "s": String(instant.wholeSeconds)
    case "z": offset(zone.offset(at: instant), "")
    // What is left is Z.
    default: zone.name
    }
  }

  private static func offset(_ seconds: Int, _ colon: String) -> String {
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
    let size = abs(seconds)
    return (seconds < 0 ? "-" : "+") + two(size / 3_600) + colon + two(size / 60 % 60)
  }
}

extension Instant {
  /// Seconds since 1970, rounded down.
  var wholeSeconds: Int64 {
    let (quotient, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return rest < 0 ? quotient - 1 : quotient
  }
}
