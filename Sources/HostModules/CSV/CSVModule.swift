import LuaHost
import Values

/// `almanac.csv`: rows of text fields to CSV and back.
enum CSVModule {
  /// How much of a file is read at once, unless a row is longer.
  private static let pieceSize = 64 * 1024
  /// The longest row of a file.
  private static let rowLimit = 16 << 20

  static let functions: [HostFunction] = [
    .immediate("decode", of: "csv") { arguments, _ throws(Misuse) in
      let text = try arguments.bytes(0, "text")
      let options = try arguments.options(1, known: CSVTable.options)
      let format = try CSVFormat(options)
      var table = try CSVTable(options)
      do throws(CSVDamage) {
        try refuseUTF16(text)
        var reader = CSVReader(text, format)
        var rows: [DataValue] = []
        while let row = try reader.next() {
          if let value = try table.value(of: row) { rows.append(value) }
        }
        return .values([.list(rows)])
      } catch {
        return .trouble("not CSV: \(error.text)")
      }
    },
    .immediate("encode", of: "csv") { arguments, _ throws(Misuse) in
      var writer = try CSVWriter(try arguments.options(1, known: CSVWriter.options), arguments)
      return .values([.bytes(try writer.text(of: arguments[0]))])
    },
    // The next rows of a file for the iterator of `csv.rows`, the lines they begin at, and where to go on.
    .blocking("piece", of: "csv", shownAs: "rows", changes: false, needs: HostFunction.needs(.read(0))) {
      arguments, job throws(Misuse) in
      let path = try arguments.path(0, in: job)
      let options = try arguments.options(1, known: CSVTable.options)
      let format = try CSVFormat(options)
      let table = try CSVTable(options)
      let place = Place(arguments[2])
      return { () throws(Trouble) in try piece(of: path, format, table, from: place) }
    },
  ]

  /// How far an iterator has come. The script's side keeps it between two calls.
  private struct Place {
    var offset = 0
    var line = 1
    var names: [String]?
    var width: Int?

    init(_ value: DataValue) {
      guard let fields = value.asTable?.fields else { return }
      offset = fields["offset"]?.asInt.map { max(0, Int($0)) } ?? 0
      line = fields["line"]?.asInt.map { Int($0) } ?? 1
      width = fields["width"]?.asInt.map { Int($0) }
      names = fields["names"]?.asTable?.items.compactMap(\.asString)
    }

    init(offset: Int, line: Int, _ table: CSVTable) {
      (self.offset, self.line, names, width) = (offset, line, table.names, table.width)
    }

    var value: DataValue {
      .object([
        "offset": .int(Int64(offset)), "line": .int(Int64(line)),
        "width": width.map { .int(Int64($0)) } ?? .null,
        "names": names.map { .list($0.map(DataValue.string)) } ?? .null,
      ])
    }
  }

  private static func piece(
    of path: JobPath, _ format: CSVFormat, _ table: CSVTable, from place: Place
  ) throws(Trouble) -> [DataValue] {
    var size = pieceSize
    while true {
      let bytes = try FileSystem.read(path, offset: place.offset, limit: size)
      var reader = CSVReader(bytes, format, line: place.line, isWhole: bytes.count < size)
      var table = table
      if place.offset > 0 { table.restore(names: place.names, width: place.width) }
      var rows: [DataValue] = []
      var lines: [DataValue] = []
      do throws(CSVDamage) {
        if place.offset == 0 { try refuseUTF16(bytes) }
        while let row = try reader.next() {
          guard let value = try table.value(of: row) else { continue }
          rows.append(value)
          lines.append(.int(Int64(row.line)))
        }
      } catch {
        throw Trouble("\(path.given) is not CSV: \(error.text)")
      }
      if bytes.count < size { return [.list(rows), .list(lines), .null] }
      if reader.position > 0 {
        let next = Place(offset: place.offset + reader.position, line: reader.line, table)
        return [.list(rows), .list(lines), next.value]
      }
      guard size < rowLimit else {
        throw Trouble(
          "\(path.given) is not CSV: line \(reader.line): the row has more than \(rowLimit >> 20) MB; "
            + "is a quote not closed?")
      }
      size *= 4
    }
  }

  /// What Windows programs call Unicode would come out as a mess.
  private static func refuseUTF16(_ bytes: [UInt8]) throws(CSVDamage) {
    guard bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) else { return }
    throw CSVDamage(line: 1, what: "the text is UTF-16; save it as UTF-8")
  }
}
