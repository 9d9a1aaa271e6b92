import LuaHost
import Values

/// What rows become in Lua: lists of fields, or records with the names of a header.
struct CSVTable {
  /// Where the names come from.
  private enum Header {
    case none
    case firstRow
    case names([String])
  }

  static let options = ["header", "separator", "quote", "ragged"]

  private let header: Header
  private let isRagged: Bool
  /// The names, when they are known.
  private(set) var names: [String]?
  /// How many fields a row has, when the first one has been seen.
  private(set) var width: Int?

  /// Reads the options `header` and `ragged`.
  init(_ options: Options) throws(Misuse) {
    switch options["header"] {
    case .null, .bool(false): header = .none
    case .bool(true): header = .firstRow
    case .table(let table) where table.fields.isEmpty && !table.items.isEmpty:
      let given = table.items.compactMap { LuaText.bytes($0).map { String(decoding: $0, as: UTF8.self) } }
      guard given.count == table.items.count else { throw options.misuse("header must be a list of names") }
      if let twice = Self.repeated(given) { throw options.misuse("header has the name \"\(twice)\" twice") }
      header = .names(given)
      names = given
      width = given.count
    default:
      throw options.misuse("header must be true or a list of names, not \(describe(options["header"]))")
    }
    isRagged = try options.flag("ragged")
  }

  /// Goes on where another one was left.
  mutating func restore(names: [String]?, width: Int?) { (self.names, self.width) = (names, width) }

  /// What the row is for Lua; `nil` for the row that is the header.
  mutating func value(of row: CSVReader.Row) throws(CSVDamage) -> DataValue? {
    if case .firstRow = header, names == nil {
      names = try Self.names(row)
      width = row.fields.count
      return nil
    }
    let width = width ?? row.fields.count
    self.width = width
    let fits = row.fields.count == width
    let mayBeRagged = names == nil || row.fields.count < width
    guard fits || isRagged && mayBeRagged else {
      throw CSVDamage(
        line: row.line,
        what:
          "\(Self.fields(row.fields.count)) where \(names == nil ? "the first row" : "the header") has \(width)"
          + (mayBeRagged ? " ({ ragged = true } takes it as it is)" : ""))
    }
    guard let names else { return .table(DataTable(items: row.fields.map(DataValue.bytes))) }
    return .object(Dictionary(zip(names, row.fields.map(DataValue.bytes)), uniquingKeysWith: { $1 }))
  }

  private static func names(_ row: CSVReader.Row) throws(CSVDamage) -> [String] {
    let names = row.fields.compactMap { String(validating: $0, as: UTF8.self) }
    guard names.count == row.fields.count else {
      throw CSVDamage(line: row.line, what: "the header is not UTF-8")
    }
    if let twice = repeated(names) {
      throw CSVDamage(line: row.line, what: "the header has the name \"\(twice)\" twice")
    }
    return names
  }

  private static func repeated(_ names: [String]) -> String? {
    var seen: Set<String> = []
    return names.first { !seen.insert($0).inserted }
  }

  private static func fields(_ count: Int) -> String { count == 1 ? "1 field" : "\(count) fields" }
}
