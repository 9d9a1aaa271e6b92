import TestSupport
import Testing

@testable import Jobs

@Suite("SourceCheck")
struct SourceCheckTests {
  private func source(_ main: String, modules: [String: String] = [:], rocks: String? = nil) throws
    -> JobSource
  {
    JobSource(
      name: "a", folder: "/jobs/a", mainPath: "a/main.lua", main: Array(main.utf8),
      modules: modules.sorted { $0.key < $1.key }.map {
        JobSource.Module(name: $0.key, path: "a/\($0.key).lua", bytes: Array($0.value.utf8))
      },
      rocks: try rocks.map { try RocksFile(path: "a/rocks.txt", bytes: Array($0.utf8), job: "a") })
  }

  private func findings(_ main: String, modules: [String: String] = [:], rocks: String? = nil) throws
    -> [String]
  {
    SourceCheck(
      try source(main, modules: modules, rocks: rocks),
      hostModules: ["almanac.http": ["get", "post"], "almanac.fs": [], "almanac.job": []]
    ).findings().map(\.description).sorted()
  }

  @Test(
    "has nothing to say of names that are local, set somewhere, Lua's own, or a table's",
    arguments: [
      "local a <const>, b <close> = 1, nil\nfunction main(run) return a + #b + run.x.y end",
      "local a<const>=1 function main() return a end",
      "function main(...) for k, v in pairs({ ... }) do print(k, v) end end",
      "function main() for i = 1, 3 do local i = i print(i) end end",
      "function main() repeat local done = true until done end",
      "function main() local function f(n) return n > 0 and f(n - 1) end return f(3) end",
      "function main() goto done ::done:: end",
      "count = 0 function main() count = count + 1 return count end",
      "function initialize() setting = 1 end function main() return setting end",
      "function main() return helper() end function helper() return 1 end",
      "_G.setting = 1 _G[\"other\"] = 2 function main() return setting + other end",
      "function main() return _G.anything end",
      "function main() return { a = 1, [\"b\"] = 2; 3, f = function(self) return self.x end }.f \"x\" end",
      "function main() local t = {} function t.a.b:c(x) return self, x end return t end",
      "function main() local s = \"a\" .. 1 .. [[x]] return s:rep(3 // 2 << 1), ~3 & 7 ~ 1, 2 ^ -2 end",
      "function main() return string.format('%d', math.pi), (\"x\"):upper(), os.time() end",
      "string.trim = function(s) return s end function main() return string.trim('x') end",
      "string = { mine = 1 } function main() return string.mine end",
      "function main() local ok, m = pcall(require, 'missing') return ok, m end",
      "local http = require 'almanac.http' local t = require('table') function main() return http, t end",
      // What is reached by names that the text does not have.
      "for k, v in pairs({ x = 1 }) do _G[k] = v end function main() return x end",
      "setmetatable(_G, { __index = function() return 1 end }) function main() return x end",
      "local _ENV = { print = print } function main() return x end",
      "load('x = 1')() function main() return x end",
      // What does not compile, the compiler tells of.
      "function main( return x end", "x = = 1", "return y y y", "(", "local function", "x = {", "\"",
      "#!/usr/bin/lua\nfunction main() end",
    ])
  func nothing(text: String) throws {
    #expect(try findings(text) == [])
  }

  @Test(
    "tells of globals that nothing sets, with what was meant",
    arguments: [
      (
        "function main()\n  pritn('x')\nend",
        ["2: nothing sets the global `pritn` that is read here; did you mean `print`?"]
      ),
      (
        "function main()\n  return http.get('x')\nend",
        ["2: nothing sets the global `http` that is read here; write: local http = require \"almanac.http\""]
      ),
      (
        "function main()\n  local count = 1\n  return cuont\nend",
        ["3: nothing sets the global `cuont` that is read here; did you mean `count`?"]
      ),
      // A local is not seen by what it is set to, nor behind its block.
      (
        "local queue = queue",
        ["1: nothing sets the global `queue` that is read here; the local of that name is not known here"]
      ),
      (
        "function main() do local inner = 1 end\n return inner .. inner end",
        [
          "2: nothing sets the global `inner` that is read here (2 times in this file); the local of that name is not known here"
        ]
      ),
      ("function main() return xyzzy end", ["1: nothing sets the global `xyzzy` that is read here"]),
      ("function main() xyzzy.a.b = 1 end", ["1: nothing sets the global `xyzzy` that is read here"]),
      ("function main() xyzzy[1], b = 1, 2 end", ["1: nothing sets the global `xyzzy` that is read here"]),
      (
        "function main() return string.fromat('x') end",
        ["1: `string` has no `fromat`; did you mean `format`?"]
      ),
    ])
  func unknown(text: String, expected: [String]) throws {
    #expect(try findings(text) == expected.map { "a/main.lua:" + $0 })
  }

  @Test(
    "only warns of a global that is asked whether it is there",
    arguments: [
      "if DEBUG then print(DEBUG) end", "local x = DEBUG or 1", "local x = not DEBUG",
      "local x = DEBUG == nil",
      "local x = nil ~= DEBUG", "local x = type(DEBUG)", "if DEBUG and DEBUG.level then end",
    ])
  func tested(text: String) throws {
    let found = SourceCheck(try source(text + " function main() end"), hostModules: [:]).findings()
    #expect(found.map(\.severity) == [.warning])
    #expect(
      found.first?.description.hasPrefix("a/main.lua:1: warning: nothing sets the global `DEBUG`") == true)
    #expect(
      SourceCheck(try source("if DEBUG <= 2 then end"), hostModules: [:]).findings().map(\.severity) == [
        .error
      ]
    )
  }

  @Test("knows what a job's own modules set and have, and reads them as well")
  func modules() throws {
    #expect(
      try findings(
        "local part = require 'lib.part' function main() return part, shared end",
        modules: ["lib.part": "shared = 1 return { x = missing }"]) == [
          "a/lib.part.lua:1: nothing sets the global `missing` that is read here"
        ])
    #expect(
      try findings(
        "function main()\n  require 'prat'\n  require('almanac.htpp')\nend", modules: ["part": "return 1"])
        == [
          "a/main.lua:2: there is no module \"prat\"; did you mean `part`?",
          "a/main.lua:3: there is no module \"almanac.htpp\"; did you mean `almanac.http`?",
        ])
    // What made the job fail to load is told once.
    let known = LoadError(job: "a", file: "a/main.lua", line: 1, message: "module 'prat' not found: ...")
    #expect(
      SourceCheck(try source("require 'prat' function main() end"), hostModules: [:]).findings(beside: [known]
      ) == [])
    // What rocks bring along is not known here.
    let found = SourceCheck(
      try source("require 'pl.pretty' function main() return stringx end", rocks: "penlight"),
      hostModules: [:]
    ).findings()
    #expect(found.map(\.severity) == [.warning])
  }

  @Test(
    "tells of a schedule, main or initialize that nobody looks for",
    arguments: [
      (
        "local schedule = { every = '1h' } function main() end",
        "`schedule` is local here, where nobody looks for it; write `schedule` without `local`"
      ),
      (
        "local function main() end",
        "`main` is local here, where nobody looks for it; write `main` without `local`"
      ),
      ("Schedule = {} function main() end", "nothing reads `Schedule`; did you mean `schedule`?"),
      ("shedule = {} function main() end", "nothing reads `shedule`; did you mean `schedule`?"),
      ("function mian() end", "nothing reads `mian`; did you mean `main`?"),
      (
        "function main() end function intialize() end",
        "nothing reads `intialize`; did you mean `initialize`?"
      ),
    ])
  func misplaced(text: String, expected: String) throws {
    #expect(try findings(text) == ["a/main.lua:1: " + expected])
  }

  @Test("leaves alone what only looks like a slip")
  func noSlips() throws {
    #expect(try findings("local schedule = { 1 } _G.schedule = schedule function main() end") == [])
    #expect(try findings("schedules = { a = 1 } function main() return schedules.a end") == [])
    #expect(try findings("function main() local schedule = {} return schedule end") == [])
    #expect(try findings("mail = {} schedule = {} function main() end") == [])
  }

  @Test("tells of what a module of the host's does not have, where a local is that module and nothing else")
  func moduleFields() throws {
    #expect(
      try findings(
        "local http = require 'almanac.http'\nfunction main()\n  return http.gte('x'), http.post('x')\nend")
        == [
          "a/main.lua:3: `http` has no `gte`; did you mean `get`?"
        ])
    for text in [
      "local http = require('almanac.http').get function main() return http.x end",
      "local http = require 'almanac.http' or {} function main() return http.x end",
      "local http = require 'almanac.http' function main(http) return http.x end",
      "local http = require 'almanac.http' http.mine = print function main() return http.mine end",
      "local fs = require 'almanac.fs' function main() return fs.anything end",
    ] { #expect(try findings(text) == [], "\(text)") }
    #expect(try findings("local http = require('almanac.http') function main() return http.x end").count == 1)
  }

  @Test("says where what Lua 5.1 had has gone")
  func former() throws {
    #expect(
      try findings("function main() return unpack({}) end") == [
        "a/main.lua:1: nothing sets the global `unpack` that is read here; since Lua 5.2 it is `table.unpack`"
      ])
  }

  @Test("makes something of any text, or nothing")
  func mutilated() {
    let whole = Array(
      """
      local log <const> = require "almanac.log"
      schedule = { every = "1h", window = { { from = "02:00", to = "04:00" } }, }
      function main(run, ...)
        for i, v in ipairs({ ... }) do if v == nil or not v.x then goto next end ::next:: end
        repeat local n = (n or 0) + 1 // 2 .. [==[ long ]==] until n >= 3 -- comment
        return run.x:y{ a = function() return -1, #"s" end, [1] = 2; 3 }.z[4], 0x1p-3
      end
      """.utf8)
    var generator = SeededNumbers(seed: 1)
    for _ in 0..<3000 {
      var text = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) where !text.isEmpty {
        let place = text.indices.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0...3, using: &generator) {
        case 0: text.remove(at: place)
        case 1: text[place] = UInt8.random(in: 0...255, using: &generator)
        case 2: text.insert(whole.randomElement(using: &generator) ?? 0, at: place)
        default: text.removeSubrange(place...)
        }
      }
      let outline = LuaOutline(of: text)
      #expect(outline?.reads.allSatisfy { $0.line >= 1 && !$0.name.isEmpty } ?? true)
    }
  }

  @Test("comes to an end on texts that are nested without end")
  func nested() throws {
    for text in [
      String(repeating: "(", count: 100_000), String(repeating: "{", count: 100_000),
      String(repeating: "do ", count: 100_000), "x = " + String(repeating: "-", count: 99_999) + "1",
      "x = " + String(repeating: "f(", count: 100_000), String(repeating: "a.", count: 100_000),
    ] {
      #expect(LuaOutline(of: Array(text.utf8)) == nil || !text.isEmpty)
    }
  }
}
