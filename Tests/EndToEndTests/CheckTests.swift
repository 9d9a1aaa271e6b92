import Foundation
import Testing
import Values

@testable import Jobs

extension RealBinary {
  @Suite("`check`") struct CheckTests {
    @Test("the globals that it knows are those that a job finds") func globals() throws {
      let almanac = try Almanac()
      try almanac.save(
        "names.lua",
        """
        local own = { schedule = true, main = true, _G = true }
        function main()
          local found = {}
          for name, value in pairs(_G) do
            local fields = {}
            if type(value) == "table" and not own[name] then
              for field in pairs(value) do fields[#fields + 1] = field end
            end
            if name ~= "main" then found[name] = table.concat(fields, " ") end
          end
          return found
        end
        """)
      let found =
        try DataValue(json: Array(try almanac.command("run", "names").out.utf8)).asTable?.fields ?? [:]
      #expect(Set(found.keys) == LuaGlobals.names)
      for (library, fields) in LuaGlobals.libraries {
        let real = found[library]?.asString?.split(separator: " ").map(String.init) ?? []
        #expect(Set(real) == fields, "\(library)")
      }
    }

    @Test("whatever the host's modules have may be used") func moduleFields() throws {
      let almanac = try Almanac()
      let modules = [
        "crypto", "csv", "fs", "http", "job", "json", "kv", "log", "notify", "process", "time", "yaml",
      ]
      try almanac.save(
        "fields.lua",
        """
        function main()
          local found = {}
          for _, name in ipairs { "\(modules.joined(separator: "\", \""))" } do
            local fields = {}
            for field in pairs(require("almanac." .. name)) do fields[#fields + 1] = field end
            found[name] = table.concat(fields, " ")
          end
          return found
        end
        """)
      let found = try DataValue(json: Array(try almanac.command("run", "fields").out.utf8))
      for module in modules {
        let fields = found[module].asString?.split(separator: " ") ?? []
        #expect(!fields.isEmpty, "\(module)")
        let uses = fields.map { "\(module).\($0)" }.joined(separator: ", ")
        try almanac.save(
          "\(module).lua",
          "local \(module) = require \"almanac.\(module)\"\nfunction main() return \(uses) end")
      }
      #expect(try almanac.run(["check", almanac.jobs, "--strict"]).out == "")
      try almanac.save(
        "slip.lua", "local log = require 'almanac.log'\nfunction main()\n  log.wran('x')\nend")
      #expect(
        try almanac.run(["check", almanac.jobs]).out.contains(
          "slip.lua:3: `log` has no `wran`; did you mean `warn`?"))
    }

    @Test("a global that nothing sets is an error, a doubt fails only with --strict") func severity() throws {
      let almanac = try Almanac()
      try almanac.save("good.lua", "schedule = { every = '1h' }\nfunction main() return print end")
      #expect(try almanac.run(["check", almanac.jobs, "--strict"]).status == 0)
      try almanac.save("past.lua", "schedule = { at = '2020-01-01T00:00' }\nfunction main() end")
      let doubtful = try almanac.run(["check", almanac.jobs])
      #expect(doubtful.status == 0)
      #expect(doubtful.out.contains("past.lua:1: warning: "))
      #expect(try almanac.run(["check", almanac.jobs, "--strict"]).status == 1)
      try almanac.save("slip.lua", "schedule = { every = '1h' }\nfunction main()\n  pritn('x')\nend")
      let wrong = try almanac.run(["check", almanac.jobs])
      #expect(wrong.status == 1)
      #expect(
        wrong.out.contains(
          "slip.lua:3: nothing sets the global `pritn` that is read here; did you mean `print`?"))
      let rows = try DataValue(json: Array(try almanac.run(["check", almanac.jobs, "--json"]).out.utf8))
        .asTable?.items
      let messages = rows?.compactMap { $0["message"].asString } ?? []
      #expect(messages.map { $0.hasPrefix("warning: ") } == [true, false])
    }

    @Test("everything that is wrong is told at once, in modules that only main requires, too")
    func everything() throws {
      let almanac = try Almanac()
      try almanac.save("syntax.lua", "function main()\n  x = = 1\nend")
      try almanac.save("box/main.lua", "local one = require 'one'\nfunction main() require 'two' end")
      try almanac.save("box/one.lua", "return {\n  a = \n}")
      try almanac.save("box/two.lua", "\n\nreturn )")
      try almanac.save("five.lua", "initialize = 5\nfunction main() end")
      try almanac.save("table.lua", "main = {}")
      try almanac.save("none.lua", "local function main() end")
      try almanac.save(
        "keys.lua", "schedule = {\n  evry = '1h',\n  retry = { cuont = 1 },\n}\nfunction main() end")
      try almanac.save(
        "zone.lua", "schedule = { every = '1h', time_zone = 'Europe/Viena' }\nfunction main() end")
      try almanac.save("never.lua", "schedule = { cron = '0 0 30 2 *' }\nfunction main() end")
      try almanac.save(
        "window.lua",
        "schedule = {\n  daily = { at = '12:00' },\n  window = { from = '02:00', to = '04:00' },\n}\nfunction main() end"
      )
      try almanac.save("twin.lua", "function main() end")
      try almanac.save("twin/main.lua", "function main() end")
      try almanac.save("one.lua", "schedule = { after = 'two' }\nfunction main() end")
      try almanac.save("two.lua", "schedule = { after = { 'one', 'fiv' } }\nfunction main() end")
      let output = try almanac.run(["check", almanac.jobs])
      #expect(output.status == 1)
      for expected in [
        "syntax.lua:2: unexpected symbol near '='", "box/one.lua:3: unexpected symbol near '}'",
        "box/two.lua:3: unexpected symbol near ')'", "five.lua: `initialize` is a number, not a function",
        "table.lua: it defines no function `main`", "none.lua: it defines no function `main`",
        "none.lua:1: `main` is local here",
        "keys.lua:2: schedule.evry: there is no such key; did you mean `every`?",
        "keys.lua:3: schedule.retry.cuont: there is no such key; did you mean `count`?",
        "zone.lua:1: schedule.time_zone: \"Europe/Viena\" is not a known time zone; did you mean Europe/Vienna?",
        "never.lua:1: schedule.cron: \"0 0 30 2 *\" can never fire", "window.lua:3: schedule.window: ",
        "twin/main.lua is the job \"twin\" too",
        "one.lua:1: schedule.after: the jobs wait for each other in a circle: one -> two -> one",
        "two.lua:1: schedule.after: there is no job fiv whose runs could end",
      ] {
        #expect(output.out.contains(expected), "\(expected)")
      }
      let lines = output.out.split(separator: "\n")
      #expect(Set(lines).count == lines.count)
    }

    @Test("a folder that everyone may write to is a doubt, a file an error") func writableByAll() throws {
      let almanac = try Almanac()
      try almanac.save("ns/a.lua", "function main() end")
      chmod(almanac.jobs + "/ns", 0o777)
      let doubtful = try almanac.run(["check", almanac.jobs])
      #expect(doubtful.status == 0)
      #expect(doubtful.out.contains("/ns: warning: everyone on this machine may write to this folder"))
      chmod(almanac.jobs + "/ns", 0o1777)
      #expect(try almanac.run(["check", almanac.jobs, "--strict"]).status == 0)
      chmod(almanac.jobs + "/ns/a.lua", 0o666)
      let wrong = try almanac.run(["check", almanac.jobs])
      #expect(wrong.status == 1)
      #expect(wrong.out.contains("ns/a.lua: may be written by everyone on this machine"))
      #expect(try almanac.command("run", "ns/a").status == 3)
    }

    @Test("the examples and a new job have nothing wrong") func examples() throws {
      let almanac = try Almanac()
      #expect(try almanac.command("new", "hello").status == 0)
      #expect(try almanac.run(["check", almanac.jobs, "--strict"]).out == "")
    }
  }
}
