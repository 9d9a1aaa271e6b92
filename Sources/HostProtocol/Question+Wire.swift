import Values

extension DaemonQuestion {
  func encode(to writer: inout ByteWriter) {
    switch self {
    case .entry(let key, let withValue):
      writer.append(byte: 1)
      writer.append(key)
      writer.append(withValue)
    case .keys(let prefix):
      writer.append(byte: 2)
      writer.append(prefix)
    case .step(let name):
      writer.append(byte: 3)
      writer.append(name)
    case .keepStep(let name, let result, let writes):
      writer.append(byte: 4)
      writer.append(name)
      writer.append(result)
      writer.append(writes)
    }
  }

  init(from reader: inout ByteReader) throws(MalformedBytes) {
    switch try reader.byte() {
    case 1: self = .entry(key: try reader.string(), withValue: try reader.flag())
    case 2: self = .keys(prefix: try reader.string())
    case 3: self = .step(try reader.string())
    case 4:
      self = .keepStep(
        try reader.string(), result: try reader.string(), writes: try reader.keyValueWrites())
    case let tag: throw MalformedBytes("unknown question \(tag)")
    }
  }
}

extension DaemonAnswer {
  func encode(to writer: inout ByteWriter) {
    switch self {
    case .entry(let value, let size, let used):
      writer.append(byte: 1)
      writer.append(value)
      writer.append(Int64(size))
      writer.append(Int64(used))
    case .keys(let keys):
      writer.append(byte: 2)
      writer.append(UInt32(keys.count))
      for key in keys { writer.append(key) }
    case .step(let result):
      writer.append(byte: 3)
      writer.append(result)
    case .kept: writer.append(byte: 4)
    case .failed(let text):
      writer.append(byte: 5)
      writer.append(text)
    }
  }

  init(from reader: inout ByteReader) throws(MalformedBytes) {
    switch try reader.byte() {
    case 1:
      self = .entry(
        value: try reader.optionalString(), size: Int(clamping: try reader.number(Int64.self)),
        used: Int(clamping: try reader.number(Int64.self)))
    case 2:
      var keys: [String] = []
      for _ in 0..<(try reader.number(UInt32.self)) { keys.append(try reader.string()) }
      self = .keys(keys)
    case 3: self = .step(try reader.optionalString())
    case 4: self = .kept
    case 5: self = .failed(try reader.string())
    case let tag: throw MalformedBytes("unknown answer \(tag)")
    }
  }
}

extension ByteWriter {
  mutating func append(_ writes: [KeyValueWrite]) {
    append(UInt32(writes.count))
    for write in writes {
      append(write.key)
      append(write.value)
    }
  }
}

extension ByteReader {
  mutating func keyValueWrites() throws(MalformedBytes) -> [KeyValueWrite] {
    var writes: [KeyValueWrite] = []
    for _ in 0..<(try number(UInt32.self)) {
      writes.append(KeyValueWrite(key: try string(), value: try optionalString()))
    }
    return writes
  }
}
