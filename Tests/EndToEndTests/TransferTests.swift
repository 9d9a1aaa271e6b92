import Foundation
import TestSupport
import Testing
import Values

extension RealBinary {
  @Suite("Large transfers") struct TransferTests {
    /// What is moved by each transfer: a gigabyte where figures are wanted, else less.
    private static let size =
      ProcessInfo.processInfo.environment["ALMANAC_MEASURE"] == nil ? 256 << 20 : 1 << 30

    /// The most memory that the process had resident so far, in bytes.
    private func peak(of process: pid_t) throws -> Int {
      let text = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
      return (Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0) << 10
    }

    @Test("a download to a file and an upload from one are never in memory whole")
    func memory() async throws {
      let size = Self.size
      let piece = [UInt8](repeating: 7, count: 1 << 20)
      let server = LoopbackServer { request, connection in
        guard request.target == "/down" else { return connection.answer("\(request.body.count)") }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
        for _ in 0..<(size >> 20) { connection.send(piece) }
      }
      defer { server.stop() }
      let almanac = try Almanac()
      try almanac.save(
        "move.lua",
        """
        local http, job = require "almanac.http", require "almanac.job"
        function main(run)
          if run.params.warm then return http.get("\(server.url)/small").size end
          local file = job.output("big.bin")
          local down = assert(http.get("\(server.url)/down", { to_file = file }))
          local up = assert(http.put("\(server.url)/up", { from_file = file, timeout = "10m" }))
          return { down.size, tonumber(up.body) }
        end
        """)
      let daemon = try await almanac.serve(["--hosts", "1"])
      #expect(try almanac.command("trigger", "move", "--wait", "--param", "warm=1").status == 0)
      let host = try #require(Processes.children(of: daemon.processIdentifier).first)
      let before = try peak(of: host)
      #expect(try almanac.command("trigger", "move", "--wait").status == 0)
      let run = try await almanac.endedRun(of: "move", count: 2)
      #expect(run["result"] == .list([.int(Int64(size)), .int(Int64(size))]))
      let after = try peak(of: host)
      #expect(after - before < 20 << 20, "grew from \(before >> 20) MB to \(after >> 20) MB")
      print("moved \(size >> 20) MB twice: resident \(before >> 20) MB before, at most \(after >> 20) MB")
    }
  }
}
