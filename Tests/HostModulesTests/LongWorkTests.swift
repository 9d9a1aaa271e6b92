import HostModules
import LuaHost
import Testing

/// What modules compute no hook sees: they look themselves whether the run is to end.
@Suite("Long work of a module", .timeLimit(.minutes(5))) struct LongWorkTests {
  private let folder = TemporaryFolder()

  @Test(
    "ends with its run",
    arguments: [
      "json.decode('[' .. ('1,'):rep(1e7) .. '1]')",
      "json.decode('\"' .. ('\\\\u0041'):rep(4e6) .. '\"')",
      "json.decode(('1'):rep(2.5e7))",
      "json.decode((' '):rep(2.5e7))",
      "json.decode('\"' .. ('x'):rep(2.5e7))",
      "json.encode(shared)",
      "json.encode(('x'):rep(2e7))",
      "json.encode(('\\1'):rep(8e6))",
      "json.encode(list)",
      "yaml.encode(shared)",
      "yaml.decode(('- a\\n'):rep(4e6))",
      "yaml.decode(('x'):rep(2e7))",
      "yaml.decode('\"' .. ('\\\\n'):rep(1e7) .. '\"')",
      "csv.decode((','):rep(1e7))",
      "csv.decode('\"' .. ('\"\"'):rep(1e7))",
      "csv.decode('\"' .. ('x'):rep(2e7))",
      "csv.decode(('x'):rep(2e7))",
      "csv.encode(rows)",
      "crypto.sha512(('x'):rep(3e7))",
      "crypto.hmac('sha256', 'key', ('x'):rep(3e7))",
      "crypto.hex_encode(('x'):rep(1e7))",
      "crypto.hex_decode(('a'):rep(2e7))",
      "crypto.base64_encode(('x'):rep(2e7))",
      "crypto.base64_decode(('a'):rep(2e7))",
      "job.step('large', function() return list end)",
      "kv.set('large', list)",
      "pcall(kv.set, 'large', ('x'):rep(2e7))",
      "pcall(job.step, 'large', function() return ('x'):rep(2e7) end)",
    ])
  func ends(call: String) async {
    let begin = ContinuousClock.now
    let outcome = await ScriptHost.run(
      """
      local json, yaml, csv = require "almanac.json", require "almanac.yaml", require "almanac.csv"
      local crypto, job, kv = require "almanac.crypto", require "almanac.job", require "almanac.kv"
      local shared, list, rows = { 1 }, {}, {}
      for i = 1, 18 do shared = { shared, shared } end
      for i = 1, 5e5 do list[i] = i end
      for i = 1, 2000 do rows[i] = { "a", "b", "c" } end
      function main() while true do \(call) end end
      """, in: folder, timeLimit: .milliseconds(100), stopGrace: .seconds(120))
    #expect(outcome.end == .timedOut)
    #expect(ContinuousClock.now - begin < .seconds(60), "the grace is not needed")
  }

  // The first would be refused by Lua, too; a table that stands in many places takes no more room there than once.
  @Test(
    "stays within the memory limit, whatever the text stands for",
    arguments: [
      "json.decode('[' .. ('{},'):rep(3e6) .. '1]')",
      "csv.decode(('a\\n'):rep(3e6))",
      "json.encode(shared)",
      "yaml.encode(shared)",
    ])
  func memory(call: String) async {
    let outcome = await ScriptHost.run(
      """
      local json, yaml, csv = require "almanac.json", require "almanac.yaml", require "almanac.csv"
      local shared = {}
      for _ = 1, 20 do shared = { shared, shared } end
      function main() \(call) end
      """, in: folder)
    #expect("\(outcome.result)".contains("test.lua:4: memory limit of 64MB exceeded"), "\(outcome.result)")
  }
}
