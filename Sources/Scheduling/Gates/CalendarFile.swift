/// The lines of an iCalendar file, unfolded and taken apart.
///
/// Source: RFC 5545, section 3.1.
struct CalendarFile {
  struct Line {
    /// Of its first physical line, from 1.
    let number: Int
    /// In capitals.
    let name: String
    /// By names in capitals.
    let parameters: [String: String]
    let value: String
  }

  let name: String
  let lines: [Line]

  init(_ bytes: [UInt8], named name: String) throws(ScheduleError) {
    self.name = name
    var physical = String(decoding: bytes, as: UTF8.self).split(omittingEmptySubsequences: false) {
      $0.isNewline
    }
    if let first = physical.first, first.hasPrefix("\u{FEFF}") { physical[0] = first.dropFirst() }
    var logical: [(number: Int, text: String)] = []
    for (index, text) in physical.enumerated() where !text.isEmpty {
      if text.first == " " || text.first == "\t" {
        guard !logical.isEmpty else {
          throw ScheduleError("\(name):\(index + 1): the file begins with a continued line")
        }
        logical[logical.count - 1].text += text.dropFirst()
      } else {
        logical.append((index + 1, String(text)))
      }
    }
    guard let first = logical.first, first.text.uppercased() == "BEGIN:VCALENDAR" else {
      throw ScheduleError("\(name):1: not an iCalendar file: it does not begin with BEGIN:VCALENDAR")
    }
    var lines: [Line] = []
    for line in logical {
      guard let parsed = Self.line(line.number, line.text) else {
        throw ScheduleError(
          "\(name):\(line.number): \(quoted(line.text)) is not a line of iCalendar (NAME:value)")
      }
      lines.append(parsed)
    }
    self.lines = lines
  }

  private static func line(_ number: Int, _ text: String) -> Line? {
    var inQuotes = false
    var parts: [String] = [""]
    var value: String?
    for (offset, letter) in zip(text.indices, text) {
      if letter == "\"" { inQuotes.toggle() }
      if letter == ":", !inQuotes {
        value = String(text[text.index(after: offset)...])
        break
      }
      if letter == ";", !inQuotes { parts.append("") } else { parts[parts.count - 1].append(letter) }
    }
    guard let value, let name = parts.first, !name.isEmpty,
      name.utf8.allSatisfy({ $0 == 45 || (48...57).contains($0) || (65...90).contains($0 & 0xdf) })
    else { return nil }
    var parameters: [String: String] = [:]
    for part in parts.dropFirst() {
      guard let equals = part.firstIndex(of: "=") else { return nil }
      parameters[part[..<equals].uppercased()] = part[part.index(after: equals)...].filter { $0 != "\"" }
    }
    return Line(number: number, name: name.uppercased(), parameters: parameters, value: value)
  }

  func failure(_ line: Line, _ what: String) -> ScheduleError {
    ScheduleError("\(name):\(line.number): \(what)")
  }
}
