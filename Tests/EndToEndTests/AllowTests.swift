import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("A job's allow") struct AllowTests {
    @Test("refuses what is not listed, in a run's error, and lets its own things be") func refused()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save(
        "careful.lua",
        """
        local fs, job = require "almanac.fs", require "almanac.job"
        schedule = { allow = { "fs:read" } }
        function main(run)
          assert(fs.read("/etc/hostname") and fs.write(job.output("own.txt"), "x"))
          return fs.write(run.params.path, "y")
        end
        """)
      let path = almanac.root + "/outside.txt"
      let output = try almanac.command("run", "careful", "--param", "path=\(path)")
      #expect(output.status == 1)
      let row = try #require(try almanac.runs(of: "careful").first)
      #expect(row["outcome"] == "failed")
      #expect(row["error"].asString?.contains("/jobs/careful.lua:5: this job may not write ") == true)
      #expect(row["error"].asString?.hasSuffix("\" to schedule.allow") == true)
      #expect(almanac.read("outside.txt") == nil)
      #expect(almanac.read("state/output/careful/own.txt") == "x")
    }

    @Test("is checked when the job loads") func checked() throws {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua", "schedule = {\n  allow = { 'fs:read', 'proces:rsync' },\n}\nfunction main() end")
      let output = try almanac.command("check", almanac.jobs)
      #expect(output.status == 1)
      #expect(
        output.out.hasSuffix(
          "/jobs/a.lua:2: schedule.allow[2]: \"proces:rsync\" is no capability; did you mean \"process:rsync\"?\n"
        ))
    }
  }
}
