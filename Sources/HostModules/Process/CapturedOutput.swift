/// What a child has written, up to a limit, and the end of it.
struct CapturedOutput {
  /// How much of the end is kept for messages, in bytes.
  private static let tailLength = 1024

  let limit: Int
  private(set) var bytes: [UInt8] = []
  /// Whether there was more than the limit.
  private(set) var isTruncated = false
  /// The last bytes that came after the limit was reached.
  private var overflow: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  mutating func append(_ more: UnsafeRawBufferPointer) {
    let room = limit - bytes.count
    // Whole buffers are copied at once, slices of them byte by byte.
    bytes += UnsafeRawBufferPointer(rebasing: more.prefix(room))
    guard more.count > room else { return }
    isTruncated = true
    overflow += UnsafeRawBufferPointer(rebasing: more.dropFirst(room).suffix(Self.tailLength))
    if overflow.count > 16 * Self.tailLength { overflow = overflow.suffix(Self.tailLength) }
  }

  /// The last lines, for a message; empty where nothing but blanks was written.
  var tail: String {
    let end = (bytes.suffix(Self.tailLength) + overflow).suffix(Self.tailLength)
    let hasMore = isTruncated || bytes.count > Self.tailLength
    // What is cut off at the front is a part of a line, or of a character.
    let lines = hasMore ? end[(end.firstIndex(of: UInt8(ascii: "\n")) ?? end.startIndex)...] : end
    let isBlank = { (byte: UInt8) in byte <= 32 }
    let text = lines.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
    return String(decoding: text, as: UTF8.self)
  }
}

/// Cuts what a child writes into lines.
struct LineCutter {
  /// A line that is longer is cut into several, in bytes.
  private static let longest = 16 * 1024

  private var rest: [UInt8] = []

  /// Calls `take` with each line that is complete now, without its end.
  mutating func append(_ more: some Collection<UInt8>, _ take: (String) -> Void) {
    rest += more
    var start = rest.startIndex
    while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
      take(Self.text(rest[start..<end]))
      start = end + 1
    }
    rest.removeSubrange(..<start)
    while rest.count > Self.longest {
      take(Self.text(rest[..<Self.longest]))
      rest.removeSubrange(..<Self.longest)
    }
  }

  /// What came after the last line's end, if anything did.
  mutating func takeRest() -> String? {
    defer { rest = [] }
    return rest.isEmpty ? nil : Self.text(rest[...])
  }

  private static func text(_ line: ArraySlice<UInt8>) -> String {
    String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
  }
}
