import Foundation
import TestSupport
import Testing
import Values

extension RealBinary {
  @Suite("The configuration") struct ConfigurationTests {
    private func almanac(_ yaml: String) throws -> Almanac {
      let almanac = try Almanac()
      try yaml.write(toFile: almanac.root + "/almanac.yaml", atomically: true, encoding: .utf8)
      try almanac.save("tick.lua", "schedule = { every = '1s' }\nfunction main() return job end")
      return almanac
    }

    @Test("is found beside the jobs, and holds for the daemon, its jobs and the commands")
    func inForce() async throws {
      let almanac = try almanac("state: there\ntime_zone: Asia/Tokyo\ndefaults: { testing: true }\n")
      let daemon = try almanac.launch(["serve", almanac.jobs])
      try await almanac.eventually("a run is recorded as tested") {
        let rows = try almanac.run(["runs", "tick", "--json"])
        return rows.status == 0 && rows.out.contains("\"outcome\":\"tested\"")
      }
      #expect(FileManager.default.fileExists(atPath: almanac.root + "/there/ledger.sqlite"))
      #expect(almanac.log.contains("configuration: \(almanac.root)/almanac.yaml"))
      #expect(try almanac.run(["status"]).status == 0)
      #expect(
        try almanac.run(["next", "tick", "-n", "1", "--jobs", almanac.jobs]).out.contains("Asia/Tokyo"))
      #expect(try almanac.run(["stop"]).status == 0)
      daemon.waitUntilExit()
      #expect(daemon.terminationStatus == 0)
    }

    @Test("says whom to tell what jobs leave open, and jobs their local time")
    func notify() async throws {
      let server = LoopbackServer { _, connection in connection.answer("ok") }
      defer { server.stop() }
      let almanac = try almanac(
        """
        time_zone: Asia/Tokyo
        notify: { on: [failed, succeeded], webhook: \(server.url)/all }
        """)
      let body = "function main() error(os.date('%z') .. require('almanac.time').format(0, '%z')) end"
      try almanac.save("silent.lua", "schedule = { notify = false }\n" + body)
      try almanac.save("own.lua", "schedule = { notify = { webhook = '\(server.url)/own' } }\n" + body)
      try almanac.save("open.lua", "schedule = { notify = { on = 'failed' } }\n" + body)
      try almanac.save("fine.lua", "schedule = { notify = { on = 'failed' } }\nfunction main() end")
      try await almanac.serve()
      for job in ["silent", "fine", "own", "open"] { try almanac.command("trigger", job, "--wait") }
      func told() -> Set<String> {
        Set(
          server.requests.map { request in
            let row = try? DataValue(json: request.body)
            return "\(request.target) \(row?["job"].asString ?? "?") \(row?["outcome"].asString ?? "?")"
          })
      }
      try await almanac.eventually("what is to be told is told") {
        told() == ["/all tick succeeded", "/own own failed", "/all open failed"]
      }
      let error = try #require(try almanac.runs(of: "open").first?["error"].asString)
      #expect(error.contains("+0900+0900"), "\(error)")
    }

    @Test("is shown with where each value came from, and without secrets") func shown() throws {
      let almanac = try almanac("grace: 5s\nhosts: 3\ndefaults:\n  env: { TOKEN: hush }\n")
      let output = try almanac.run(
        ["config", almanac.jobs, "--json", "--grace", "9s"], environment: ["ALMANAC_HOSTS": "2"])
      let items = try #require(try DataValue(json: Array(output.out.utf8)).asTable?.items)
      let shown = Dictionary(uniqueKeysWithValues: items.map { ($0["key"].asString ?? "", $0) })
      #expect(shown["grace"]?["value"] == "9s" && shown["grace"]?["from"] == "--grace")
      #expect(shown["hosts"]?["value"] == 2 && shown["hosts"]?["from"] == "ALMANAC_HOSTS")
      #expect(shown["retention.age"]?["from"] == "default")
      #expect(shown["defaults.env"]?["from"].asString == "\(almanac.root)/almanac.yaml:4")
      #expect(!output.out.contains("hush"))
      let table = try almanac.run(["config", almanac.jobs])
      #expect(table.status == 0 && table.out.contains("5s") && !table.out.contains("hush"))
    }

    @Test("that is wrong is refused with all that is wrong with it") func refused() throws {
      let almanac = try almanac("grcae: 5s\nlisten: 127.0.0.1:7420\ndefaults:\n  time_limit: 5\n")
      for command in ["serve", "config", "check"] {
        let output = try almanac.run([command, almanac.jobs])
        #expect(output.status == 2)
        #expect(output.err.contains("almanac.yaml:1: grcae: there is no such key; did you mean `grace`?"))
        #expect(output.err.contains("almanac.yaml:2: listen: not supported yet"))
        #expect(output.err.contains("almanac.yaml:4: defaults.time_limit: 5 is a number; add a unit"))
      }
      #expect(try almanac.run(["runs", "--state", almanac.state]).status == 0, "needs no configuration")
      let missing = try almanac.run(["config", "--config", "elsewhere.yaml"])
      #expect(missing.status == 2 && missing.err.contains("elsewhere.yaml"))
    }
  }
}
