import Glibc
import LuaHost
import Testing
import Values

@Suite("almanac.job and almanac.log", .timeLimit(.minutes(10))) struct JobModuleTests {
  let harness = Harness()

  @Test("env offers what the schedule sets") func environment() async throws {
    let id = try await harness.load(
      """
      local job = require "almanac.job"
      function initialize() assert(job.env.KEY == "value") end
      function main()
        local all = {}
        for key, value in pairs(job.env) do all[key] = value end
        local ok, err = pcall(function() job.env.KEY = "other" end)
        return { job.env.KEY, tostring(job.env.NONE), all, err }
      end
      """, limits: StateLimits(environment: ["KEY": "value", "N": "1"]))
    #expect(
      await harness.run(id).end.result
        == .table(
          DataTable(items: [
            "value", "nil", ["KEY": "value", "N": "1"],
            "jobs/test.lua:6: job.env cannot be changed: it comes from the schedule's env",
          ])))
    let key: RunKey = 4711
    harness.host.start(
      id, RunStart(key: key, slot: 0, run: [:], timeLimit: 0, environment: ["KEY": "of this run"]))
    #expect(await harness.end(of: key).end.result?.asTable?.items.first == "of this run")
  }

  @Test("main gets its run, job.params what it was started with") func run() async throws {
    let end = try await harness.run(
      body:
        "return { run.id, run.due_at == nil, run.last.result == nil, run.params.n, require 'almanac.job'.params.n }",
      run: [
        "id": "r1", "due_at": .null, "last": ["outcome": "failed", "result": .null],
        "params": ["n": 5],
      ])
    #expect(end.end.result == .table(DataTable(items: ["r1", true, true, 5, 5])))
  }

  @Test("output gives a path in the output folder, and makes the folder") func output() async throws {
    var template = Array("/tmp/almanac-output-XXXXXX".utf8CString)
    let base = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer {
      for path in ["\(base)/a/b", "\(base)/a/out/sub", "\(base)/a/out", "\(base)/a", base] { rmdir(path) }
    }
    let id = try await harness.load(
      """
      local job = require "almanac.job"
      function main(run)
        local list = { job.output("x.txt"), job.output("sub/y.txt"), job.output() }
        for _, name in ipairs { "../x", "/etc/passwd", "a/../../x", "a\\0b" } do
          list[#list + 1] = select(2, pcall(job.output, name))
        end
        return list
      end
      """, outputFolder: "\(base)/a/out")
    let list = await harness.run(id).end.result?.asTable?.items.compactMap(\.asString) ?? []
    #expect(Array(list.prefix(3)) == ["\(base)/a/out/x.txt", "\(base)/a/out/sub/y.txt", "\(base)/a/out"])
    #expect(list.dropFirst(3).allSatisfy { $0.hasSuffix("is not a name in the job's output folder") })
    #expect(list.count == 7)
    #expect(access("\(base)/a/out/sub", W_OK) == 0)
  }

  @Test("print, warn and the log's levels with their fields") func log() async throws {
    let end = try await harness.run(
      body: """
        local log = require "almanac.log"
        print("a", 1, nil, true, 1.0)
        print()
        warn("@on") warn("care", "ful")
        log.debug("d") log.info("i", { files = 3, list = { 1, 2 } })
        log.warn("w", { f = print, nan = 0/0 }) log.error(setmetatable({}, { __tostring = function() return "e" end }))
        log.info("bytes \\xff") log.info(42)
        return select(2, pcall(log.info, "x", "y"))
        """)
    #expect(
      end.log == [
        .init(level: .info, message: "a\t1\tnil\ttrue\t1.0"), .init(level: .info, message: ""),
        .init(level: .warn, message: "careful"), .init(level: .debug, message: "d"),
        .init(level: .info, message: "i", fields: ["files": 3, "list": .table(DataTable(items: [1, 2]))]),
        .init(level: .warn, message: "w", fields: ["f": "(a function)", "nan": "-nan"]),
        .init(level: .error, message: "e"), .init(level: .info, message: "bytes \u{FFFD}"),
        .init(level: .info, message: "42"),
      ])
    #expect(end.end.result?.asString?.hasSuffix("log.info: fields must be a table, not a string") == true)
  }

  @Test("a run's log ends at its limit, with a line that says so; the next run has its own") func logLimit()
    async throws
  {
    let id = try await harness.load(
      "function main() for i = 1, 100 do print(('x'):rep(99)) end end", limits: StateLimits(logLimit: 1024))
    for _ in 0..<2 {
      let end = await harness.run(id)
      #expect(end.log.count == 8)
      #expect(end.log.last?.message == "log limit of 1KB reached: 93 lines (9207 bytes) were dropped")
      #expect(end.log.last?.level == .warn)
    }
  }

  @Test("a flood of empty lines meets the limit too") func emptyLines() async throws {
    let end = try await harness.run(
      body: "for i = 1, 1e5 do print() end", limits: StateLimits(logLimit: 1024))
    #expect(end.log.count == 33)
    #expect(end.log.last?.message == "log limit of 1KB reached: 99968 lines (0 bytes) were dropped")
  }
}
