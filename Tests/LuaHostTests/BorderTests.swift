import LuaHost
import Synchronization
import Testing
import Values

@Suite("Values across the border", .timeLimit(.minutes(10))) struct BorderTests {
  final class Witness: Sendable {
    static let alive = Atomic(0)
    init() { Self.alive.add(1, ordering: .relaxed) }
    deinit { Self.alive.subtract(1, ordering: .relaxed) }
  }

  static let module = HostModule(
    name: "almanac.echo",
    functions: [
      HostFunction(name: "echo", isOutside: false) { .values($0.arguments) },
      HostFunction(name: "describe", isOutside: false) { .values($0.arguments.map { .string("\($0)") }) },
      HostFunction(name: "give", isOutside: false) { call in
        switch call.arguments.first?.asString {
        case "null": .values([.list([.null, 1, .null])])
        case "empty list": .values([.list([])])
        case "nested": .values([(0..<90).reduce(DataValue.list([])) { inner, _ in .list([inner]) }])
        case "many": .values((0..<200).map { .int($0) })
        case "too many": .values(Array(repeating: 1, count: 2_000_000))
        case "large": .values([.bytes([UInt8](repeating: 65, count: 4 << 20))])
        case "nothing": .values([])
        case "nil": .values([.null, .int(1), .null])
        default: .trouble("none")
        }
      },
      HostFunction(name: "fail", isOutside: false) { call in
        let witness = Witness()
        let text = call.arguments.map { "\($0)" }.joined()
        return withExtendedLifetime(witness) { .misuse(text + "x") }
      },
    ],
    luaSource: Array(
      """
      local functions, lua = ...
      functions.null, functions.list, functions.is_list = lua.null, lua.list, lua.is_list
      return functions
      """.utf8))
  let harness = Harness(modules: [module])

  @Test(
    "go and come back as they are",
    arguments: [
      "for _, v in ipairs { 1, -1, math.maxinteger, math.mininteger, 1.5, 1e308, -0.0, 'text', '', 'a\\0b', '\\xff\\xfe\\0', true, false,"
        + " ('x'):rep(100000) } do local w = e.echo(v) assert(w == v and math.type(w) == math.type(v)) end",
      "assert(e.echo(1/0) == 1/0 and e.echo(0/0) ~= e.echo(0/0))",
      "assert(select('#', e.echo()) == 0 and select('#', e.echo(nil)) == 1 and select('#', e.echo(nil, 1, nil)) == 3)",
      "local t = e.echo { 1, 2, { x = { y = 'z' } }, k = 'v' } assert(#t == 3 and t[3].x.y == 'z' and t.k == 'v')",
      "local t = e.echo { [1] = 'a', [2] = 'b', [7] = 'd', [-1] = 'm', [2.5] = 'h' } assert(#t == 2 and t['7'] == 'd' and t['-1'] == 'm' and t['2.5'] == 'h')",
      "assert(e.echo(e.null) == nil and e.echo({ e.null })[1] == e.null and e.echo({ x = e.null }).x == e.null)",
      "local t = e.give('null') assert(#t == 3 and t[1] == e.null and t[2] == 1 and e.is_list(t))",
      "local t = e.give('empty list') assert(#t == 0 and e.is_list(t) and not e.is_list({}) and e.is_list(e.echo(e.list {})))",
      "assert(not e.is_list(e.echo {}) and not e.is_list(1) and not e.is_list(setmetatable({}, {})))",
      "local t, n = e.give('nested'), 0 while t do t = t[1] n = n + 1 end assert(n == 91)",
      "assert(select('#', e.give('many')) == 200 and select('#', e.give('nothing')) == 0 and select('#', e.give('nil')) == 3)",
      "assert(#e.give('large') == 4 << 20)",
      "local x, err = e.give() assert(x == nil and err == 'none')",
      "assert(e.describe(print) == 'opaque(\"function\")' and e.describe(coroutine.create(print)) == 'opaque(\"thread\")' and e.echo(print) == nil)",
      "local t = setmetatable({1, 2}, {__index = function() error('called') end, __len = function() error('called') end, __pairs = function() error('called') end}) assert(#e.echo(t) == 2)",
      "local t = e.echo({ nil, 2 }) assert(t[2] == 2)",
      "assert(e.describe({ 1, 2 }) ~= e.describe(e.list { 1, 2 }))",
    ])
  func goAndComeBack(body: String) async throws {
    let end = try await harness.run(body: "local e = require 'almanac.echo' \(body)")
    #expect(end.end == .succeeded(result: .null))
  }

  @Test(
    "that cannot cross raise with the caller's line",
    arguments: [
      ("local t = {} t.t = t e.echo(t)", "a table that is nested too deep, or holds itself"),
      (
        "local t = {} for _ = 1, 101 do t = {t} end e.echo(t)",
        "a table that is nested too deep, or holds itself"
      ),
      ("e.echo({ [true] = 1 })", "a table with a key that is neither a string nor a number"),
      ("e.echo({ [{}] = 1 })", "a table with a key that is neither a string nor a number"),
      ("local t = {} for _ = 1, 99 do t = {t, t} end e.echo(t)", "more data than the memory limit allows"),
    ])
  func raise(body: String, reason: String) async throws {
    let end = try await harness.run(body: "local e = require 'almanac.echo' \(body)")
    #expect(end.end.failure == "jobs/test.lua:2: echo.echo: an argument cannot be handed over: \(reason)")
  }

  @Test("survive answers that are too many") func tooMany() async throws {
    let end = try await harness.run(body: "return pcall(require 'almanac.echo'.give, 'too many')")
    #expect(end.end == .succeeded(result: false))
  }

  @Test("an error from Swift leaks nothing") func leaksNothing() async throws {
    let end = try await harness.run(
      body: """
        local fail = require "almanac.echo".fail
        local last
        for i = 1, 10000 do
          last = select(2, pcall(fail, i, { "table" }))
          if i % 100 == 0 then pcall(coroutine.wrap(fail)) end
        end
        local ok = pcall(table.sort, { 1, 2, 3 }, fail)
        return last, ok
        """)
    #expect(end.end.result?.asString?.contains("10000") == true)
    #expect(Witness.alive.load(ordering: .relaxed) == 0)
  }

  @Test("random values come back equal") func random() async throws {
    var generator = SystemRandomNumberGenerator()
    func value(_ depth: Int) -> DataValue {
      switch Int.random(in: 0..<(depth > 4 ? 5 : 7), using: &generator) {
      case 0: return .bool(.random(using: &generator))
      case 1: return .int(.random(in: .min ... .max, using: &generator))
      case 2: return .double(Double(bitPattern: .random(in: 0...0x7FE0_0000_0000_0000, using: &generator)))
      case 3: return .string(String(repeating: "é\0x", count: .random(in: 0..<20, using: &generator)))
      case 4:
        return .bytes(
          [0xFF]
            + (0..<Int.random(in: 0..<20, using: &generator)).map { _ in
              .random(in: 0...255, using: &generator)
            })
      case 5: return .list((0..<Int.random(in: 0..<6, using: &generator)).map { _ in value(depth + 1) })
      default:
        return .object(
          Dictionary((0..<Int.random(in: 0..<6, using: &generator)).map { ("key\($0)", value(depth + 1)) }) {
            $1
          })
      }
    }
    let id = try await harness.load(
      "local e = require 'almanac.echo' function main(run) return e.echo(run.params) end")
    for _ in 0..<500 {
      let sent = value(0)
      #expect(await harness.run(id, ["params": sent]).end == .succeeded(result: sent))
    }
  }
}
