import Foundation
import TestSupport
import Testing
import Values

extension RealBinary {
  @Suite("Notifications") struct NotificationTests {
    private func bodies(_ server: LoopbackServer, _ path: String = "/hook") -> [DataValue] {
      server.requests.filter { $0.target == path }.compactMap { try? DataValue(json: $0.body) }
    }

    @Test("a failure and the recovery from it are told, with all that is known of the run")
    func failure() async throws {
      let server = LoopbackServer { _, connection in connection.answer("ok") }
      defer { server.stop() }
      let almanac = try Almanac()
      try almanac.save(
        "backup.lua",
        """
        schedule = { every = "1h", retry = { count = 1, interval = "10ms" }, time_zone = "Europe/Berlin",
          notify = { webhook = "\(server.url)/hook" } }
        function main(run)
          if run.params.fixed then return "mended" end
          error("disk is full\\nwrite: no space left")
        end
        """)
      try await almanac.serve()
      let run = try await almanac.endedRun(of: "backup")
      try await almanac.eventually("the failure is told") { !bodies(server).isEmpty }
      let failed = try #require(bodies(server).first)
      #expect(failed["event"] == "failed")
      #expect(failed["job"] == "backup" && failed["id"] == run["id"] && failed["attempt"] == 2)
      #expect(failed["due_at"] == run["due_at"] && failed["outcome"] == "failed")
      let text = try #require(failed["text"].asString)
      for part in [
        "backup failed on ", "/jobs/backup.lua:5: disk is full\n          write: no space left",
        "zone      Europe/Berlin", "outcome   failed in attempt 2", "almanac why backup",
        "almanac logs \(run["id"].asInt ?? 0)",
      ] {
        #expect(text.contains(part), "\(part) is not in: \(text)")
      }
      #expect(try almanac.command("trigger", "backup", "--wait", "--param", "fixed=yes").status == 0)
      try await almanac.eventually("the recovery is told") { bodies(server).count == 2 }
      let recovered = try #require(bodies(server).last)
      #expect(recovered["event"] == "recovered" && recovered["result"] == "mended")
      #expect(try almanac.command("trigger", "backup", "--wait", "--param", "fixed=yes").status == 0)
      #expect(try almanac.command("stop").status == 0)
      #expect(bodies(server).count == 2)
    }

    @Test("a dead-man switch hears of the start, the success and the failure")
    func ping() async throws {
      let server = LoopbackServer { _, connection in connection.answer("ok") }
      defer { server.stop() }
      let almanac = try Almanac()
      try almanac.save(
        "a.lua",
        """
        schedule = { notify = { ping = "\(server.url)/uuid" } }
        function main(run) require("almanac.job").sleep("300ms") assert(run.params.good, "bad luck") end
        """)
      try await almanac.serve()
      for (params, end) in [(["--param", "good=1"], "/uuid"), ([], "/uuid/fail")] {
        let before = server.requests.count
        _ = try almanac.run(["trigger", "a", "--wait", "--state", almanac.state] + params)
        try await almanac.eventually("the switch is told of the end") {
          server.requests.dropFirst(before).map(\.target) == ["/uuid/start", end]
        }
      }
      #expect(server.requests.last?.text.contains("bad luck") == true)
    }

    @Test("a mail is sent through the job's server, and a long run is told of while it runs")
    func mail() async throws {
      let drop = try MailDrop("--login", "me:secret")
      let almanac = try Almanac()
      try almanac.save(
        "slow.lua",
        """
        schedule = { notify = {
          email = "Nachtschicht <ops@example.com>", long_running = "200ms",
          smtp = { host = "127.0.0.1", port = \(drop.port), user = "me", password = "secret",
            from = "almanac@example.com" } } }
        function main()
          require("almanac.job").sleep("2s")
          assert(require("almanac.notify").email { to = "b@example.com", subject = "digest", body = "x" })
          error("too late")
        end
        """)
      try await almanac.serve()
      #expect(try almanac.command("trigger", "slow", "--wait").status == 1)
      try await almanac.eventually("all three mails are there") { drop.mails.count == 3 }
      let subjects = drop.mails.map { mail in
        mail.data.split(separator: "\r\n").first { $0.hasPrefix("Subject: ") }.map(String.init) ?? ""
      }
      #expect(
        subjects == [
          "Subject: almanac: slow is still running", "Subject: digest", "Subject: almanac: slow failed",
        ])
      #expect(drop.mails.map(\.to) == [["ops@example.com"], ["b@example.com"], ["ops@example.com"]])
      #expect(drop.mails.allSatisfy { $0.from == "almanac@example.com" && $0.user == "me" })
      #expect(!almanac.log.contains("secret"))
    }

    @Test("a message that cannot be sent holds nobody up, is shown, and outlives a restart")
    func deadHook() async throws {
      let port = LoopbackServer.closedPort()
      let almanac = try Almanac()
      try almanac.save(
        "a.lua",
        """
        schedule = { notify = { webhook = "http://127.0.0.1:\(port)/hook" } }
        function main() error("no") end
        """)
      let daemon = try await almanac.serve()
      #expect(try almanac.command("trigger", "a", "--wait").status == 1)
      try await almanac.eventually("the trouble is logged") {
        almanac.log.contains("the webhook at 127.0.0.1:\(port) did not get a message, and is tried again")
      }
      let status = try almanac.command("status").out
      #expect(
        status.contains(
          "1 notifications wait to be sent: cannot connect to 127.0.0.1:\(port): connection refused"),
        "\(status)")
      // The ledger knows nothing of it: the run ended as it ended.
      #expect(try almanac.runs(of: "a").first?["outcome"] == "failed")
      let begin = Date()
      #expect(try almanac.command("stop").status == 0)
      daemon.waitUntilExit()
      #expect(daemon.terminationStatus == 0)
      #expect(Date().timeIntervalSince(begin) < 60)
      #expect(almanac.log.contains("1 messages were not sent; the next start sends them"))
      // Another server at the same port would be a race: the message is sent to where its file says.
      let server = LoopbackServer { _, connection in connection.answer("ok") }
      defer { server.stop() }
      let folder = almanac.state + "/notifications"
      let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
      let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
      try text.replacingOccurrences(of: "127.0.0.1:\(port)", with: "127.0.0.1:\(server.port)")
        .write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
      try await almanac.serve()
      try await almanac.eventually("the message arrives") { bodies(server).count == 1 }
      #expect(bodies(server).first?["error"].asString?.contains("no") == true)
      try await almanac.eventually("its file is gone") {
        try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty
      }
    }

    @Test("missed instants make one message, however many they are")
    func missed() async throws {
      let server = LoopbackServer { _, connection in connection.answer("ok") }
      defer { server.stop() }
      let almanac = try Almanac()
      try almanac.save(
        "tick.lua",
        """
        schedule = { every = "100ms", late_within = "0s",
          notify = { on = "missed", webhook = "\(server.url)/hook" } }
        function main() end
        """)
      let daemon = try await almanac.serve()
      _ = try await almanac.endedRun(of: "tick", count: 2)
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
      try await Task.sleep(for: .milliseconds(500))
      try await almanac.serve()
      try await almanac.eventually("the missed ones are told") {
        bodies(server).contains { ($0["count"].asInt ?? 0) > 1 }
      }
      let told = try #require(bodies(server).first { ($0["count"].asInt ?? 0) > 1 })
      #expect(told["event"] == "missed")
      #expect(told["title"].asString == "tick missed \(told["count"].asInt ?? 0) due instants")
    }

    @Test("what is wrong with `notify` is told with its place")
    func mistakes() throws {
      let almanac = try Almanac()
      try almanac.save(
        "a.lua",
        """
        schedule = { every = "1h", notify = {
          on = { "failure" },
          emial = "ops@example.com",
          webhook = "example.com/hook",
          smtp = { port = 0 },
        } }
        function main() end
        """)
      let output = try almanac.run(["check", almanac.jobs])
      #expect(output.status == 1)
      for part in [
        "a.lua:2: schedule.notify.on[1]: \"failure\" is not one of \"started\"",
        "a.lua:3: schedule.notify.emial: there is no such key; did you mean `email`?",
        "a.lua:4: schedule.notify.webhook: url \"example.com/hook\" does not begin with http:// or https://",
        "a.lua:5: schedule.notify.smtp.port: 0 is out of range (1 to 65535)",
      ] {
        #expect((output.out + output.err).contains(part), "\(part) is not in:\n\(output.out)\(output.err)")
      }
    }
  }
}
