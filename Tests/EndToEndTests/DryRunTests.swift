import Foundation
import TestSupport
import Testing
import Values

extension RealBinary {
  @Suite("almanac run --dry") struct DryRunTests {
    private func job(_ url: String) -> String {
      """
      local fs, http, job, kv = require "almanac.fs", require "almanac.http", require "almanac.job", require "almanac.kv"
      schedule = { retry = { count = 1, interval = "1h" } }
      function main(run)
        local seen = assert(http.get("\(url)/list")).body
        local sent = assert(http.post("\(url)/orders?x=1", { json = { item = 1 } }))
        local put, err = http.request { url = "\(url)/put", method = "PUT", body = "b" }
        assert(http.get("\(url)/file", { to_file = "../file.bin" }))
        assert(fs.write("../note.txt", "changed") and fs.append("../log.txt", "x"))
        assert(fs.move("../keep.txt", "../gone.txt") and fs.remove("../keep.txt") and fs.mkdir("../new"))
        kv.incr("n")
        job.step("s", function() kv.set("s", 1) end)
        return { seen, sent.status, sent.ok, sent.dry, err or put.status, fs.read("../keep.txt"), kv.get("n") }
      end
      """
    }

    @Test("main runs for real, and nothing in the world changes but what it logs") func nothingChanges()
      async throws
    {
      let server = LoopbackServer { request, connection in connection.answer("\(request.method) seen") }
      defer { server.stop() }
      let almanac = try Almanac()
      try almanac.save("order.lua", job(server.url))
      try "kept".write(toFile: almanac.root + "/keep.txt", atomically: true, encoding: .utf8)
      let intents = [
        "POST \(server.url)/orders?x=1", "PUT \(server.url)/put", "GET \(server.url)/file into ../file.bin",
        "write ../note.txt", "append ../log.txt", "move ../keep.txt to ../gone.txt", "remove ../keep.txt",
        "mkdir ../new", "set n in kv to 1", "set s in kv to 1",
      ]
      func check(_ output: Almanac.Output, log: String) throws {
        #expect(output.status == 0, "\(output.err)")
        #expect(output.out == "[\"GET seen\",200,true,true,200,\"kept\",1]\n")
        for intent in intents { #expect(log.contains("dry: would \(intent)"), "\(intent)") }
        #expect(server.requests.allSatisfy { $0.method == "GET" && $0.target == "/list" })
        for file in ["note.txt", "log.txt", "gone.txt", "new", "file.bin"] {
          #expect(!FileManager.default.fileExists(atPath: almanac.root + "/" + file))
        }
        #expect(almanac.read("keep.txt") == "kept")
        let row = try #require(try almanac.runs(of: "order").first)
        #expect(row["outcome"] == "succeeded")
        #expect(row["reason"] == "dry run")
      }
      let alone = try almanac.command("run", "order", "--dry")
      try check(alone, log: alone.err)
      try await almanac.serve()
      let followed = try almanac.command("run", "order", "--dry")
      try check(followed, log: followed.err)
    }

    @Test("--answers says what calls return; a failure is one, and its retry is dry too and at once")
    func answers()
      async throws
    {
      let server = LoopbackServer { _, connection in connection.answer("real") }
      defer { server.stop() }
      let almanac = try Almanac()
      try almanac.save("order.lua", job(server.url))
      let file = almanac.root + "/answers.json"
      try """
      {
        "GET \(server.url)/list": { "body": "told" },
        "POST \(server.url)/*": { "status": 201, "json": { "id": 1 } },
        "PUT *": { "error": "refused" },
        "read ../keep.txt": "told too"
      }
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let output = try almanac.command("run", "order", "--dry", "--answers", file)
      #expect(output.out == "[\"told\",201,true,true,\"refused\",\"told too\",1]\n", "\(output.err)")
      #expect(server.requests.isEmpty)
      try "{ \"POST *\": { \"error\": \"down\" } }".write(toFile: file, atomically: true, encoding: .utf8)
      let failed = try almanac.command("run", "order", "--dry", "--answers", file)
      #expect(failed.status == 1)
      #expect(failed.err.contains("dry: would be tried again in 1h, and is at once"), "\(failed.err)")
      let row = try #require(try almanac.runs(of: "order").first)
      #expect(row["outcome"] == "failed" && row["attempt"] == 2)
      #expect(row["reason"] == "dry run")
      #expect(row["error"].asString?.hasSuffix("down") == true)
      #expect(server.requests.allSatisfy { $0.method == "GET" })
    }

    @Test("no program is started") func processes() async throws {
      let almanac = try Almanac()
      try almanac.save(
        "clean.lua",
        """
        local process = require "almanac.process"
        function main()
          local a = assert(process.run { "touch", "../touched" })
          local b, err = process.shell("touch ../touched; exit 3", { check = true })
          local file = assert(io.open("../touched", "w"))
          assert(file:write("by io") and file:close() and os.execute("touch ../touched"))
          assert(os.rename("clean.lua", "../touched"))
          touched = (touched or 0) + 1
          assert(touched == 1, "another run's globals")
          return { a.code, a.ok, a.stdout, err, process.run({ "date" }).stdout }
        end
        """)
      try "{ \"run /bin/sh*\": { \"code\": 3 }, \"run date\": { \"stdout\": \"today\" } }".write(
        toFile: almanac.root + "/answers.json", atomically: true, encoding: .utf8)
      let output = try almanac.command("run", "clean", "--dry", "--answers", "answers.json")
      #expect(
        output.out == "[0,true,\"\",\"`touch ../touched; exit 3` failed with exit code 3\",\"today\"]\n",
        "\(output.err)")
      #expect(output.err.contains("dry: would run touch ../touched"))
      try await almanac.serve()
      for _ in 1...2 { #expect(try almanac.command("run", "clean", "--dry").status == 0) }
      #expect(almanac.read("touched") == nil)
    }

    @Test("wrong use is told") func usage() throws {
      let almanac = try Almanac()
      try almanac.save("a.lua", "function main() end")
      try "[1]".write(toFile: almanac.root + "/list.json", atomically: true, encoding: .utf8)
      for (arguments, message) in [
        (["--dry", "--test"], "--dry calls main and --test does not: choose one of them"),
        (["--answers", "x.json"], "--answers belongs to --dry"),
        (["--dry", "--answers", "none.json"], "--answers: cannot read none.json"),
        (["--dry", "--answers", "list.json"], "--answers: list.json: an object is expected"),
      ] {
        let output = try almanac.run(
          ["run", "a", "--jobs", almanac.jobs, "--state", almanac.state] + arguments)
        #expect(output.status == 2)
        #expect(output.err.contains(message), "\(output.err)")
      }
    }
  }
}
