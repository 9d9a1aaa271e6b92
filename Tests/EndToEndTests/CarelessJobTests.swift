import Foundation
import Testing
import Values

extension RealBinary {
  /// All that the jobs take aim at was made for them, so that nothing else is at stake.
  @Suite("A careless job") struct CarelessJobTests {
    @Test("takes away neither the user's home nor what the daemon keeps") func protected() throws {
      let almanac = try Almanac()
      try almanac.save(
        "clean.lua",
        """
        local fs = require "almanac.fs"
        function main(run)
          local said = {}
          for _, path in ipairs { run.params.home, run.params.state } do
            local ok, err = pcall(fs.remove, path, { recursive = true })
            said[#said + 1] = tostring(err):match(": it is not removed") or "no objection to " .. path
            ok, err = pcall(os.rename, path, path .. "-moved")
            said[#said + 1] = tostring(err):match(": it is not moved") or "no objection to " .. path
          end
          return said
        end
        """)
      let home = almanac.root + "/people/ada"
      try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
      let output = try almanac.run(
        [
          "run", "clean", "--jobs", almanac.jobs, "--state", almanac.state, "--param", "home=\(home)",
          "--param",
          "state=\(almanac.state)",
        ], environment: ["HOME": home])
      #expect(
        output.out
          == "[\": it is not removed\",\": it is not moved\",\": it is not removed\",\": it is not moved\"]\n",
        "\(output.err)")
      #expect(try almanac.runs(of: "clean").count == 1)
    }
  }
}
