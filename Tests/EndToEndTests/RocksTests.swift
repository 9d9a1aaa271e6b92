import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Rocks", .enabled(if: RockServer.isAvailable, "luarocks is not installed")) struct RocksTests {
    private let almanac: Almanac
    private let server: RockServer

    init() throws {
      almanac = try Almanac()
      server = try RockServer(in: almanac.root)
      try server.offer(
        "greeter", module: "greeter.lua", "return { hello = function(name) return 'hello ' .. name end }")
      try server.offer(
        "polite", "1.2", module: "polite.lua",
        "local greeter = require 'greeter' return { hello = function(name) return greeter.hello('dear ' .. name) end }",
        dependencies: ["greeter >= 1.0"])
      try server.offer("fast", module: "fast.c", Self.fast)
    }

    /// A native rock: it answers, and it crashes.
    private static let fast = """
      #include <lua.h>
      #include <lauxlib.h>
      static int answer(lua_State *L) { lua_pushinteger(L, 42); return 1; }
      static int crash(lua_State *L) { *(volatile int *)0 = 1; return 0; }
      int luaopen_fast(lua_State *L) {
        static const luaL_Reg functions[] = {{"answer", answer}, {"crash", crash}, {NULL, NULL}};
        luaL_newlib(L, functions);
        return 1;
      }
      """

    private var offline: [String: String] { ["ALMANAC_ROCKS_SERVER": server.path] }
    private var nowhere: [String: String] { ["ALMANAC_ROCKS_SERVER": almanac.root + "/nowhere"] }

    private func run(_ job: String, _ environment: [String: String]) throws -> Almanac.Output {
      try almanac.run(
        ["run", job, "--jobs", almanac.jobs, "--state", almanac.state], environment: environment)
    }

    private func check(_ environment: [String: String]) throws -> Almanac.Output {
      try almanac.run(["check", almanac.jobs, "--state", almanac.state], environment: environment)
    }

    @Test("a job's rocks, and what they depend on, are installed before it first loads, and only then")
    func installedOnce() throws {
      try almanac.save("Greet/rocks.txt", "# who says hello\npolite >= 1.1, < 2\n")
      try almanac.save(
        "Greet/main.lua",
        """
        local polite, place = require "polite"
        schedule = {}
        function main()
          return polite.hello("world") .. " " .. place:match("share/.*")
        end
        """)
      let first = try run("Greet", offline)
      #expect(first.status == 0)
      #expect(first.out == "hello dear world share/lua/5.4/polite.lua\n")
      #expect(first.err.contains("installing the rock polite >= 1.1, < 2 (1 of 1)"))
      // The server is not asked again.
      let second = try run("Greet", nowhere)
      #expect(second.out == first.out && !second.err.contains("installing"))
      #expect(try check(nowhere).status == 0)
      // Another order and other comments make the same rocks; a new line others.
      try almanac.save("Greet/rocks.txt", "polite  >= 1.1, < 2 # still")
      #expect(try run("Greet", nowhere).out == first.out)
      try almanac.save("Greet/rocks.txt", "polite >= 1.1, < 2\nfast")
      #expect(try run("Greet", nowhere).status == 3)
      #expect(try run("Greet", offline).status == 0)
    }

    @Test("a rock that cannot be had is told with its line and luarocks' own words") func missingRock() throws
    {
      try almanac.save("A/rocks.txt", "greeter\n\nno-such-rock >= 2\n")
      try almanac.save("A/main.lua", "function main() end")
      try almanac.save("b.lua", "function main() end")
      let output = try check(offline)
      #expect(output.status == 1)
      #expect(
        output.out.hasSuffix(
          "/jobs/A/rocks.txt:3: luarocks cannot install no-such-rock >= 2: Could not satisfy dependency "
            + "no-such-rock >= 2: No results matching query were found for Lua 5.4.\n"))
      #expect(output.err.contains("A: installing the rock no-such-rock >= 2 (2 of 2)"))
      #expect(output.err.contains("1 job right, 1 wrong"))
    }

    @Test("without LuaRocks it says what to install, and other jobs load") func missingProgram() throws {
      try almanac.save("A/rocks.txt", "greeter")
      try almanac.save("A/main.lua", "function main() end")
      try almanac.save("b.lua", "function main() end")
      let output = try check(offline.merging(["PATH": almanac.root]) { $1 })
      #expect(output.out.contains("/jobs/A/rocks.txt: LuaRocks is needed to install rocks"))
      #expect(output.out.contains("apt install luarocks"))
      #expect(output.err.contains("1 job right, 1 wrong"))
    }

    @Test("a new rocks.txt that cannot be had leaves the version before running; a reload tries again")
    func lastGoodVersion() async throws {
      try almanac.save("Greet/rocks.txt", "greeter")
      try almanac.save("Greet/main.lua", "function main() return require('greeter').hello('you') end")
      try await almanac.serve(environment: offline)
      try almanac.save("Greet/rocks.txt", "greeter\nlate")
      try almanac.save("Greet/main.lua", "function main() return require('late') end")
      try await almanac.eventually("it is refused") {
        self.almanac.log.contains("rocks.txt:2: luarocks cannot install late")
      }
      #expect(try almanac.command("trigger", "Greet", "--wait").out == "hello you\n")
      try server.offer("late", module: "late.lua", "return 'better late'")
      #expect(try almanac.command("reload").status == 0)
      #expect(try almanac.command("trigger", "Greet", "--wait").out == "better late\n")
    }

    @Test("rocks that could not be had are tried again by and by") func triedAgain() async throws {
      try almanac.save("Late/rocks.txt", "late")
      try almanac.save("Late/main.lua", "function main() return require('late') end")
      try await almanac.serve(environment: offline)
      try await almanac.eventually("it is refused") {
        self.almanac.log.contains("rocks.txt:1: luarocks cannot install late")
          && self.almanac.log.contains("its rocks are tried again in 5 s")
      }
      try server.offer("late", module: "late.lua", "return 'better late'")
      try await almanac.eventually("it is live") {
        try self.almanac.command("trigger", "Late", "--wait").out == "better late\n"
      }
    }

    @Test("a server that cannot be reached is named") func unreached() throws {
      try almanac.save("A/rocks.txt", "greeter")
      try almanac.save("A/main.lua", "function main() end")
      let output = try check(["ALMANAC_ROCKS_SERVER": "http://127.0.0.1:1"])
      #expect(output.status == 1)
      #expect(output.out.contains("(Failed downloading http://127.0.0.1:1"), "\(output.out)")
    }

    @Test("installing holds up nothing else, and is begun anew after a kill -9") func slowRock() async throws
    {
      let gate = almanac.root + "/gate"
      try server.offer(
        "slow", command: "echo x >> '\(gate)-begun'; while [ ! -e '\(gate)' ]; do sleep 0.05; done")
      try almanac.save("Slow/rocks.txt", "slow\ngreeter")
      try almanac.save("Slow/main.lua", "function main() return require('greeter').hello('you') end")
      try almanac.save("other.lua", "schedule = { every = '1h' }\nfunction main() return 'done' end")
      let begun = { (count: Int) in (almanac.read("gate-begun") ?? "").count == 2 * count }
      let arguments = ["serve", almanac.jobs, "--state", almanac.state]
      let first = try almanac.launch(arguments, environment: offline)
      try await almanac.eventually("luarocks is at it") { begun(1) }
      #expect(try await almanac.endedRun(of: "other")["outcome"] == "succeeded")
      kill(first.processIdentifier, SIGKILL)
      first.waitUntilExit()
      _ = try almanac.launch(arguments, environment: offline)
      // What the killed daemon had begun still goes on; nothing is installed beside it.
      try await almanac.eventually("it waits") { self.almanac.log.contains("is installing the same rocks") }
      #expect(begun(1))
      _ = FileManager.default.createFile(atPath: gate, contents: nil)
      try await almanac.eventually("it is live") { self.almanac.log.contains(" is ready: 2 jobs live") }
      #expect(begun(2))
      #expect(try almanac.command("trigger", "Slow", "--wait").out == "hello you\n")
    }

    @Test("two that want the same rocks at once install them once") func twoAtOnce() async throws {
      let (count, gate) = (almanac.root + "/count", almanac.root + "/gate")
      try server.offer(
        "counted", command: "echo x >> '\(count)'; while [ ! -e '\(gate)' ]; do sleep 0.05; done")
      try almanac.save("A/rocks.txt", "counted")
      try almanac.save("A/main.lua", "function main() end")
      try almanac.save("B/rocks.txt", "counted # the same")
      try almanac.save("B/main.lua", "function main() end")
      let checks = try (0..<2).map { _ in
        try almanac.launch(["check", almanac.jobs, "--state", almanac.state], environment: offline)
      }
      try await almanac.eventually("one of them waits") {
        self.almanac.log.contains("is installing the same rocks")
      }
      _ = FileManager.default.createFile(atPath: gate, contents: nil)
      for check in checks {
        check.waitUntilExit()
        #expect(check.terminationStatus == 0)
      }
      #expect(almanac.read("count") == "x\n")
    }

    @Test("a native rock needs host = \"own\", and says so; there it works, also at a file's top level")
    func native() throws {
      try almanac.save("Fast/rocks.txt", "fast")
      let main = "local fast = require 'fast'\nfunction main() return fast.answer() end"
      try almanac.save("Fast/main.lua", main)
      let output = try check(offline)
      #expect(output.status == 1)
      #expect(output.out.contains("/jobs/Fast/main.lua:1: module 'fast': it is native ("))
      #expect(output.out.contains("add host = \"own\" to the schedule"))
      try almanac.save("Fast/main.lua", main + "\nschedule = { host = 'own' }")
      #expect(try check(offline).status == 0)
      #expect(try run("Fast", offline).out == "42\n")
      // One that is asked for later tells the run.
      try almanac.save("Fast/main.lua", "function main() return require('fast').answer() end")
      let late = try run("Fast", offline)
      #expect(late.status == 1)
      #expect(late.err.contains("add host = \"own\" to the schedule"))
    }

    @Test("a native rock that crashes takes its own host only") func crash() async throws {
      try almanac.save("Fast/rocks.txt", "fast")
      try almanac.save(
        "Fast/main.lua",
        "local fast = require 'fast'\nschedule = { host = 'own' }\nfunction main() return run and fast.answer() or fast.crash() end"
      )
      try almanac.save("good.lua", "n = 0\nfunction main() n = n + 1 return n end")
      try await almanac.serve(environment: offline)
      #expect(try almanac.command("trigger", "good", "--wait").out == "1\n")
      #expect(try almanac.command("trigger", "Fast", "--wait").status == 1)
      let fallen = try await almanac.endedRun(of: "Fast")
      #expect(fallen["outcome"] == "failed")
      #expect("\(fallen["error"]) \(fallen["reason"])".contains("Segmentation fault"))
      // The other's globals are still there.
      #expect(try almanac.command("trigger", "good", "--wait").out == "2\n")
      try almanac.save(
        "Fast/main.lua",
        "local fast = require 'fast'\nschedule = { host = 'own' }\nfunction main() return fast.answer() end")
      try await almanac.eventually("it is live again") {
        try self.almanac.command("trigger", "Fast", "--wait").out == "42\n"
      }
    }

    @Test("bytecode in a rock is refused") func bytecode() throws {
      try server.offer("bytes", module: "bytes.lua", "\u{1B}Lua")
      try almanac.save("A/rocks.txt", "bytes")
      try almanac.save("A/main.lua", "function main() return require 'bytes' end")
      let output = try run("A", offline)
      #expect(output.status == 1)
      #expect(output.err.contains("bytecode"))
    }

    @Test("rocks that no job names any more are removed when the daemon starts") func swept() async throws {
      try almanac.save("Greet/main.lua", "function main() return require('greeter').hello('you') end")
      for rocks in ["greeter", "greeter\npolite"] {
        try almanac.save("Greet/rocks.txt", rocks)
        #expect(try run("Greet", offline).status == 0)
      }
      let trees = { try FileManager.default.contentsOfDirectory(atPath: almanac.state + "/rocks").count }
      #expect(try trees() == 2)
      try await almanac.serve(environment: nowhere)
      try await almanac.eventually("one is left") { try trees() == 1 }
      #expect(try almanac.command("trigger", "Greet", "--wait").out == "hello you\n")
    }
  }
}
