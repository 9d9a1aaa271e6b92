import Foundation
import LuaHost
import Testing
import Values

@Suite("Secrets", .timeLimit(.minutes(10))) struct SecretTests {
  let harness = Harness()
  private let folder = Folder()

  /// A folder of secrets, which goes with the test.
  private final class Folder {
    let path = NSTemporaryDirectory() + "almanac-secrets-" + UUID().uuidString

    init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func put(_ name: String, _ value: String, mode: Int = 0o600) throws {
      try value.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path + "/" + name)
    }
  }

  private func load(_ body: String, _ secrets: [String] = ["TOKEN"]) async throws -> StateID {
    try await harness.load(
      "local job, log = require 'almanac.job', require 'almanac.log'\n\(body)",
      limits: StateLimits(environment: ["PLAIN": "p"], secrets: secrets, secretsFolder: folder.path))
  }

  @Test("job.env offers them in main, read anew for each run, without the end of the file's last line")
  func offered() async throws {
    try folder.put("TOKEN", "first-value\n")
    let id = try await load(
      """
      function initialize() return select(2, pcall(function() return job.env.TOKEN end)) end
      function main(run)
        local all = {}
        for name in pairs(job.env) do all[#all + 1] = name end
        table.sort(all)
        return { #job.env.TOKEN, job.env.TOKEN:byte(-1), table.concat(all, " "), job.env.NONE == nil }
      end
      """)
    #expect(await harness.run(id).end.result == .table(DataTable(items: [11, 101, "PLAIN TOKEN", true])))
    try folder.put("TOKEN", "other\r\n")
    #expect(await harness.run(id).end.result == .table(DataTable(items: [5, 114, "PLAIN TOKEN", true])))
  }

  @Test("initialize is told to leave them to main") func inInitialize() async throws {
    let id = harness.nextNumber()
    _ = try await harness.evaluate(
      id,
      Harness.source("function initialize() return require('almanac.job').env.TOKEN end function main() end"))
    await #expect {
      try await harness.initialize(id, StateLimits(secrets: ["TOKEN"], secretsFolder: folder.path))
    } throws: {
      ($0 as? ScriptError)?.text == "job.env.TOKEN is a secret, which is read at each run: use it in main"
    }
  }

  @Test("a secret that is not there, or not secret, fails the run by name before main is called")
  func missing() async throws {
    try folder.put("OPEN", "everybody", mode: 0o640)
    try folder.put("EMPTY", "\n")
    try folder.put("SHORT", "abc")
    try folder.put("BINARY", "a\0bcd")
    try FileManager.default.createDirectory(
      atPath: folder.path + "/FOLDER", withIntermediateDirectories: true)
    let id = try await load(
      "function main() error('main was called') end", ["NONE", "OPEN", "EMPTY", "SHORT", "BINARY", "FOLDER"])
    let end = await harness.run(id)
    #expect(
      end.end.failure
        == """
        secret NONE is not set: there is no \(folder.path)/NONE, and no variable NONE in the daemon's \
        environment; secret OPEN is refused: others may read \(folder.path)/OPEN; make it its owner's only \
        (chmod 600); secret EMPTY is empty; secret SHORT is shorter than 4 characters: it could not be kept out \
        of the log; put it into env; secret BINARY is no text: a secret is valid UTF-8 without zeros; \
        secret FOLDER cannot be read: \(folder.path)/FOLDER is not a file
        """)
    #expect(!end.stateLost)
    try folder.put("NONE", "is there now")
    #expect(await harness.run(id).end.failure?.hasPrefix("secret OPEN") == true)
  }

  @Test("the environment is the last place that is looked at") func environment() async throws {
    // A variable that is there anyway: setting one races with whatever reads the environment beside this test.
    let path = try #require(getenv("PATH").map { String(cString: $0) })
    let id = try await load("function main() return #job.env.PATH end", ["PATH"])
    #expect(await harness.run(id).end.result == .int(Int64(path.utf8.count)))
    try folder.put("PATH", "file")
    #expect(await harness.run(id).end.result == 4)
  }

  @Test(
    "a value never leaves the job: not in its log, result, error or reason",
    arguments: [
      ("return 'a ' .. s .. s .. ' b'", "a ****** b"),
      ("return { s, { [s] = s } }", "[\"***\",{\"***\":\"***\"}]"),
      (
        "return { n = 1, url = 'https://x?t=p%40ss%20%22w%C3%B6rd%22&u=p%40ss+%22w%C3%B6rd%22' }",
        "{\"n\":1,\"url\":\"https://x?t=***&u=***\"}"
      ),
      ("return require('almanac.job').env.NUMBER // 1", "***"),
      ("return '{\"t\":\"p@ss \\\\\"wörd\\\\\"\"}'", "{\"t\":\"***\"}"),
      ("error(s)", "failed jobs/test.lua:5: ***"), ("return nil, s", "failed ***"),
      ("error({ s })", "failed [\"***\"]"), ("job.skip(s)", "skipped ***"), ("job.fatal(s)", "fatal ***"),
      ("job.retry_after(1, s)", "retry ***"), ("return job.env.KEY:match('[^\\n]+$')", "***"),
      ("return 'p@ss'", "p@ss"),
    ])
  func masked(body: String, shown: String) async throws {
    try folder.put("TOKEN", "p@ss \"wörd\"")
    try folder.put("KEY", "-----BEGIN-----\nAAAA\nBBBBBB\n")
    try folder.put("NUMBER", "12345678")
    let id = try await load(
      """
      function main()
        local s = job.env.TOKEN
        print("said " .. s) log.info(s, { [s] = { s, "x" .. s } })
      \(body)
      end
      """, ["TOKEN", "KEY", "NUMBER"])
    let end = await harness.run(id)
    let text =
      switch end.end {
      case .succeeded(.string(let text)): text
      case .succeeded(let result): try result.json()
      case .failed(let error): "failed \(error.message)"
      case .skipped(let reason): "skipped \(reason ?? "")"
      case .fatal(let message): "fatal \(message)"
      case .retryAfter(_, let reason): "retry \(reason ?? "")"
      default: "\(end.end)"
      }
    #expect(text == shown)
    #expect(
      end.log == [
        .init(level: .info, message: "said ***"),
        .init(level: .info, message: "***", fields: ["***": .table(DataTable(items: ["***", "x***"]))]),
      ])
    #expect(!"\(end.end)".contains("wörd"))
  }

  @Test("the value of an earlier run is masked, too") func earlier() async throws {
    try folder.put("TOKEN", "the old one")
    let id = try await load(
      "function main() old = old or job.env.TOKEN return old .. '|' .. job.env.TOKEN end")
    #expect(await harness.run(id).end.result == "***|***")
    try folder.put("TOKEN", "the new one")
    #expect(await harness.run(id).end.result == "***|***")
  }
}
