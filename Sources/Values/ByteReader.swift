/// Bytes that are not what their coding says: cut short, an unknown tag, nested too deep.
public struct MalformedBytes: Error, Equatable {
  public let what: String

  public init(_ what: String) { self.what = what }
}

/// Reads what ``ByteWriter`` wrote. It never traps: bytes that end early or make no sense throw.
public struct ByteReader {
  /// How deep tables may nest, here and on the C side.
  public static let maximumDepth = 100

  private let buffer: UnsafeRawBufferPointer
  private var offset = 0
  private var work: LongWork

  /// Reads from memory that must stay valid as long as the reader is used.
  public init(_ buffer: UnsafeRawBufferPointer, during work: LongWork = .wanted) {
    self.buffer = buffer
    self.work = work
  }

  /// Calls `body` with a reader of `bytes`.
  public static func read<Result>(
    _ bytes: [UInt8], _ body: (inout ByteReader) throws(MalformedBytes) -> Result
  ) throws(MalformedBytes) -> Result {
    let result: Swift.Result<Result, MalformedBytes> = bytes.withUnsafeBytes { buffer in
      var reader = ByteReader(buffer)
      do throws(MalformedBytes) { return .success(try body(&reader)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  public var remaining: Int { buffer.count - offset }

  public mutating func byte() throws(MalformedBytes) -> UInt8 { try number() }

  public mutating func flag() throws(MalformedBytes) -> Bool { try byte() != 0 }

  public mutating func number<Number: FixedWidthInteger>(
    _: Number.Type = Number.self
  ) throws(MalformedBytes) -> Number {
    let size = MemoryLayout<Number>.size
    guard remaining >= size else { throw MalformedBytes("cut short") }
    defer { offset += size }
    return Number(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: Number.self))
  }

  public mutating func string() throws(MalformedBytes) -> String {
    String(decoding: try span(), as: UTF8.self)
  }

  public mutating func data() throws(MalformedBytes) -> [UInt8] { Array(try span()) }

  public mutating func optionalString() throws(MalformedBytes) -> String? {
    try flag() ? try string() : nil
  }

  public mutating func optionalNumber<Number: FixedWidthInteger>(
    _: Number.Type = Number.self
  ) throws(MalformedBytes) -> Number? {
    try flag() ? try number() : nil
  }

  public mutating func value() throws(MalformedBytes) -> DataValue {
    try value(depth: 0)
  }

  private mutating func value(depth: Int) throws(MalformedBytes) -> DataValue {
    guard depth <= Self.maximumDepth else { throw MalformedBytes("nested too deep") }
    if work.mustEnd(making: DataValue.weight) { throw MalformedBytes("given up") }
    switch try byte() {
    case 0: return .null
    case 1: return .bool(false)
    case 2: return .bool(true)
    case 3: return .int(try number())
    case 4: return .double(Double(bitPattern: try number()))
    case 5:
      let bytes = try span()
      return String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .bytes(Array(bytes))
    case 6: return .table(try table(depth: depth, isList: false))
    case 7: return .table(try table(depth: depth, isList: true))
    case 8: return .opaque(try string())
    case let tag: throw MalformedBytes("unknown tag \(tag)")
    }
  }

  private mutating func table(depth: Int, isList: Bool) throws(MalformedBytes) -> DataTable {
    if work.mustEnd(making: DataTable.weight) { throw MalformedBytes("given up") }
    var table = DataTable(isList: isList)
    let items: UInt32 = try number()
    // Each item takes at least a byte, so a count that lies cannot make us reserve more than there is.
    table.items.reserveCapacity(min(Int(items), remaining))
    for _ in 0..<items { table.items.append(try value(depth: depth + 1)) }
    let fields: UInt32 = try number()
    for _ in 0..<fields {
      let key = try string()
      table.fields[key] = try value(depth: depth + 1)
    }
    return table
  }

  /// The bytes behind a UInt32 length.
  private mutating func span() throws(MalformedBytes) -> UnsafeRawBufferPointer {
    let length = Int(try number(UInt32.self))
    guard remaining >= length else { throw MalformedBytes("cut short") }
    defer { offset += length }
    return UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + length])
  }
}
