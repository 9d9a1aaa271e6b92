import Foundation
import Testing
import Values

extension RealBinary {
  @Suite("Host processes") struct HostTests {
    @Test("have no way to more privileges, and limits") func confined() async throws {
      let almanac = try Almanac()
      let daemon = try await almanac.serve(["--hosts", "2"])
      let hosts = Processes.children(of: daemon.processIdentifier)
      #expect(hosts.count == 2)
      for host in hosts {
        // It does so as its first thing, which may be after the daemon is ready.
        try await almanac.eventually("it has limits") {
          let files = try Int(self.limit("open files", of: host)[0])
          return try files.map { $0 <= 65_536 } == true
            && self.proc(host, "oom_score_adj").hasPrefix("500")
        }
        #expect(try proc(host, "status").contains("NoNewPrivs:\t1"))
        #expect(try limit("core file size", of: host) == ["0", "0"])
      }
      #expect(!(try proc(daemon.processIdentifier, "oom_score_adj").hasPrefix("500")))
    }

    /// The soft and the hard limit.
    private func limit(_ name: String, of pid: Int32) throws -> [Substring] {
      let lines = try proc(pid, "limits").split(separator: "\n")
      let line = try #require(lines.first { $0.hasPrefix("Max \(name) ") })
      return Array(line.dropFirst(4 + name.count).split(separator: " ").prefix(2))
    }

    private func proc(_ pid: Int32, _ file: String) throws -> String {
      try String(contentsOfFile: "/proc/\(pid)/\(file)", encoding: .utf8)
    }

    @Test("one that is killed is mended at once; what had not called outside starts again, uncounted")
    func mended() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "patient.lua",
        """
        local job = require("almanac.job")
        schedule = { every = "1h" }
        function main(run) print("started") job.sleep(run.params.wait or 2) return run.attempt end
        """)
      try almanac.save(
        "writer.lua",
        """
        schedule = { every = "1h" }
        function main() require("almanac.fs").append("seen.txt", "x") require("almanac.job").sleep(60) end
        """)
      let daemon = try await almanac.serve(["--hosts", "1"])
      try await almanac.eventually("both run") {
        try starts(almanac).count == 1 && almanac.read("jobs/seen.txt") == "x"
      }
      let host = try #require(Processes.children(of: daemon.processIdentifier).first)
      let killed = Date().timeIntervalSince1970
      kill(host, SIGKILL)
      try await almanac.eventually("it has started again") { try starts(almanac).count == 2 }
      let mended = try #require(starts(almanac).last) - killed
      print("a run was in a new host \(Int(mended * 1000)) ms after its host was killed")
      #expect(mended < 10, "on a quiet machine it is less than 0.1 s")
      let patient = try await almanac.endedRun(of: "patient")
      #expect(patient["outcome"] == "succeeded")
      #expect(patient["result"] == 1, "the start that fell was not counted")
      let writer = try await almanac.endedRun(of: "writer")
      #expect(writer["outcome"] == "interrupted")
      #expect(writer["reason"].asString?.contains("its host process was killed (signal 9, Killed)") == true)
      #expect(almanac.read("jobs/seen.txt") == "x", "it was not silently done again")
    }

    /// When the patient job said that it has started.
    private func starts(_ almanac: Almanac) throws -> [Double] {
      let output = try almanac.command("logs", "patient", "--json")
      guard output.status == 0 else { return [] }
      return try (DataValue(json: Array(output.out.utf8)).asTable?.items ?? [])
        .filter { $0["message"] == "started" }.map { try Stamp.seconds($0["at"]) }.sorted()
    }

    @Test("one that stands still is ended with the run that is over its limit, and the others are told")
    func stopped() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "stuck.lua",
        """
        schedule = { every = "1h", time_limit = "1s", stop_grace = "100ms" }
        function main() require("almanac.fs").append("seen.txt", "s") while true do end end
        """)
      try almanac.save(
        "beside.lua",
        """
        schedule = { every = "1h" }
        function main() require("almanac.fs").append("seen.txt", "b") require("almanac.job").sleep(60) end
        """)
      let daemon = try await almanac.serve(["--hosts", "1"])
      try await almanac.eventually("both run") { almanac.read("jobs/seen.txt")?.count == 2 }
      let host = try #require(Processes.children(of: daemon.processIdentifier).first)
      kill(host, SIGSTOP)
      let stuck = try await almanac.endedRun(of: "stuck")
      #expect(stuck["outcome"] == "timed_out")
      #expect(stuck["reason"].asString?.contains("its host process was ended") == true)
      let seconds = try Stamp.seconds(stuck["ended_at"]) - Stamp.seconds(stuck["started_at"])
      print(
        "a run in a host that stood still ended \(Int(seconds * 1000)) ms after its start, with 1100 ms to do so"
      )
      #expect(seconds < 10, "on a quiet machine it is less than 1.2 s")
      let beside = try await almanac.endedRun(of: "beside")
      #expect(beside["outcome"] == "interrupted")
      #expect(beside["reason"].asString?.contains("brought down by job stuck") == true)
      #expect(!Processes.isAlive(host))
      // From now on the job has a host to itself.
      _ = try almanac.command("trigger", "stuck", "--wait")
      #expect(Processes.children(of: daemon.processIdentifier).count == 2)
    }

    @Test("a job that kills what keeps its children leaves none behind, and the next finds another keeper")
    func killedKeeper() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "killer.lua",
        """
        schedule = { time_limit = "1m" }
        local process = require("almanac.process")
        function main()
          process.shell("setsid sleep 1000 & echo $! > pid; kill -9 $PPID")
          return process.run({ "echo", "hello" }).stdout
        end
        """)
      try await almanac.serve(["--hosts", "1"])
      _ = try almanac.command("trigger", "killer", "--wait")
      #expect(try await almanac.endedRun(of: "killer")["result"] == "hello\n")
      let pid = try #require(almanac.read("jobs/pid").flatMap { Int32($0.dropLast()) })
      try await almanac.eventually("its child is gone") { !Processes.isAlive(pid) }
    }

    @Test("one that stands still while its daemon is killed is ended by the next") func stoppedOrphan()
      async throws
    {
      let almanac = try Almanac()
      try almanac.save("a.lua", "schedule = { every = '1h' }\nfunction main() while true do end end")
      let daemon = try await almanac.serve()
      let hosts = Processes.children(of: daemon.processIdentifier)
      for host in hosts { kill(host, SIGSTOP) }
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
      #expect(hosts.contains { Processes.isAlive($0) })
      try await almanac.serve()
      for host in hosts { #expect(!Processes.isAlive(host)) }
    }

    @Test("take less than 4 KB for a run that sleeps, beside its state", .takesLong) func sleepers()
      async throws
    {
      let (almanac, count) = (try Almanac(), 2000)
      try almanac.save("starter.lua", "function main() end")
      for number in 0..<count {
        try almanac.save(
          "job\(number).lua",
          """
          local job = require("almanac.job")
          schedule = { after = "starter" }
          function main(run) if run.last then job.sleep("1h") end end
          """)
      }
      func runs(_ key: String, _ value: DataValue) throws -> Int {
        try almanac.rows("runs", "-n", "10000").count { $0[key] == value && $0["job"] != "starter" }
      }
      let daemon = try await almanac.serve(["--hosts", "1"])
      let host = try #require(Processes.children(of: daemon.processIdentifier).first)
      // Each runs once before, for what a host takes when it is busy for the first time.
      #expect(try almanac.command("trigger", "starter", "--wait").status == 0)
      try await almanac.eventually("all have run once") { try runs("outcome", "succeeded") == count }
      let before = try Processes.residentBytes(of: host)
      #expect(try almanac.command("trigger", "starter", "--wait").status == 0)
      try await almanac.eventually("all sleep") { try runs("state", "running") == count }
      let bytes = (try Processes.residentBytes(of: host) - before) / count
      print("a run that sleeps takes \(bytes) bytes beside its state")
      #expect(bytes < 4096)
    }

    @Test("seventy busy loops in one leave the good jobs on time") func busyLoops() async throws {
      let almanac = try Almanac()
      let good = GoodJobs(almanac)
      try good.save()
      for number in 0..<70 {
        try almanac.save(
          "busy\(number).lua",
          """
          schedule = { every = "1h", time_limit = "4s", stop_grace = "10s" }
          function main() while true do pcall(function() while true do end end) end end
          """)
      }
      let daemon = try await almanac.serve(["--hosts", "1"])
      for number in 0..<70 {
        #expect(try await almanac.endedRun(of: "busy\(number)")["outcome"] == "timed_out")
      }
      #expect(daemon.isRunning)
      #expect(Processes.children(of: daemon.processIdentifier).count == 1, "no host has fallen")
      let latest = try await good.check()
      #expect(latest < 10, "on a quiet machine it is less than 0.25 s")
    }
  }
}
