import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Hostile files") struct HostileFileTests {
    /// What `check` says of a file that begins so; nothing where it is right.
    private static let files: [(name: String, text: String, says: String?)] = [
      // Tables that do not end.
      ("holds_itself", "schedule = {} schedule[1] = schedule", "nested too deep, or holds itself"),
      ("deep", "schedule = {} local t = schedule for i = 1, 1e4 do t.t = {} t = t.t end", "nested too deep"),
      (
        "metamethods",
        "local function f() while true do end end schedule = setmetatable({}, { __index = f, __pairs = f, __len = f })",
        nil
      ),
      (
        "hundred_thousand_keys", "schedule = {} for i = 1, 1e5 do schedule['k' .. i] = i end",
        "larger than 64KB"
      ),
      ("million_keys", "schedule = {} for i = 1, 1e6 do schedule['k' .. i] = i end", "memory limit of 64MB"),
      ("million_items", "schedule = {} for i = 1, 1e6 do schedule[i] = i end", "larger than 64KB"),
      (
        "million_triggers",
        "schedule = { triggers = {} } for i = 1, 1e5 do schedule.triggers[i] = { every = i .. 's' } end",
        "larger than 64KB"
      ),
      ("long_key", "schedule = { [('k'):rep(6e4)] = 1 }", "there is no such key"),
      ("long_cron", "schedule = { cron = ('* '):rep(3e4) }", "schedule.cron"),
      // Tables of something else.
      ("function", "schedule = print", "this is a function, not a table"),
      ("coroutine", "schedule = coroutine.create(print)", "this is a thread, not a table"),
      ("functions", "schedule = { every = print, window = io }", "schedule.every: this is a function"),
      ("table_key", "schedule = { [{}] = 1 }", "a key that is neither a string nor a number"),
      ("zero_key", "schedule = { ['\\0'] = 1 }", "schedule[\"\\x00\"]: there is no such key"),
      ("bytes_key", "schedule = { ['\\255'] = 1 }", "there is no such key"),
      ("not_a_number", "schedule = { every = 0 / 0 }", "schedule.every: nan is a number"),
      ("zone", "schedule = { time_zone = '../../../etc/passwd' }", "is not a known time zone"),
      ("environment", "schedule = { env = { A = '\\0\\255' } }", "not valid UTF-8"),
      ("terminal", "schedule = { every = '1h', name = '\\27[31m\\255' }", "\\x1B[31m"),
      // What the top level does.
      ("bomb", "local t = {} while true do t[#t + 1] = {} end", "memory limit of 64MB exceeded"),
      ("wait", "require('almanac.job').sleep(1)", "cannot wait inside the top level of a file"),
      ("end_of_run", "require('almanac.job').skip('x')", "ends a run, and there is none"),
      ("exit", "os.exit()", "os.exit is not available"),
      ("yield", "coroutine.yield()", "attempt to yield"),
      ("nothing", "error()", "nothing.lua"),
      ("bad_error", "error(setmetatable({}, { __tostring = error }))", "__tostring fails"),
      (
        "callable_main", "main = setmetatable({}, { __call = print }) if main then return end",
        "no function `main`"
      ),
      ("bytecode", "\u{1B}Lua", "this is bytecode"),
    ]

    @Test("check tells of each what is wrong, and lives") func check() throws {
      let almanac = try Almanac()
      for file in Self.files { try almanac.save("\(file.name).lua", file.text + "\nfunction main() end") }
      for name in ["$(touch x)", "%s%n", "a'b", "-rf", "a\\b"] {
        try almanac.save("\(name).lua", "function main() end")
      }
      try almanac.save("line\nbreak.lua", "function main() end")
      #expect(mkfifo(almanac.jobs + "/fifo.lua", 0o600) == 0)
      #expect(symlink("/dev/zero", almanac.jobs + "/device.lua") == 0)
      #expect(symlink("circle.lua", almanac.jobs + "/circle.lua") == 0)
      #expect(symlink(".", almanac.jobs + "/self") == 0)
      let output = try almanac.command("check", almanac.jobs)
      #expect(output.status == 1)
      #expect(output.out.utf8.count < 50_000, "what is wrong is told in bounds")
      let lines = output.out.split(separator: "\n")
      for file in Self.files {
        let own = lines.filter { $0.contains("/\(file.name).lua") }
        if let text = file.says {
          #expect(own.contains { $0.contains(text) }, "\(file.name): \(own)")
        } else {
          #expect(own.isEmpty)
        }
      }
      for (name, text) in [
        ("line\\nbreak", "line break"), ("fifo", "FIFO"), ("device", "device"), ("circle", "circle"),
      ] {
        #expect(lines.contains { $0.contains("/\(name).lua") && $0.contains(text) }, "\(name): \(output.out)")
      }
    }

    @Test("loops at load end after 30 s, beside good jobs that stay on time", .takesLong)
    func loops() async throws {
      let almanac = try Almanac()
      let good = GoodJobs(almanac)
      try good.save()
      let daemon = try await almanac.serve()
      let forever = "while true do pcall(function() while true do end end) end"
      try almanac.save("top.lua", forever)
      try almanac.save("initialize.lua", "function initialize() \(forever) end\nfunction main() end")
      try almanac.save(
        "module/main.lua", "schedule = { every = '1s' }\nlocal m = require 'm'\nfunction main() end")
      try almanac.save("module/m.lua", forever)
      for (job, said) in [
        ("top", "the file's top level has not ended within 30 s"),
        ("initialize", "initialize has not ended within 30 s"),
        ("module", "the file's top level has not ended within 30 s"),
      ] {
        try await almanac.eventually("\(job) is refused") {
          let error = try almanac.rows("jobs").first { $0["job"].asString == job }?["error"].asString
          return error?.contains(said) == true
        }
      }
      #expect(daemon.isRunning)
      try await good.check()
    }
  }
}
