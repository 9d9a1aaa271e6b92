import CResources
import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("Annotations") struct AnnotationsTests {
  /// A function as an annotation file declares it, with the comment lines before it, without their `---`.
  private struct Function {
    let name: String
    let parameters: [String]
    let comment: [String]

    func tags(_ tag: String) -> [Substring] {
      comment.filter { $0.hasPrefix("@\(tag) ") }.map { $0.dropFirst(tag.count + 2) }
    }
  }

  /// Editors know `io` by themselves.
  private static let modules =
    StandardModules.all.map(\.name).filter { $0 != "almanac.io" } + ["almanac.job", "almanac.log"]

  private static func text(of module: String) -> String {
    let name = "annotations/\(module.dropFirst(module.hasPrefix("almanac.") ? "almanac.".count : 0)).lua"
    guard let file = cresources_find(name)?.pointee else { return "" }
    return String(decoding: UnsafeBufferPointer(start: file.bytes, count: file.length), as: UTF8.self)
  }

  private static func lines(of module: String) -> [String] {
    text(of: module).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private static func functions(of module: String) -> [Function] {
    var (functions, comment): ([Function], [String]) = ([], [])
    for line in lines(of: module) {
      if line.hasPrefix("---") { comment.append(String(line.dropFirst(3))) }
      if let match = line.wholeMatch(of: /function (?:\w+[.:])?(\w+)\(([^)]*)\) end/) {
        let parameters = match.2.split(separator: ",").map { $0.filter { $0 != " " } }
        functions.append(Function(name: String(match.1), parameters: parameters, comment: comment))
      }
      if !line.hasPrefix("---") { comment = [] }
    }
    return functions
  }

  /// The fields that the module's own class declares.
  private static func fields(of module: String) -> [String] {
    let lines = lines(of: module)
    guard let start = lines.firstIndex(of: "---@class \(module)") else { return [] }
    return lines[(start + 1)...].prefix { $0.hasPrefix("---@field ") }.map { line in
      String(line.dropFirst("---@field ".count).prefix { $0 != " " && $0 != "?" })
    }
  }

  @Test("name what a module has, and nothing else", arguments: modules)
  func complete(module: String) async throws {
    #expect(Self.text(of: module).hasPrefix("---@meta \(module)\n"))
    let annotated = Self.functions(of: module).map(\.name) + Self.fields(of: module)
    let names = annotated.map { "\"\($0)\"" }.joined(separator: ", ")
    let outcome = await ScriptHost.main(
      """
      local module, known, wrong = require "\(module)", {}, {}
      for _, name in ipairs { \(names) } do
        known[name] = true
        if module[name] == nil then wrong[#wrong + 1] = name .. " is not there" end
      end
      for name in next, module do
        if not known[name] then wrong[#wrong + 1] = name .. " is not annotated" end
      end
      return json.array(wrong)
      """, in: TemporaryFolder())
    #expect(outcome.result == .list([]))
  }

  @Test("are well formed, line by line", arguments: modules + ["schedule"])
  func wellFormed(module: String) {
    let name = #"[\w.]+"#
    let patterns = [
      "meta": "(\(name))?", "class": "\(name)(: \(name)(, \(name))*)?", "alias": "\(name)( .+)?",
      "field": #"(\w+\??|\[\w+\]) \S.*"#, "param": #"(\w+\??|\.\.\.) \S.*"#, "return": #"\S.*"#,
      "type": #"\S+"#,
      "async": "", "generic": #"\w+(: \w+)?"#, "overload": #"(async )?fun\(.*\).*"#, "nodiscard": "",
      "deprecated": ".*", "vararg": #"\S.*"#, "operator": #"\S.*"#, "cast": #"\S.*"#, "private": "",
    ]
    for (number, line) in Self.lines(of: module).enumerated() where line.hasPrefix("---@") {
      let tag = line.dropFirst(4).prefix { $0.isLetter }
      let rest = line.dropFirst(4 + tag.count).drop { $0 == " " }
      guard let pattern = patterns[String(tag)], let regex = try? Regex(pattern) else {
        Issue.record("\(module):\(number + 1): @\(tag) is no tag")
        continue
      }
      #expect((try? regex.wholeMatch(in: rest)) != nil, "\(module):\(number + 1): \(line)")
      #expect(Self.isBalanced(rest), "\(module):\(number + 1): \(line)")
    }
  }

  /// Whether the brackets of the line's type pair up.
  private static func isBalanced(_ text: Substring) -> Bool {
    var open: [Character] = []
    let pairs: [Character: Character] = [")": "(", "}": "{"]
    // Words in backquotes and quotes are examples.
    for character in text.replacing(/`[^`]*`|"[^"]*"/, with: "") {
      if pairs.values.contains(character) { open.append(character) }
      if let other = pairs[character], open.popLast() != other { return false }
    }
    return open.isEmpty
  }

  @Test("have a parameter for each argument, in order", arguments: modules + ["schedule"])
  func parameters(module: String) {
    for function in Self.functions(of: module) {
      let named = function.tags("param").map { String($0.prefix { $0 != " " && $0 != "?" }) }
      #expect(named == function.parameters, "\(module).\(function.name)")
    }
  }

  @Test("name only classes that are declared somewhere")
  func classes() throws {
    let all = (Self.modules + ["schedule"]).map(Self.text).joined(separator: "\n")
    let declared = Set(all.matches(of: /---@(?:class|alias) ([\w.]+)/).map(\.1))
    let types = all.matches(of: /(?m)^---@(?:field|param|return|type|class|alias) .*$/).flatMap { line in
      line.0.replacing(/`[^`]*`|"[^"]*"/, with: "").matches(of: /\balmanac(?:\.\w+)+/).map { String($0.0) }
    }
    #expect(!types.isEmpty)
    for type in Set(types) { #expect(declared.contains(Substring(type)), "\(type)") }
  }

  @Test("say of every function what it does, with an example", arguments: modules)
  func described(module: String) {
    for function in Self.functions(of: module) {
      #expect(
        function.comment.first.map { !$0.hasPrefix("@") && !$0.hasPrefix("`") } == true,
        "\(module).\(function.name)")
      #expect(function.comment.contains("```lua"), "\(module).\(function.name) has no example")
    }
  }
}
