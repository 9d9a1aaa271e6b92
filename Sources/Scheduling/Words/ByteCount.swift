/// An amount of memory or of disk, as people write it: `"64MB"`, `"512 KB"`, `"1.5GB"`.
///
/// As everywhere where memory is counted, `KB` is 1024 bytes.
public struct ByteCount: Sendable, Equatable {
  public let bytes: Int

  private static let units = [("KB", 10), ("MB", 20), ("GB", 30), ("K", 10), ("M", 20), ("G", 30), ("B", 0)]
  private static let largest = 1 << 40

  /// Reads an amount with its unit: capital or small, with `i` (`MiB`) or without, in fractions too.
  ///
  /// - Throws: If it is none, has no unit, or is more than 1024 GB; the error quotes it.
  public init(parsing text: String) throws(ScheduleError) {
    let wrong = ScheduleError("\(quoted(text)) is not a size (\"64MB\", \"512KB\", \"1GB\")")
    let trimmed = text.filter { $0 != " " }.uppercased().replacing("IB", with: "B")
    guard let unit = Self.units.first(where: { trimmed.hasSuffix($0.0) }) else {
      if Int(trimmed) != nil {
        throw ScheduleError("\(quoted(text)) has no unit; add one: \"\(trimmed)MB\", \"\(trimmed)KB\"")
      }
      throw wrong
    }
    let digits = trimmed.dropLast(unit.0.count)
    guard digits.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }),
      digits.utf8.first != UInt8(ascii: "."), let number = Double(digits)
    else { throw wrong }
    let size = number * Double(1 << unit.1)
    guard size <= Double(Self.largest) else { throw ScheduleError("\(quoted(text)) is more than 1024GB") }
    bytes = Int(size)
  }
}
