/// The globals that a job finds, and the fields of Lua's own tables among them.
enum LuaGlobals {
  /// The libraries, each with its fields.
  static let libraries: [String: Set<String>] = [
    "coroutine": ["close", "create", "isyieldable", "resume", "running", "status", "wrap", "yield"],
    "debug": ["getinfo", "traceback"],
    "io": [
      "close", "flush", "input", "lines", "open", "output", "popen", "read", "stderr", "stdin", "stdout",
      "tmpfile", "type",
      "write",
    ],
    "math": [
      "abs", "acos", "asin", "atan", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge", "log", "max",
      "maxinteger",
      "min", "mininteger", "modf", "pi", "rad", "random", "randomseed", "sin", "sqrt", "tan", "tointeger",
      "type",
      "ult",
      // Of Lua 5.2, and there still.
      "atan2", "cosh", "frexp", "ldexp", "log10", "pow", "sinh", "tanh",
    ],
    "os": [
      "clock", "date", "difftime", "execute", "exit", "getenv", "remove", "rename", "setlocale", "time",
      "tmpname",
    ],
    "package": ["config", "cpath", "loaded", "path", "preload"],
    "string": [
      "byte", "char", "dump", "find", "format", "gmatch", "gsub", "len", "lower", "match", "pack", "packsize",
      "rep",
      "reverse", "sub", "unpack", "upper",
    ],
    "table": ["concat", "insert", "move", "pack", "remove", "sort", "unpack"],
    "utf8": ["char", "charpattern", "codepoint", "codes", "len", "offset"],
  ]

  static let names: Set<String> = Set(libraries.keys).union([
    "_G", "_VERSION", "assert", "collectgarbage", "dofile", "error", "getmetatable", "ipairs", "load",
    "loadfile",
    "next", "pairs", "pcall", "print", "rawequal", "rawget", "rawlen", "rawset", "require", "select",
    "setmetatable",
    "tonumber", "tostring", "type", "warn", "xpcall",
  ])
}
