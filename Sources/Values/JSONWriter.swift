/// Writes data values as JSON.
struct JSONWriter {
  private(set) var bytes: [UInt8] = []
  private let pretty: Bool
  /// Where in the value the writer is, for messages: `tracks[2].name`.
  private var path: [Step] = []

  private enum Step {
    case item(Int)
    case field(String)
  }

  private var work: LongWork

  init(pretty: Bool, during work: LongWork) {
    self.pretty = pretty
    self.work = work
  }

  mutating func append(_ value: DataValue) throws(JSONTrouble) {
    if work.mustEnd() { throw .givenUp }
    switch value {
    case .null: put("null")
    case .bool(let flag): put(flag ? "true" : "false")
    case .int(let number): append(text: String(number))
    case .double(let number):
      guard number.isFinite else { throw trouble("a number that is not finite has no form in JSON") }
      append(text: number.description)
    case .string(let text): try append(quoted: text)
    case .bytes: throw trouble("a string that is not valid UTF-8 has no form in JSON")
    case .opaque(let name): throw trouble("a \(name) has no form in JSON")
    case .table(let table):
      if table.fields.isEmpty, table.isList || !table.items.isEmpty {
        try append(items: table.items)
      } else if table.items.isEmpty {
        try append(fields: table.fields)
      } else {
        throw trouble("a table with both items and named fields has no form in JSON")
      }
    }
  }

  private mutating func append(items: [DataValue]) throws(JSONTrouble) {
    put("[")
    for (index, item) in items.enumerated() {
      if index > 0 { put(",") }
      path.append(.item(index + 1))
      breakLine()
      try append(item)
      path.removeLast()
    }
    if !items.isEmpty { breakLine() }
    put("]")
  }

  private mutating func append(fields: [String: DataValue]) throws(JSONTrouble) {
    put("{")
    for (index, field) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { put(",") }
      path.append(.field(field.key))
      breakLine()
      try append(quoted: field.key)
      put(pretty ? ": " : ":")
      try append(field.value)
      path.removeLast()
    }
    if !fields.isEmpty { breakLine() }
    put("}")
  }

  private mutating func breakLine() {
    guard pretty else { return }
    bytes.append(0x0a)
    bytes.append(contentsOf: repeatElement(0x20, count: 2 * path.count))
  }

  private mutating func put(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func append(text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func append(quoted text: String) throws(JSONTrouble) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if work.mustEnd() { throw .givenUp }
      switch byte {
      case UInt8(ascii: "\""): put("\\\"")
      case UInt8(ascii: "\\"): put("\\\\")
      case 0x0a: put("\\n")
      case 0x0d: put("\\r")
      case 0x09: put("\\t")
      case 0..<0x20:
        put("\\u00")
        append(text: (byte < 16 ? "0" : "") + String(byte, radix: 16))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private func trouble(_ what: String) -> JSONTrouble {
    var place = ""
    for step in path {
      switch step {
      case .item(let index): place += "[\(index)]"
      case .field(let name): place += place.isEmpty ? name : "." + name
      }
    }
    return JSONTrouble(place.isEmpty ? what : "\(what) at \(place)")
  }
}
