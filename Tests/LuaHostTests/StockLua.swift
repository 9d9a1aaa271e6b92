import CLuaSystem
import Testing

/// Lua as it comes, in which nothing is the host's own: what the host's functions are compared with.
enum StockLua {
  /// Runs a text, named as that of a test's job is, and returns its result as bytes.
  static func run(_ text: String) throws -> [UInt8] {
    let lua = try #require(luaL_newstate())
    defer { lua_close(lua) }
    luaL_openlibs(lua)
    var status = luaL_loadbufferx(lua, text, text.utf8.count, "@jobs/test.lua", "t")
    if status == 0 { status = lua_pcallk(lua, 0, 1, 0, 0, nil) }
    var length = 0
    let bytes = lua_tolstring(lua, -1, &length)
    let result = UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : length).map { $0 }
    try #require(status == 0, "\(String(decoding: result, as: UTF8.self))")
    return result
  }
}
