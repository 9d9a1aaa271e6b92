import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Secrets of jobs") struct SecretTests {
    private func put(_ almanac: Almanac, _ name: String, _ value: String, mode: Int = 0o600) throws {
      let folder = almanac.state + "/secrets"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try value.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder + "/" + name)
    }

    @Test("a value is in job.env, and in nothing that is told of the run") func neverShown() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "sync.lua",
        """
        local job, log, http = require "almanac.job", require "almanac.log", require "almanac.http"
        schedule = { secrets = { "API_TOKEN", "FROM_ENV" } }
        function main(run)
          local token = job.env.API_TOKEN
          assert(#token == 12 and #job.env.FROM_ENV == 10)
          print("token " .. token .. " " .. job.env.FROM_ENV)
          log.warn("fields", { token = token })
          local _, err = http.get("http://127.0.0.1:1/x", { query = { key = token }, timeout = 5 })
          print(err)
          if run.params.fail then error("refused: " .. token) end
          return { token = token }
        end
        """)
      try put(almanac, "API_TOKEN", "s3cret-value\n")
      let environment = ["FROM_ENV": "also-quiet"]
      let command = ["run", "sync", "--jobs", almanac.jobs, "--state", almanac.state]
      let good = try almanac.run(command, environment: environment)
      #expect(good.status == 0, "\(good.err)")
      #expect(good.out == "{\"token\":\"***\"}\n")
      #expect(good.err.contains("token *** ***"))
      let bad = try almanac.run(command + ["--param", "fail=1"], environment: environment)
      #expect(bad.status == 1)
      #expect(bad.err.contains("refused: ***"))
      try await almanac.serve(environment: environment)
      #expect(try almanac.command("run", "sync").out == "{\"token\":\"***\"}\n")
      let told = [
        good.err, bad.err, almanac.log, try almanac.command("logs", "sync", "--json").out,
        try almanac.command("runs", "sync", "--json").out,
      ]
      for text in told {
        #expect(text.contains("***"))
        #expect(!text.contains("s3cret-value") && !text.contains("also-quiet"), "\(text)")
      }
    }

    @Test("one that is missing fails the run by name, and says where it was looked for")
    func missing() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "sync.lua", "schedule = { secrets = { 'API_TOKEN' } }\nfunction main() print('main was called') end")
      let credentials = almanac.root + "/credentials"
      let output = try almanac.run(
        ["run", "sync", "--jobs", almanac.jobs, "--state", almanac.state],
        environment: ["CREDENTIALS_DIRECTORY": credentials])
      #expect(output.status == 1)
      let why =
        "secret API_TOKEN is not set: there is no \(credentials)/API_TOKEN, no \(almanac.state)/secrets/API_TOKEN, "
        + "and no variable API_TOKEN in the daemon's environment"
      #expect(output.err.contains(why), "\(output.err)")
      #expect(!output.err.contains("main was called"))
      #expect(try almanac.runs(of: "sync").first?["error"].asString == why)
      try put(almanac, "API_TOKEN", "open to all", mode: 0o644)
      #expect(try almanac.command("run", "sync").err.contains("others may read"))
      try FileManager.default.createDirectory(atPath: credentials, withIntermediateDirectories: true)
      try "from systemd".write(toFile: credentials + "/API_TOKEN", atomically: true, encoding: .utf8)
      let found = try almanac.run(
        ["run", "sync", "--jobs", almanac.jobs, "--state", almanac.state],
        environment: ["CREDENTIALS_DIRECTORY": credentials])
      #expect(found.status == 0, "\(found.err)")
    }
  }
}
