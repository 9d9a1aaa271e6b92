/// The names that a Lua text uses, as its compiler resolves them: what is global, what is local, and what is
/// done with it.
///
/// It is made of the text alone; nothing is run. A text that does not compile has none.
struct LuaOutline {
  /// A global whose value the text takes.
  struct Read {
    let name: String
    let line: Int
  }

  /// `string.format`: a field of what has a name, read by its own.
  struct FieldRead {
    let table: String
    let isLocal: Bool
    let field: String
    let line: Int
  }

  /// `require "module1"`, outside of what protects against its failure.
  struct Requirement {
    let module: String
    let line: Int
  }

  /// A name that is given a value outside of any function.
  struct Definition {
    let name: String
    let line: Int
    /// It is a table or a function as written.
    let isLiteral: Bool
  }

  var reads: [Read] = []
  /// Globals that are asked whether they are there (`if DEBUG then`, `x or y`, `type(x)`).
  var tested: Set<String> = []
  /// Globals that are set anywhere, also in a function that may never be called.
  var sets: Set<String> = []
  var fieldReads: [FieldRead] = []
  /// Fields that are set: `string.trim`.
  var fieldSets: Set<String> = []
  var requirements: [Requirement] = []
  /// The globals of the outermost level.
  var definitions: [Definition] = []
  /// The locals of the outermost level.
  var localDefinitions: [Definition] = []
  /// Every local name there is, with how often it is declared.
  var locals: [String: Int] = [:]
  /// The modules that locals are made to stand for: `local http = require "almanac.http"`.
  var moduleLocals: [String: String] = [:]
  /// Globals are reached in ways that the text does not name: `_G[name]`, `_ENV`, `load`.
  var isOpaque = false

  /// `nil` for a text that does not compile.
  init?(of text: [UInt8]) {
    var reader = LuaReader(text)
    guard let outline = reader.read() else { return nil }
    self = outline
  }

  init() {}
}
