import LuaHost
import Testing
import Values

@Suite("Loading", .timeLimit(.minutes(10))) struct LoadingTests {
  let harness = Harness()

  private func loadError(_ text: String, modules: [String: String] = [:], path: String = "jobs/test.lua")
    async throws
    -> String
  {
    do {
      _ = try await harness.evaluate(harness.nextNumber(), Harness.source(text, path: path, modules: modules))
      return "loaded"
    } catch let error as ScriptError {
      return error.message
    }
  }

  @Test(
    "tells what is wrong with file and line",
    arguments: [
      ("function main()\n  local = 3\nend", "jobs/test.lua:2: <name> expected near '='"),
      ("x = ", "jobs/test.lua:1: unexpected symbol near <eof>"),
      ("\n\nerror('at load')", "jobs/test.lua:3: at load"),
      ("error({code = 1})", "jobs/test.lua: {\"code\":1}"),
      ("local x = nil\nx()", "jobs/test.lua:2: attempt to call a nil value (local 'x')"),
      (
        "schedule = {}",
        "jobs/test.lua: it defines no function `main`: a job needs function main(run) ... end"
      ),
      ("main = 7", "jobs/test.lua: it defines no function `main`: a job needs function main(run) ... end"),
      (
        "local function main() end",
        "jobs/test.lua: it defines no function `main`: a job needs function main(run) ... end"
      ),
      (
        "setmetatable(_G, {__index = function() return print end})",
        "jobs/test.lua: it defines no function `main`: a job needs function main(run) ... end"
      ),
      (
        "initialize = 5 function main() end",
        "jobs/test.lua: `initialize` is a number, not a function: function initialize() ... end"
      ),
      ("\u{1B}Lua", "jobs/test.lua: this is bytecode, not the text of a Lua file"),
      ("#!/usr/bin/lua\nerror('second line')", "jobs/test.lua:2: second line"),
      ("\u{FEFF}error('marked')", "jobs/test.lua:1: marked"),
      (
        "schedule = {} schedule.x = schedule function main() end",
        "jobs/test.lua: what was returned cannot be kept: a table that is nested too deep, or holds itself"
      ),
      (
        "require 'missing'",
        "jobs/test.lua:1: module 'missing' not found: a job of one file has no modules: "
          + "make it a folder with a main.lua"
      ),
      (
        "require 'almanac.htp'",
        "jobs/test.lua:1: module 'almanac.htp' not found: of the host's modules there are almanac.job, almanac.kv, almanac.log"
      ),
      (
        "require 'almanac.job'.skip()",
        "jobs/test.lua:1: job.skip ends a run, and there is none: call it in main"
      ),
      (
        "x = require 'almanac.job'.env.KEY",
        "jobs/test.lua:1: job.env is not known at a file's top level, before the schedule is read: "
          + "use it in initialize or main"
      ),
    ])
  func tellsWhatIsWrong(text: String, message: String) async throws {
    #expect(try await loadError(text) == message)
  }

  @Test("a path that Lua cuts short is whole in the error") func longPath() async throws {
    let path = "jobs/" + String(repeating: "folder/", count: 12) + "job.lua"
    #expect(try await loadError("\nx x", path: path) == "\(path):2: syntax error near 'x'")
    #expect(try await loadError("\nerror 'y'", path: path) == "\(path):2: y")
  }

  @Test("a file that is too large is not tried") func tooLarge() async throws {
    let text = String(repeating: "-", count: ScriptSource.fileLimit + 1)
    #expect(try await loadError(text) == "jobs/test.lua: the file is larger than 2MB")
  }

  @Test("reads the schedule as it stands") func schedule() async throws {
    let script = try await harness.evaluate(
      harness.nextNumber(),
      Harness.source(
        """
        schedule = { every = "1h", retry = { count = 2 }, triggers = { { at = "x" } }, when = function() end,
          window = { from = "02:00", to = "04:00" }, enabled = false }
        function main() end
        """))
    #expect(
      script
        == LoadedScript(
          schedule: [
            "every": "1h", "retry": ["count": 2],
            "triggers": .table(DataTable(items: [["at": "x"]])), "when": .opaque("function"),
            "window": ["from": "02:00", "to": "04:00"], "enabled": false,
          ], hasInitialize: false))
    let none = try await harness.evaluate(harness.nextNumber(), Harness.source("function main() end"))
    #expect(none.schedule == .null)
  }

  @Test("ends after its time") func limit() async throws {
    let harness = Harness(loadLimit: 100_000_000)
    for (text, message) in [
      (
        "\nwhile true do pcall(load('while true do end')) end",
        "jobs/test.lua:2: the file's top level has not ended within 0 s"
      ),
      (
        "function initialize()\nwhile true do end end function main() end",
        "jobs/test.lua:2: initialize has not ended within 0 s"
      ),
      (
        "function initialize()\nrequire 'almanac.job'.sleep(100) end function main() end",
        "jobs/test.lua:2: initialize has not ended within 0 s"
      ),
    ] {
      await #expect {
        try await harness.load(text)
      } throws: {
        ($0 as? ScriptError)?.message == message
      }
    }
  }

  @Test("initialize gives its text, or its failure, with which the state is gone") func initialize()
    async throws
  {
    let id = harness.nextNumber()
    _ = try await harness.evaluate(
      id, Harness.source("function initialize() return 'ready' end function main() return 1 end"))
    #expect(try await harness.initialize(id) == "ready")
    #expect(await harness.run(id).end == .succeeded(result: 1))
    for (body, message) in [
      ("error('no')", "jobs/test.lua:1: no"), ("return nil, 'not ready'", "jobs/test.lua: not ready"),
    ] {
      let id = harness.nextNumber()
      _ = try await harness.evaluate(
        id, Harness.source("function initialize() \(body) end function main() end"))
      await #expect {
        try await harness.initialize(id)
      } throws: {
        ($0 as? ScriptError)?.message == message
      }
      #expect(await harness.run(id).stateLost)
    }
  }

  @Test("requires the job's own modules, each once") func modules() async throws {
    let modules = [
      "one": "loads = (loads or 0) + 1 return { two = require 'sub.two', name = ... }",
      "sub.two": "return 2", "nothing": "", "no": "return false", "broken": "\n\nx x",
      "fails": "\nerror('at load')",
      "a": "local b = require 'b' return b", "b": "local a = require 'a' return a",
    ]
    let end = try await harness.run(
      body: """
        local one, place = require "one"
        function main()
          assert(one == require "one" and loads == 1)
          local messages = {}
          for i, name in ipairs { "broken", "fails", "a", "none", 7 } do
            messages[i] = select(2, pcall(require, name))
          end
          return { one.two, one.name, place, require "nothing", require "no", package.loaded.one == one, messages }
        end
        """, modules: modules)
    #expect(
      end.end.result
        == .table(
          DataTable(items: [
            2, "one", "jobs/test/one.lua", true, false, true,
            .table(
              DataTable(items: [
                "jobs/test/broken.lua:3: syntax error near 'x'", "jobs/test/fails.lua:2: at load",
                "jobs/test/b.lua:1: module 'a' requires itself: a -> b -> a",
                .string(
                  "module 'none' not found: the job has no file none.lua; if a rock has it, name the rock in a "
                    + "rocks.txt beside main.lua"),
                "bad argument #1 to 'require' (string expected, got number)",
              ])),
          ])))
  }

  @Test("starts that come too early or too late are refused") func refusals() async throws {
    let run = await harness.run(99_999)
    #expect(run.end.failure == "the job's Lua state is gone: it must be loaded again")
    let id = try await harness.load("function main() require 'almanac.job'.sleep(0.2) end")
    let first = harness.start(id)
    #expect(await harness.run(id).end == .failed(ScriptError(text: "the job is running already")))
    #expect(await harness.end(of: first).end == .succeeded(result: .null))
    await #expect(throws: ScriptError.self) {
      _ = try await harness.evaluate(id, Harness.source("function main() end"))
    }
  }
}
