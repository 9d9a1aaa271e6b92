/// What a TZif file says: its transitions and the rule of its last line.
///
/// Every number in it is checked; bytes that end early or make no sense are an error, never a trap.
/// Source: RFC 8536, and RFC 9636 for version 4.
struct ZoneFile {
  /// The offset before the first transition.
  let firstOffset: Int64
  let transitions: [(at: Int64, offset: Int64)]
  let rule: PosixRule?

  init(_ bytes: [UInt8]) throws(ScheduleError) {
    var reader = ZoneFileReader(bytes: bytes)
    let header = try reader.header()
    guard header.version >= 2 else {
      self = try reader.block(header, timeSize: 4, rule: nil)
      return
    }
    // The first block is for readers of 32 bits.
    try reader.skip(header.size(timeSize: 4))
    let second = try reader.header()
    let start = reader.position
    try reader.skip(second.size(timeSize: 8))
    let rule = try reader.footer()
    reader.position = start
    self = try reader.block(second, timeSize: 8, rule: rule)
  }

  fileprivate init(firstOffset: Int64, transitions: [(at: Int64, offset: Int64)], rule: PosixRule?) {
    self.firstOffset = firstOffset
    self.transitions = transitions
    self.rule = rule
  }
}

private struct ZoneFileHeader {
  let version: Int
  let isUTCCount, isStandardCount, leapCount, timeCount, typeCount, letterCount: Int

  func size(timeSize: Int) -> Int {
    timeCount * (timeSize + 1) + typeCount * 6 + letterCount + leapCount * (timeSize + 4) + isStandardCount
      + isUTCCount
  }
}

private struct ZoneFileReader {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  private func failure(_ what: String) -> ScheduleError { ScheduleError("not a zone file (TZif): \(what)") }

  mutating func header() throws(ScheduleError) -> ZoneFileHeader {
    guard bytes.count - position >= 44, bytes[position..<position + 4].elementsEqual("TZif".utf8) else {
      throw failure("it does not begin with a TZif header")
    }
    let letter = bytes[position + 4]
    let version = letter >= 48 ? Int(letter) - 48 : 1
    position += 20
    var counts: [Int] = []
    for _ in 0..<6 { counts.append(Int(try integer(size: 4))) }
    // A count that lies must not make us reserve more than there is.
    guard counts.allSatisfy({ (0...bytes.count).contains($0) }) else {
      throw failure("a count is larger than the file")
    }
    return ZoneFileHeader(
      version: version, isUTCCount: counts[0], isStandardCount: counts[1], leapCount: counts[2],
      timeCount: counts[3], typeCount: counts[4], letterCount: counts[5])
  }

  mutating func skip(_ count: Int) throws(ScheduleError) {
    guard count <= bytes.count - position else { throw failure("it is cut short") }
    position += count
  }

  /// A signed big-endian number.
  private mutating func integer(size: Int) throws(ScheduleError) -> Int64 {
    guard bytes.count - position >= size else { throw failure("it is cut short") }
    var value: Int64 = bytes[position] >= 128 ? -1 : 0
    for byte in bytes[position..<position + size] { value = value << 8 | Int64(byte) }
    position += size
    return value
  }

  mutating func block(
    _ header: ZoneFileHeader, timeSize: Int, rule: PosixRule?
  ) throws(ScheduleError) -> ZoneFile {
    guard header.size(timeSize: timeSize) <= bytes.count - position else { throw failure("it is cut short") }
    guard header.leapCount == 0 else {
      throw ScheduleError(
        "a zone file that counts leap seconds (a \"right/\" zone); use the zone without them")
    }
    guard header.typeCount > 0 else { throw failure("it has no local time type") }
    var times: [Int64] = []
    for _ in 0..<header.timeCount {
      // Times far outside of year 1 to 9999 (zic's "big bang") must not overflow what is computed from them.
      let time = min(max(try integer(size: timeSize), -1 << 60), 1 << 60)
      if let last = times.last, time <= last { throw failure("its transitions are not in order") }
      times.append(time)
    }
    let types = bytes[position..<position + header.timeCount].map { Int($0) }
    position += header.timeCount
    var offsets: [Int64] = []
    for _ in 0..<header.typeCount {
      let offset = try integer(size: 4)
      guard abs(offset) < 100_000 else { throw failure("an offset is more than a day") }
      offsets.append(offset)
      position += 2
    }
    guard types.allSatisfy({ $0 < offsets.count }) else { throw failure("a transition has an unknown type") }
    let transitions = zip(times, types).map { (at: $0, offset: offsets[$1]) }
    return ZoneFile(firstOffset: offsets[0], transitions: transitions, rule: rule)
  }

  mutating func footer() throws(ScheduleError) -> PosixRule? {
    guard position < bytes.count, bytes[position] == 10 else { throw failure("its last line is missing") }
    let line = bytes[(position + 1)...]
    guard let end = line.firstIndex(of: 10) else { throw failure("its last line is cut short") }
    if end == line.startIndex { return nil }
    let text = String(decoding: line[..<end], as: UTF8.self)
    guard let rule = PosixRule(parsing: text) else {
      throw failure("its last line \(quoted(text)) is not a POSIX rule")
    }
    return rule
  }
}
