import LuaHost
import Values

/// Takes a CSV text apart, one row after the other. Source: RFC 4180.
///
/// Lines end in LF, CRLF or CR. An empty line is no row. A quote inside a field that does not begin with one
/// stands for itself, as spreadsheets have it.
struct CSVReader {
  /// A row and the line it begins at.
  struct Row: Equatable {
    let line: Int
    let fields: [[UInt8]]
  }

  private let bytes: [UInt8]
  private let format: CSVFormat
  private let isWhole: Bool
  /// Where the next row begins.
  private(set) var position = 0
  /// The line that it begins at.
  private(set) var line: Int
  private var work = LongWork.ofRun

  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// - Parameters:
  ///   - line: The number of the first line.
  ///   - isWhole: False if more of the text is to come: then a row that may not be complete is not given.
  init(_ bytes: [UInt8], _ format: CSVFormat, line: Int = 1, isWhole: Bool = true) {
    self.bytes = bytes
    self.format = format
    self.line = line
    self.isWhole = isWhole
    if line == 1, bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
  }

  /// The next row, or `nil` at the end.
  mutating func next() throws(CSVDamage) -> Row? {
    while position < bytes.count {
      guard let (row, end, lines) = try row() else { return nil }
      (position, line) = (end, line + lines)
      if let row { return row }
    }
    return nil
  }

  /// The row at `position`, where it ends, and how many lines it takes; no row for an empty line; `nil` if it
  /// may go on behind what is there.
  private mutating func row() throws(CSVDamage) -> (row: Row?, end: Int, lines: Int)? {
    var fields: [[UInt8]] = []
    var (at, lines) = (position, 0)
    if work.mustEnd(making: DataTable.weight) { return nil }
    while true {
      if work.mustEnd(making: 2 * DataValue.weight) { return nil }
      let isQuoted = at < bytes.count && bytes[at] == format.quote
      if isQuoted {
        guard let (field, end) = try quotedField(at: at, lines: &lines) else { return nil }
        fields.append(field)
        at = end
      } else {
        let start = at
        while at < bytes.count, bytes[at] != format.separator, !CSVFormat.endsLine(bytes[at]) {
          if work.mustEnd(making: 1) { return nil }
          at += 1
        }
        fields.append(Array(bytes[start..<at]))
      }
      guard at < bytes.count else {
        // A CR at the end may be half of a line's end, and a field may go on.
        return isWhole ? (Row(line: line, fields: fields), at, lines) : nil
      }
      if bytes[at] == format.separator {
        at += 1
        continue
      }
      guard CSVFormat.endsLine(bytes[at]) else {
        let found = Character(Unicode.Scalar(bytes[at]))
        throw CSVDamage(
          line: line + lines,
          what: "after a closing quote stands a separator or the end of the line, not \"\(found)\"")
      }
      if bytes[at] == Self.carriageReturn {
        if at + 1 == bytes.count, !isWhole { return nil }
        if at + 1 < bytes.count, bytes[at + 1] == Self.newline { at += 1 }
      }
      let isEmpty = fields.count == 1 && fields[0].isEmpty && !isQuoted
      return (isEmpty ? nil : Row(line: line, fields: fields), at + 1, lines + 1)
    }
  }

  /// The field behind the quote at `start`, and where it ends.
  private mutating func quotedField(
    at start: Int, lines: inout Int
  ) throws(CSVDamage) -> (field: [UInt8], end: Int)? {
    let opened = line + lines
    var field: [UInt8] = []
    var at = start + 1
    while at < bytes.count {
      if bytes[at] == format.quote {
        guard at + 1 < bytes.count, bytes[at + 1] == format.quote else {
          // Behind the last byte may stand the second half of a doubled quote.
          return at + 1 == bytes.count && !isWhole ? nil : (field, at + 1)
        }
        at += 1
      } else if bytes[at] == Self.newline {
        lines += 1
      } else if bytes[at] == Self.carriageReturn, at + 1 == bytes.count || bytes[at + 1] != Self.newline {
        lines += 1
      }
      if work.mustEnd(making: 1) { return nil }
      field.append(bytes[at])
      at += 1
    }
    guard isWhole else { return nil }
    throw CSVDamage(line: opened, what: "a quote is opened and never closed")
  }
}
