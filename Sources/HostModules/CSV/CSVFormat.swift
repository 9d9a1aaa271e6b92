import LuaHost
import Values

/// Which characters a CSV text is made of.
struct CSVFormat: Equatable {
  var separator = UInt8(ascii: ",")
  /// `nil` where nothing is quoted.
  var quote: UInt8? = UInt8(ascii: "\"")

  init() {}

  /// Reads the options `separator` and `quote`.
  init(_ options: Options) throws(Misuse) {
    if let bytes = try options.bytes("separator") {
      guard bytes.count == 1, !Self.endsLine(bytes[0]) else {
        throw options.misuse("separator must be one character, as \",\" or \"\\t\"")
      }
      separator = bytes[0]
    }
    if let bytes = try options.bytes("quote") {
      guard bytes.count <= 1, bytes.allSatisfy({ !Self.endsLine($0) && $0 != separator }) else {
        throw options.misuse("quote must be one character other than the separator, or \"\" for none")
      }
      quote = bytes.first
    }
    guard quote != separator else { throw options.misuse("separator and quote must differ") }
  }

  static func endsLine(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }
}

/// Where a CSV text is not what it should be.
struct CSVDamage: Error, Equatable {
  let line: Int
  let what: String

  var text: String { "line \(line): \(what)" }
}
