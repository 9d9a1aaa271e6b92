import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Child processes") struct ProcessTests {
    /// A job whose children leave their process ids in `pids`: one in the group, one that will not hear SIGTERM,
    /// and one that has left for a session of its own.
    private static let job = """
      schedule = { every = "1h", time_limit = "1h", stop_grace = "2s" }
      function main()
        return require("almanac.process").shell([[
          trap '' TERM
          sleep 1001 & a=$!
          (trap '' TERM; exec sleep 1002) & b=$!
          setsid sh -c 'echo $$ > escaped; exec sleep 1003' &
          while ! [ -s escaped ]; do sleep 0.02; done
          echo $$ $a $b $(cat escaped) > pids.new && mv pids.new pids
          wait
          sleep 1004
        ]]).code
      end
      """

    /// Starts a daemon with the job, and returns when the children are there.
    private func start(_ almanac: Almanac, _ flags: String...) async throws -> (
      daemon: Process, children: [Int32]
    ) {
      try almanac.save("family.lua", Self.job)
      let daemon = try await almanac.serve(flags)
      try await almanac.eventually("the children have come") { almanac.read("jobs/pids") != nil }
      let text = almanac.read("jobs/pids") ?? ""
      let children = text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
      #expect(children.count == 4)
      #expect(children.allSatisfy { Processes.isAlive($0) })
      return (daemon, children)
    }

    private func ended(_ children: [Int32]) -> Bool { children.allSatisfy { !Processes.isAlive($0) } }

    @Test("a daemon that is killed leaves none behind") func killedDaemon() async throws {
      let almanac = try Almanac()
      let (daemon, children) = try await start(almanac)
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
      try await almanac.eventually("they are gone") { ended(children) }
    }

    @Test("a host that is killed leaves none behind, and no zombie with the daemon")
    func killedHost() async throws {
      let almanac = try Almanac()
      let (daemon, children) = try await start(almanac)
      for host in Processes.children(of: daemon.processIdentifier) { kill(host, SIGKILL) }
      try await almanac.eventually("they are gone") { ended(children) }
      try await almanac.eventually("they are buried") {
        Processes.children(of: daemon.processIdentifier).allSatisfy { Processes.isAlive($0) }
      }
    }

    @Test("a keeper that is killed takes the children along, and the run is told; the next one works")
    func killedKeeper() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "told.lua",
        """
        schedule = { every = "1h" }
        function main()
          local process = require "almanac.process"
          local r, err = process.shell("sleep 1001 & echo $PPID $$ $! > pids.new; mv pids.new pids; sleep 1002")
          return { tostring(r), err, process.shell("echo works").stdout }
        end
        """)
      let daemon = try await almanac.serve(["--hosts", "1"])
      try await almanac.eventually("the child has come") { almanac.read("jobs/pids") != nil }
      let pids = (almanac.read("jobs/pids") ?? "").split(whereSeparator: \.isWhitespace).compactMap {
        Int32($0)
      }
      let keeper = try #require(pids.first)
      #expect(Processes.children(of: daemon.processIdentifier).contains(Processes.parent(of: keeper) ?? 0))
      kill(keeper, SIGKILL)
      let row = try await almanac.endedRun(of: "told")
      let result = row["result"]
      #expect(row["outcome"] == "succeeded", "\(row)")
      #expect("\(result)".contains("was lost: the process that looks after children was killed"))
      #expect("\(result)".contains("works"))
      try await almanac.eventually("the group is gone") { ended(Array(pids.dropFirst())) }
    }

    @Test("a run that is cancelled takes its group along before it has ended") func cancelled() async throws {
      let almanac = try Almanac()
      let (_, children) = try await start(almanac)
      let id = try #require(try almanac.runs(of: "family").first?["id"].asInt)
      #expect(try almanac.command("cancel", "\(id)").status == 0)
      let row = try await almanac.endedRun(of: "family")
      #expect(row["outcome"] == "cancelled")
      #expect(ended(Array(children.prefix(3))))
      kill(children[3], SIGKILL)
    }

    @Test("a drain takes them all along") func drained() async throws {
      let almanac = try Almanac()
      let (daemon, children) = try await start(almanac, "--grace", "0s")
      kill(daemon.processIdentifier, SIGTERM)
      daemon.waitUntilExit()
      try await almanac.eventually("they are gone") { ended(children) }
    }
  }
}
