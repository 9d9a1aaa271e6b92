import Crypto
import Foundation
import Testing

extension RealBinary {
  @Suite("Files for editors") struct EditorFilesTests {
    private let almanac: Almanac

    init() throws { almanac = try Almanac() }

    private func new(_ name: String) throws -> String {
      let output = try almanac.command("new", name)
      #expect(output.status == 0)
      return output.err
    }

    @Test("`new` brings those up to date that nobody has edited, and says which it has kept") func upToDate()
      throws
    {
      #expect(try !new("one").contains("kept"))
      let current = try #require(almanac.read("jobs/.almanac-lua/log.lua"))
      #expect(almanac.read("jobs/.luarc.json")?.contains("\".almanac-lua\"") == true)
      // As if a former version had written this one, and one that is no longer needed.
      let former = "-- as it was\n"
      let digest = SHA256.hash(data: Array(former.utf8)).map { String(format: "%02x", $0) }.joined()
      let list = try #require(almanac.read("jobs/.almanac-lua/SHA256SUMS"))
      try almanac.save(".almanac-lua/log.lua", former)
      try almanac.save(".almanac-lua/gone.lua", former)
      let others = list.split(separator: "\n").filter { !$0.hasSuffix("/log.lua") }.joined(separator: "\n")
      try almanac.save(
        ".almanac-lua/SHA256SUMS",
        "\(others)\n\(digest)  .almanac-lua/log.lua\n\(digest)  .almanac-lua/gone.lua\n")
      try almanac.save(".luacheckrc", "std = 'max'\n")
      let said = try new("two")
      #expect(said.contains("kept \(almanac.jobs)/.luacheckrc, which has been edited"))
      #expect(!said.contains("log.lua"))
      #expect(almanac.read("jobs/.almanac-lua/log.lua") == current)
      #expect(almanac.read("jobs/.almanac-lua/gone.lua") == nil)
      #expect(almanac.read("jobs/.luacheckrc") == "std = 'max'\n")
      #expect(almanac.read("jobs/.almanac-lua/SHA256SUMS") == list)
      // Once removed, it is written again.
      try FileManager.default.removeItem(atPath: almanac.jobs + "/.luacheckrc")
      #expect(try !new("three").contains("kept"))
      #expect(almanac.read("jobs/.luacheckrc")?.contains("stds.almanac") == true)
    }

    @Test(
      "luacheck finds nothing in a new job and the example jobs, and a slip in another",
      .enabled(
        if: FileManager.default.isExecutableFile(atPath: "/usr/bin/luacheck"), "luacheck is not installed"))
    func luacheck() throws {
      _ = try new("one")
      let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("jobs").path
      try FileManager.default.copyItem(atPath: examples, toPath: almanac.jobs + "/examples")
      let clean = try check()
      #expect(clean.status == 0, "\(clean.out)")
      try almanac.save("slip.lua", "schedule = {}\nfunction mian(run) return run.id end\n")
      let slip = try check()
      #expect(slip.status == 1)
      #expect(slip.out.contains("slip.lua:2:10: setting non-standard global variable 'mian'"))
    }

    private func check() throws -> (status: Int32, out: String) {
      let (process, pipe) = (Process(), Pipe())
      process.executableURL = URL(fileURLWithPath: "/usr/bin/luacheck")
      process.arguments = ["--no-color", "."]
      process.currentDirectoryURL = URL(fileURLWithPath: almanac.jobs)
      process.standardOutput = pipe
      try process.run()
      let data = pipe.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
  }
}
