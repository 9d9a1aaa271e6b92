import Glibc
import Values

/// Strings and numbers as Lua's own functions would write them.
public enum LuaText {
  /// The bytes of a string, or of a number as `tostring` gives it; `nil` for anything else.
  public static func bytes(_ value: DataValue) -> [UInt8]? {
    switch value {
    case .string(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    case .int(let number): Array(String(number).utf8)
    case .double(let number): Array(text(number).utf8)
    default: nil
    }
  }

  /// Lua's `"%.14g"`, with `.0` where the result would read as an integer.
  public static func text(_ number: Double) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    let length = withVaList([number]) { vsnprintf(&buffer, buffer.count, "%.14g", $0) }
    let text = String(
      decoding: buffer.prefix(Int(max(0, length))).map(UInt8.init(bitPattern:)), as: UTF8.self)
    let readsAsInteger = text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
    return readsAsInteger ? text + ".0" : text
  }
}
