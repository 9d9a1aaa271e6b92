/// Reads Lua by its grammar (Lua 5.4 manual, section 9), keeping track of the locals in scope.
///
/// It takes the compiler's word for what is an error: texts are expected to compile, and where one makes no
/// sense here, there is no outline of it. Operators' precedence is nothing to names, so it is left out.
struct LuaReader {
  /// The text is not what the grammar expects.
  private struct Lost: Error {}

  /// What an expression that may be assigned to ends with.
  private enum Target {
    case global(String, line: Int)
    /// A global by way of `_G`.
    case globalField(String)
    case local(String)
    /// A named field of one of these.
    case field(of: String, isLocal: Bool, String, line: Int)
    case call
    case other
  }

  /// Lua's compiler itself takes 200 levels.
  private static let deepest = 250

  private let tokens: [LuaTokens.Token]
  private var position = 0
  private var depth = 0
  private var functionDepth = 0
  private var scopes: [Set<String>] = [[]]
  private var outline = LuaOutline()

  init(_ text: [UInt8]) {
    var lexer = LuaTokens(text)
    var tokens: [LuaTokens.Token] = []
    while let token = lexer.next() { tokens.append(token) }
    self.tokens = tokens
  }

  /// `nil` for a text that does not compile.
  mutating func read() -> LuaOutline? {
    do throws(Lost) {
      try readBlock()
      return position == tokens.count ? outline : nil
    } catch {
      return nil
    }
  }

  // MARK: - Blocks and statements

  private mutating func readBlock() throws(Lost) {
    depth += 1
    guard depth < Self.deepest else { throw Lost() }
    while position < tokens.count, !isWord("end"), !isWord("else"), !isWord("elseif"), !isWord("until") {
      try readStatement()
    }
    depth -= 1
  }

  private mutating func readScopedBlock(_ locals: Set<String> = []) throws(Lost) {
    scopes.append(locals)
    for name in locals { outline.locals[name, default: 0] += 1 }
    try readBlock()
    scopes.removeLast()
  }

  private mutating func readStatement() throws(Lost) {
    guard case .name(let word)? = kind else { return try readSymbolStatement() }
    switch word {
    case "if": try readIf()
    case "while":
      advance()
      try readExpression()
      try expect("do")
      try readScopedBlock()
      try expect("end")
    case "do":
      advance()
      try readScopedBlock()
      try expect("end")
    case "for": try readFor()
    case "repeat":
      advance()
      scopes.append([])
      try readBlock()
      try expect("until")
      // The condition sees the locals of the loop.
      try readExpression()
      scopes.removeLast()
    case "function": try readFunctionStatement()
    case "local": try readLocal()
    case "return":
      advance()
      if position < tokens.count, !isWord("end"), !isWord("else"), !isWord("elseif"), !isWord("until"),
        !isSymbol(";")
      {
        try readExpressions()
      }
    case "goto":
      advance()
      _ = try takeName()
    case "break": advance()
    default: try readExpressionStatement()
    }
  }

  private mutating func readSymbolStatement() throws(Lost) {
    if skip(";") { return }
    if skip(":") {
      guard skip(":") else { throw Lost() }
      _ = try takeName()
      guard skip(":"), skip(":") else { throw Lost() }
      return
    }
    try readExpressionStatement()
  }

  private mutating func readIf() throws(Lost) {
    repeat {
      advance()
      try readExpression()
      try expect("then")
      try readScopedBlock()
    } while isWord("elseif")
    if isWord("else") {
      advance()
      try readScopedBlock()
    }
    try expect("end")
  }

  private mutating func readFor() throws(Lost) {
    advance()
    var names: Set<String> = [try takeName()]
    while skip(",") { names.insert(try takeName()) }
    guard skip("=") || isWord("in") else { throw Lost() }
    if isWord("in") { advance() }
    try readExpressions()
    try expect("do")
    try readScopedBlock(names)
    try expect("end")
  }

  private mutating func readFunctionStatement() throws(Lost) {
    let line = self.line
    advance()
    let name = try takeName()
    var target = isLocal(name) ? Target.local(name) : .global(name, line: line)
    var hasSelf = false
    while isSymbol(".") || isSymbol(":") {
      hasSelf = isSymbol(":")
      advance()
      target = field(try takeName(), of: target, line)
    }
    set(target, isLiteral: true)
    try readFunction(hasSelf: hasSelf)
  }

  private mutating func readLocal() throws(Lost) {
    let line = self.line
    advance()
    if isWord("function") {
      advance()
      declare([try takeName()], line, isLiteral: true)
      return try readFunction()
    }
    var names: [String] = []
    repeat {
      names.append(try takeName())
      if skip("<") {
        _ = try takeName()
        // `<const>=` ends with `>=`.
        if isSymbol("!") { break }
        guard skip(">") else { throw Lost() }
      }
    } while skip(",")
    let isLiteral = isSymbol("=") && (isSymbol("{", ahead: 1) || isWord("function", ahead: 1))
    let module = names.count == 1 && isSymbol("=") ? requiredModule(ahead: 1) : nil
    let start = position + 1
    // What they are set to does not see them yet.
    if skip("=") || skip("!") { try readExpressions() }
    // Two tokens, or four with brackets: nothing is done with what it returns.
    if let module, position - start <= 4, position - start != 3 { outline.moduleLocals[names[0]] = module }
    declare(names, line, isLiteral: isLiteral)
  }

  private mutating func declare(_ names: [String], _ line: Int, isLiteral: Bool) {
    for name in names {
      if name == "_ENV" { outline.isOpaque = true }
      scopes[scopes.count - 1].insert(name)
      outline.locals[name, default: 0] += 1
      if scopes.count == 1 {
        outline.localDefinitions.append(.init(name: name, line: line, isLiteral: isLiteral))
      }
    }
  }

  /// A call, or an assignment.
  private mutating func readExpressionStatement() throws(Lost) {
    var targets = [try readSuffixed()]
    guard isSymbol("=") || isSymbol(",") else {
      guard case .call = targets[0] else { throw Lost() }
      return
    }
    while skip(",") { targets.append(try readSuffixed()) }
    let isLiteral = isSymbol("{", ahead: 1) || isWord("function", ahead: 1)
    guard skip("=") else { throw Lost() }
    try readExpressions()
    for target in targets { set(target, isLiteral: isLiteral) }
  }

  // MARK: - Expressions

  private mutating func readExpressions() throws(Lost) {
    repeat { try readExpression() } while skip(",")
  }

  private mutating func readExpression() throws(Lost) {
    depth += 1
    guard depth < Self.deepest else { throw Lost() }
    repeat {
      var isNegated = false
      while isWord("not") || isSymbol("-") || isSymbol("#") || isSymbol("~") {
        isNegated = isWord("not")
        advance()
      }
      try readOperand(isTested: isNegated)
    } while skipOperator()
    depth -= 1
  }

  private mutating func readOperand(isTested: Bool) throws(Lost) {
    switch kind {
    case .number?, .string?: advance()
    case .name("nil")?, .name("true")?, .name("false")?: advance()
    case .name("function")?:
      advance()
      try readFunction()
    case .symbol(UInt8(ascii: "{"))?: try readTable()
    case .symbol(UInt8(ascii: "."))?:
      guard skip("."), skip("."), skip(".") else { throw Lost() }
    default:
      let isCompared = isSymbol("~", ahead: -1) && isWord("nil", ahead: -2)
      let target = try readSuffixed()
      let isAsked =
        isWord("and") || isWord("or") || isWord("then") || isSymbol("~") && isWord("nil", ahead: 1)
      if case .global(let name, _) = target, isTested || isAsked || isCompared { outline.tested.insert(name) }
      take(target)
    }
  }

  /// Steps over one operator between two operands; false if none comes.
  private mutating func skipOperator() -> Bool {
    if isWord("and") || isWord("or") {
      advance()
      return true
    }
    if isSymbol("."), isSymbol(".", ahead: 1) {
      position += 2
      return true
    }
    guard case .symbol(let symbol)? = kind, Self.operators.contains(symbol) else { return false }
    advance()
    // `//`, `<<` and `>>`; none of the three begins an operand.
    if Self.doubled.contains(symbol), kind == .symbol(symbol) { advance() }
    return true
  }

  private static let operators = Set("+-*/%^<>~!&|".utf8)
  private static let doubled = Set("/<>".utf8)

  private mutating func readSuffixed() throws(Lost) -> Target {
    var target = Target.other
    if skip("(") {
      try readExpression()
      guard skip(")") else { throw Lost() }
    } else {
      let line = self.line
      let name = try takeName()
      if name == "_ENV" { outline.isOpaque = true }
      target = isLocal(name) ? .local(name) : .global(name, line: line)
    }
    while true {
      switch kind {
      case .symbol(UInt8(ascii: "."))? where !isSymbol(".", ahead: 1):
        let line = self.line
        advance()
        target = field(try takeName(), of: target, line)
      case .symbol(UInt8(ascii: "["))?: target = try readIndex(of: target)
      case .symbol(UInt8(ascii: ":"))? where !isSymbol(":", ahead: 1):
        take(target)
        advance()
        _ = try takeName()
        try readArguments()
        target = .call
      case .symbol(UInt8(ascii: "("))?, .symbol(UInt8(ascii: "{"))?, .string?:
        try readCall(of: target)
        target = .call
      default: return target
      }
    }
  }

  private mutating func readIndex(of target: Target) throws(Lost) -> Target {
    let line = self.line
    advance()
    if case .string(let name)? = kind, isSymbol("]", ahead: 1) {
      position += 2
      return field(name, of: target, line)
    }
    if case .global("_G", _) = target { outline.isOpaque = true }
    take(target)
    try readExpression()
    guard skip("]") else { throw Lost() }
    return .other
  }

  private mutating func readCall(of target: Target) throws(Lost) {
    take(target)
    guard case .global(let function, let line) = target else { return try readArguments() }
    let isBracketed = isSymbol("(")
    if function == "require", let module = requiredModule(ahead: -1) {
      outline.requirements.append(.init(module: module, line: line))
    }
    if function == "type", isBracketed, case .name(let name)? = kind(ahead: 1), isSymbol(")", ahead: 2) {
      outline.tested.insert(name)
    }
    try readArguments()
  }

  private mutating func readArguments() throws(Lost) {
    switch kind {
    case .string?: advance()
    case .symbol(UInt8(ascii: "{"))?: try readTable()
    default:
      guard skip("(") else { throw Lost() }
      if skip(")") { return }
      try readExpressions()
      guard skip(")") else { throw Lost() }
    }
  }

  private mutating func readTable() throws(Lost) {
    advance()
    while !skip("}") {
      if skip("[") {
        try readExpression()
        guard skip("]"), skip("=") else { throw Lost() }
      } else if case .name? = kind, isSymbol("=", ahead: 1) {
        position += 2
      }
      try readExpression()
      guard skip(",") || skip(";") || isSymbol("}") else { throw Lost() }
    }
  }

  /// From the parameters to the `end`.
  private mutating func readFunction(hasSelf: Bool = false) throws(Lost) {
    var parameters: Set<String> = hasSelf ? ["self"] : []
    guard skip("(") else { throw Lost() }
    while !skip(")") {
      if case .name? = kind { parameters.insert(try takeName()) } else { advance() }
      guard position < tokens.count else { throw Lost() }
    }
    functionDepth += 1
    try readScopedBlock(parameters)
    functionDepth -= 1
    try expect("end")
  }

  // MARK: - What is noted

  private func isLocal(_ name: String) -> Bool { scopes.contains { $0.contains(name) } }

  /// `target.name`; reads the target if that is not `_G` itself.
  private mutating func field(_ name: String, of target: Target, _ line: Int) -> Target {
    switch target {
    case .global("_G", _): return .globalField(name)
    case .global(let table, _):
      take(target)
      return .field(of: table, isLocal: false, name, line: line)
    case .local(let table): return .field(of: table, isLocal: true, name, line: line)
    default:
      take(target)
      return .other
    }
  }

  /// The value of the target is used.
  private mutating func take(_ target: Target) {
    switch target {
    case .global(let name, let line):
      // What is reached through these is named nowhere.
      if name == "_G" || name == "load" { outline.isOpaque = true }
      outline.reads.append(.init(name: name, line: line))
    case .field(let table, let isLocal, let field, let line):
      outline.fieldReads.append(.init(table: table, isLocal: isLocal, field: field, line: line))
    case .local, .globalField, .call, .other: break
    }
  }

  private mutating func set(_ target: Target, isLiteral: Bool) {
    switch target {
    case .global(let name, let line):
      outline.sets.insert(name)
      if functionDepth == 0 {
        outline.definitions.append(.init(name: name, line: line, isLiteral: isLiteral))
      }
    case .globalField(let name): outline.sets.insert(name)
    case .field(let table, _, let field, _): outline.fieldSets.insert(table + "." + field)
    case .local, .call, .other: break
    }
  }

  /// The module of `require "module"` or `require("module")`, if that is what comes.
  private func requiredModule(ahead: Int) -> String? {
    guard isWord("require", ahead: ahead) else { return nil }
    let isBracketed = isSymbol("(", ahead: ahead + 1)
    let end = ahead + (isBracketed ? 3 : 1)
    guard case .string(let module)? = kind(ahead: isBracketed ? end - 1 : end),
      !isBracketed || isSymbol(")", ahead: end)
    else { return nil }
    return module
  }

  // MARK: - Tokens

  private var kind: LuaTokens.Token.Kind? { kind(ahead: 0) }

  private func kind(ahead: Int) -> LuaTokens.Token.Kind? {
    tokens.indices.contains(position + ahead) ? tokens[position + ahead].kind : nil
  }

  private var line: Int { position < tokens.count ? tokens[position].line : 0 }

  private func isWord(_ word: String, ahead: Int = 0) -> Bool { kind(ahead: ahead) == .name(word) }

  private func isSymbol(_ symbol: Unicode.Scalar, ahead: Int = 0) -> Bool {
    kind(ahead: ahead) == .symbol(UInt8(ascii: symbol))
  }

  private mutating func advance() { position += 1 }

  private mutating func skip(_ symbol: Unicode.Scalar) -> Bool {
    guard isSymbol(symbol) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ word: String) throws(Lost) {
    guard isWord(word) else { throw Lost() }
    position += 1
  }

  private mutating func takeName() throws(Lost) -> String {
    guard case .name(let name)? = kind, !Self.keywords.contains(name) else { throw Lost() }
    position += 1
    return name
  }

  private static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local",
    "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
  ]
}
