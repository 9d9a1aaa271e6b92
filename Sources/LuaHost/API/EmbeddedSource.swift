import CLua

/// The Lua files that are part of the program.
public enum EmbeddedSource {
  /// The bytes of a file by its path in `lua/`, such as `almanac/http.lua`, or `nil` if there is none.
  public static func bytes(_ path: String) -> [UInt8]? {
    var length = 0
    guard let start = clua_embedded(path, &length) else { return nil }
    return Array(UnsafeBufferPointer(start: start, count: length))
  }
}
