import Foundation
import TestSupport
import Testing

extension RealBinary {
  @Suite("Examples in the annotations") struct AnnotationExamplesTests {
    /// A ```` ```lua ```` block of a comment, and the line where it begins.
    private struct Example {
      let line: Int
      let text: String

      /// Whether it ends the run by itself.
      var endsRun: Bool { ["job.skip(", "job.fatal(", "job.retry_after("].contains { text.contains($0) } }
    }

    private let almanac: Almanac
    private let files: [String: String]
    /// Answers every request alike, with JSON.
    private let server = LoopbackServer { request, connection in
      // An answer to HEAD has no body.
      let body = request.method == "HEAD" ? "" : "{\"items\":[],\"page\":1}"
      connection.answer(body, headers: ["Content-Type: application/json"])
    }

    /// Takes every mail.
    private let mail: MailDrop

    init() throws {
      almanac = try Almanac()
      mail = try MailDrop()
      _ = try almanac.command("new", "hello")
      let folder = almanac.jobs + "/.almanac-lua"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".lua") }
      files = try Dictionary(
        uniqueKeysWithValues: names.map {
          ($0, try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8))
        })
    }

    private func examples(in text: String) -> [Example] {
      var examples: [Example] = []
      var lines: [Substring]?
      for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        if line == "---```lua" {
          lines = []
        } else if line == "---```", let block = lines {
          let text = block.joined(separator: "\n").replacing("\"https://example.com", with: "url .. \"")
          examples.append(Example(line: number + 2 - block.count, text: text))
          lines = nil
        } else {
          lines?.append(line.dropFirst(3))
        }
      }
      return examples
    }

    /// A job that runs each of the examples, with nothing kept of the ones before it, and fails with all that went
    /// wrong.
    private func job(of examples: [Example]) -> String {
      let calls = examples.map { "example(\($0.line), function()\n\($0.text)\nend)" }.joined(separator: "\n")
      return """
        local failures = {}
        local function example(line, body)
          local kv = require "almanac.kv"
          for _, key in ipairs(kv.keys()) do kv.delete(key) end
          local ok, err = xpcall(body, debug.traceback)
          if not ok then failures[#failures + 1] = "line " .. line .. ": " .. tostring(err) end
        end
        function main()
          url, smtp_port = "\(server.url)/feed.json", \(mail.port)
        \(calls)
          if #failures > 0 then error(table.concat(failures, "\\n"), 0) end
        end
        """
    }

    @Test("each of them runs as it stands") func run() throws {
      #expect(files.count > 5)
      for (name, text) in files.sorted(by: { $0.key < $1.key }) {
        let examples = examples(in: text)
        #expect(!examples.isEmpty, "\(name) has no example")
        let isModule = text.hasPrefix("---@meta almanac.")
        let whole = examples.filter { !$0.endsRun || !isModule }
        let text = isModule ? job(of: whole) : whole.map(\.text).joined(separator: "\n")
        try almanac.save("Example/main.lua", text)
        let output = try almanac.command("run", "Example")
        #expect(output.status == 0, "\(name): \(output.err)")
        for example in examples where isModule && example.endsRun {
          try almanac.save("Example/main.lua", "function main(run)\n\(example.text)\nend")
          let output = try almanac.command("run", "Example")
          // It may say that the run has failed; what may not be is a mistake in it.
          #expect(!output.err.contains("main.lua:"), "\(name):\(example.line): \(output.err)")
          #expect([0, 1].contains(output.status), "\(name):\(example.line): \(output.err)")
        }
      }
    }
  }
}
