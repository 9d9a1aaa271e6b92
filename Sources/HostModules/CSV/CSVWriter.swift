import LuaHost
import Values

/// Writes rows as CSV. Source: RFC 4180.
struct CSVWriter {
  private enum Header {
    /// Names of all records, in order of the alphabet, where there are records.
    case automatic
    case none
    case names([String])
  }

  static let options = ["header", "separator", "quote", "line_end"]

  private let arguments: Arguments
  private let format: CSVFormat
  private let header: Header
  private let lineEnd: [UInt8]
  private var text: [UInt8] = []
  private var work = LongWork.ofRun

  init(_ options: Options, _ arguments: Arguments) throws(Misuse) {
    self.arguments = arguments
    format = try CSVFormat(options)
    let end = try options.choice("line_end", of: ["\n", "\r\n"]) ?? "\n"
    lineEnd = Array(end.utf8)
    switch options["header"] {
    case .null, .bool(true): header = .automatic
    case .bool(false): header = .none
    case .table(let table) where table.fields.isEmpty:
      let names = table.items.compactMap { LuaText.bytes($0).map { String(decoding: $0, as: UTF8.self) } }
      guard names.count == table.items.count, !names.isEmpty else {
        throw options.misuse("header must be a list of names")
      }
      header = .names(names)
    default:
      throw options.misuse("header must be a list of names or false, not \(describe(options["header"]))")
    }
  }

  /// The text of rows that are lists of fields, or records of fields by their names.
  mutating func text(of value: DataValue) throws(Misuse) -> [UInt8] {
    guard let rows = value.asTable, rows.fields.isEmpty else {
      throw arguments.misuse("rows must be a list, not \(describe(value))")
    }
    var tables: [DataTable] = []
    for (index, row) in rows.items.enumerated() {
      guard let table = row.asTable, table.items.isEmpty || table.fields.isEmpty else {
        throw arguments.misuse("row \(index + 1) must be a list or a record, not \(describe(row))")
      }
      tables.append(table)
    }
    let names = names(of: tables)
    if let names, case .names = header {
      try append(names.map(DataValue.string), row: 0)
    } else if let names, case .automatic = header {
      try append(names.map(DataValue.string), row: 0)
    }
    for (index, table) in tables.enumerated() {
      try append(try fields(of: table, names, row: index + 1), row: index + 1)
    }
    return text
  }

  private func names(of rows: [DataTable]) -> [String]? {
    if case .names(let names) = header { return names }
    let names = rows.reduce(into: Set<String>()) { $0.formUnion($1.fields.keys) }
    return names.isEmpty ? nil : names.sorted()
  }

  private func fields(of table: DataTable, _ names: [String]?, row: Int) throws(Misuse) -> [DataValue] {
    guard !table.fields.isEmpty else { return table.items }
    guard let names else { return [] }
    if let unknown = table.fields.keys.sorted().first(where: { !names.contains($0) }) {
      throw arguments.misuse("row \(row) has a field \"\(unknown)\" that the header does not name")
    }
    return names.map { table.fields[$0] ?? .null }
  }

  private mutating func append(_ fields: [DataValue], row: Int) throws(Misuse) {
    for (index, field) in fields.enumerated() {
      if work.mustEnd() { return }
      if index > 0 { text.append(format.separator) }
      let bytes: [UInt8]
      switch field {
      case .null: bytes = []
      case .bool(let flag): bytes = Array("\(flag)".utf8)
      case .table, .opaque:
        throw arguments.misuse(
          "row \(row), field \(index + 1): a field is a string, a number or a boolean, not \(describe(field))"
        )
      case let field: bytes = LuaText.bytes(field) ?? []
      }
      // A row of one empty field would read as an empty line, which is no row.
      try append(bytes, quoting: fields.count == 1 && bytes.isEmpty, row: row)
    }
    text += lineEnd
  }

  private mutating func append(_ field: [UInt8], quoting: Bool, row: Int) throws(Misuse) {
    let isPlain = !field.contains { $0 == format.separator || $0 == format.quote || CSVFormat.endsLine($0) }
    if isPlain && !quoting {
      text += field
      return
    }
    guard let quote = format.quote else {
      if isPlain { return }
      throw arguments.misuse(
        "row \(row) has a field with a separator or a line's end in it, and there is no quote")
    }
    text.append(quote)
    for byte in field {
      if work.mustEnd() { return }
      if byte == quote { text.append(quote) }
      text.append(byte)
    }
    text.append(quote)
  }
}
