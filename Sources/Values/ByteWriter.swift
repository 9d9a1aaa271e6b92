/// Appends numbers, strings and data values to a byte buffer, little-endian.
///
/// The value coding (``append(_:)-(DataValue)``) is written and read by the C side of the Lua host
/// too (`clua.h`): one tag byte, then
///
/// | tag | value |
/// | --- | --- |
/// | 0, 1, 2 | null, false, true |
/// | 3 | an Int64 |
/// | 4 | a Double's 64 bits |
/// | 5 | a string: UInt32 length, bytes |
/// | 6, 7 | a table, a table made as a list: UInt32 count of items, the items, UInt32 count of fields, for each UInt32 length, the key's bytes, the value |
/// | 8 | not data: the Lua type's name as a string |
public struct ByteWriter: Sendable {
  public private(set) var bytes: [UInt8]
  private var work: LongWork

  /// - Parameter work: When it is given up, values are left out.
  public init(reserving capacity: Int = 0, during work: LongWork = .wanted) {
    bytes = []
    self.work = work
    bytes.reserveCapacity(capacity)
  }

  public mutating func append(byte: UInt8) { bytes.append(byte) }

  public mutating func append(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

  public mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  public mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      append(UInt32(utf8.count))
      bytes.append(contentsOf: utf8)
    }
  }

  public mutating func append(_ data: [UInt8]) {
    append(UInt32(data.count))
    bytes.append(contentsOf: data)
  }

  /// Appends presence, then the value if there is one.
  public mutating func append(_ text: String?) {
    append(text != nil)
    if let text { append(text) }
  }

  public mutating func append<Number: FixedWidthInteger>(_ number: Number?) {
    append(number != nil)
    if let number { append(number) }
  }

  public mutating func append(_ value: DataValue) {
    if work.mustEnd() { return }
    switch value {
    case .null: append(byte: 0)
    case .bool(let flag): append(byte: flag ? 2 : 1)
    case .int(let number):
      append(byte: 3)
      append(number)
    case .double(let number):
      append(byte: 4)
      append(number.bitPattern)
    case .string(let text):
      append(byte: 5)
      append(text)
    case .bytes(let data):
      append(byte: 5)
      append(data)
    case .table(let table):
      append(byte: table.isList ? 7 : 6)
      append(UInt32(table.items.count))
      for item in table.items { append(item) }
      append(UInt32(table.fields.count))
      for (key, value) in table.fields {
        append(key)
        append(value)
      }
    case .opaque(let name):
      append(byte: 8)
      append(name)
    }
  }

  /// Writes a frame: the length of what `body` appends as a UInt32, then that.
  public mutating func appendFrame(_ body: (inout ByteWriter) -> Void) {
    let start = bytes.count
    append(UInt32(0))
    body(&self)
    let length = UInt32(bytes.count - start - 4).littleEndian
    withUnsafeBytes(of: length) { bytes.replaceSubrange(start..<start + 4, with: $0) }
  }
}
