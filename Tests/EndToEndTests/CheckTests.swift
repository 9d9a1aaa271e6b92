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
      #expect(rows?.map { $0["severity"] } == ["warning", "error"])
    }
  }
}
