import Glibc
import TestSupport
import Testing
import Values

@testable import HostModules

@Suite("schedule.allow") struct AllowTests {
  /// What calling it raises; "done" where it was let through, be it with trouble.
  private func call(_ text: String, allowed: [String]?, in folder: TemporaryFolder) async -> String? {
    let outcome = await ScriptHost.main(
      "local ok, err = pcall(function() \(text) end) return ok and 'done' or err", in: folder,
      allowed: allowed)
    return outcome.result.asString?.replacing(#/^jobs/test\.lua:\d+: /#, with: "")
  }

  @Test("every function of every module says what it needs")
  func declared() {
    for module in StandardModules.all {
      for function in module.functions where function.needs == nil {
        Issue.record("\(module.name).\(function.name) has neither `needs` nor `needsNothing`")
      }
    }
  }

  @Test("a job without it may do everything")
  func everything() async throws {
    let folder = TemporaryFolder()
    #expect(
      await call("assert(fs.write('/tmp/../\(folder.path)/a', 'x'))", allowed: nil, in: folder) == "done")
  }

  @Test(
    "lets through what is listed, and names the line that is missing for the rest",
    arguments: [
      ("fs.read('/etc/hostname')", [], "read /etc/hostname: add \"fs:read:/etc\""),
      ("fs.read('/etc/hostname')", ["fs:read"], nil),
      ("fs.read('/etc/hostname')", ["fs:read:/etc"], nil),
      ("fs.read('/etc/hostname')", ["fs:read:/etc/hostname"], nil),
      ("fs.read('/etc/hostname')", ["fs:read:/et"], "read /etc/hostname: add \"fs:read:/etc\""),
      ("fs.read('/etc/hostname')", ["fs:write"], "read /etc/hostname: add \"fs:read:/etc\""),
      ("fs.read('/srv/../etc/hostname')", ["fs:read:/srv"], "read /etc/hostname: add \"fs:read:/etc\""),
      ("fs.list('/')", [], "read /: add \"fs:read:/\""),
      ("fs.glob('/etc/*.conf')", ["fs:read:/srv"], "read /etc: add \"fs:read:/\""),
      ("fs.glob('/etc/*.conf')", ["fs:read:/etc"], nil),
      ("fs.exists('/etc')", [], "read /etc: add \"fs:read:/\""),
      ("fs.write('/nowhere/a', 'x')", ["fs:read"], "write /nowhere/a: add \"fs:write:/nowhere\""),
      ("fs.append('/nowhere/a', 'x')", ["fs:write:/nowhere"], nil),
      ("fs.copy('/etc/hostname', '/nowhere/a')", ["fs:write"], "read /etc/hostname: add \"fs:read:/etc\""),
      ("fs.copy('/etc/hostname', '/nowhere/a')", ["fs:read"], "write /nowhere/a: add \"fs:write:/nowhere\""),
      ("fs.move('/nowhere/a', '/nowhere/b')", ["fs:read"], "write /nowhere/a: add \"fs:write:/nowhere\""),
      ("http.get('http://localhost:1/')", [], "send requests to localhost:1: add \"http:localhost\""),
      (
        "http.get('http://localhost:1/')", ["http:example.com"],
        "send requests to localhost:1: add \"http:localhost\""
      ),
      ("http.get('http://LOCALHOST:1/')", ["http:localhost"], nil),
      ("http.get('http://localhost:1/')", ["http:localhost:1"], nil),
      (
        "http.get('http://localhost:1/')", ["http:localhost:2"],
        "send requests to localhost:1: add \"http:localhost\""
      ),
      ("http.get('http://a.localhost:1/')", ["http:*.localhost"], nil),
      (
        "http.get('http://alocalhost:1/')", ["http:*.localhost"],
        "send requests to alocalhost:1: add \"http:alocalhost\""
      ),
      ("http.get('http://[::1]:1/')", ["http:localhost"], "send requests to [::1]:1: add \"http:[::1]\""),
      ("http.get('http://[::1]:1/')", ["http:[::1]"], nil),
      (
        "http.get('http://localhost:1/', { to_file = '/nowhere/a' })", ["http"],
        "write /nowhere/a: add \"fs:write:/nowhere\""
      ),
      ("fs.tar('/etc/hostname', '/nowhere/a')", ["fs:read"], "write /nowhere/a: add \"fs:write:/nowhere\""),
      ("fs.untar('/etc/hostname', '/nowhere')", ["fs:write"], "read /etc/hostname: add \"fs:read:/etc\""),
      ("fs.gzip('/nowhere/a')", ["fs:read"], "write /nowhere/a.gz: add \"fs:write:/nowhere\""),
      ("fs.gunzip('/nowhere/a.gz', '/srv/a')", ["fs:read"], "write /srv/a: add \"fs:write:/srv\""),
      ("fs.walk('/etc')", [], "read /etc: add \"fs:read:/\""),
      ("fs.hash('/etc/hostname')", ["fs:read:/etc"], nil),
      ("fs.symlink('a', '/nowhere/b')", [], "write /nowhere/b: add \"fs:write:/nowhere\""),
      ("require('almanac.csv').rows('/etc/hostname')", [], "read /etc/hostname: add \"fs:read:/etc\""),
      (
        "require('almanac.time').is_business_day(0, { holidays = { calendar = '/etc/h.ics' } })", [],
        "read /etc/h.ics: add \"fs:read:/etc\""
      ),
      ("require('almanac.process').run { 'true' }", [], "run true: add \"process:true\""),
      ("require('almanac.process').run { 'true' }", ["process:true"], nil),
      (
        "require('almanac.process').run { '/bin/true' }", ["process:true"],
        "run /bin/true: add \"process:/bin/true\""
      ),
      (
        "require('almanac.process').run { 'true', stdout_file = '/nowhere/a' }", ["process"],
        "write /nowhere/a: add \"fs:write:/nowhere\""
      ),
      ("require('almanac.process').shell('true')", ["process:true"], "run sh: add \"process:sh\""),
      ("require('almanac.process').shell('true')", ["process:sh"], nil),
      ("os.execute('true')", ["fs:write"], "run sh: add \"process:sh\""),
      ("io.popen('true')", ["process:true"], "run sh: add \"process:sh\""),
      ("io.popen('true'):close()", ["process"], nil),
      ("io.open('/etc/hostname')", [], "read /etc/hostname: add \"fs:read:/etc\""),
      ("for _ in io.lines('/etc/hostname') do end", ["fs:read:/etc"], nil),
      ("io.open('/nowhere/a', 'w')", ["fs:read"], "write /nowhere/a: add \"fs:write:/nowhere\""),
      ("io.open('/nowhere/a', 'r+')", ["fs:write"], "read /nowhere/a: add \"fs:read:/nowhere\""),
      ("io.output('/nowhere/a')", [], "write /nowhere/a: add \"fs:write:/nowhere\""),
      ("os.remove('/nowhere/a')", ["fs:read"], "write /nowhere/a: add \"fs:write:/nowhere\""),
      (
        "os.rename('/nowhere/a', '/elsewhere/b')", ["fs:write:/nowhere"],
        "write /elsewhere/b: add \"fs:write:/elsewhere\""
      ),
      ("io.write('x') io.read() io.tmpfile():write('x')", [], nil),
      ("require 'almanac.process'.run { 'true' }", [], "run true: add \"process:true\""),
      ("require 'almanac.process'.run { 'true' }", ["process:true"], nil),
      ("require 'almanac.process'.run { 'true' }", ["process:tru"], "run true: add \"process:true\""),
      (
        "require 'almanac.process'.run { 'true', stdout_file = '/nowhere/a' }", ["process"],
        "write /nowhere/a: add \"fs:write:/nowhere\""
      ),
      ("require 'almanac.process'.shell('true')", ["process:true"], "run sh: add \"process:sh\""),
      ("os.execute('true')", [], "run sh: add \"process:sh\""),
      ("io.popen('true')", [], "run sh: add \"process:sh\""),
      ("io.open('/etc/hostname')", [], "read /etc/hostname: add \"fs:read:/etc\""),
      ("io.open('/etc/hostname')", ["fs:read:/etc"], nil),
      ("io.open('/nowhere/a', 'w')", ["fs:read"], "write /nowhere/a: add \"fs:write:/nowhere\""),
      ("os.remove('/nowhere/a')", ["fs:read"], "write /nowhere/a: add \"fs:write:/nowhere\""),
      ("os.rename('/nowhere/a', '/tmp')", ["fs:write:/nowhere"], "write /tmp: add \"fs:write:/\""),
      ("require 'almanac.notify'.webhook('http://localhost:1')", [], "send notifications: add \"notify\""),
      ("require 'almanac.csv'.rows('/etc/hostname')", [], "read /etc/hostname: add \"fs:read:/etc\""),
      ("fs.hash('/etc/hostname')", [], "read /etc/hostname: add \"fs:read:/etc\""),
      ("fs.gzip('/etc/hostname')", ["fs:read"], "write /etc/hostname.gz: add \"fs:write:/etc\""),
      ("fs.tar('.', '/nowhere/a.tar')", [], "write /nowhere/a.tar: add \"fs:write:/nowhere\""),
      ("for _ in fs.walk('/etc') do end", [], "read /etc: add \"fs:read:/\""),
      // What concerns nobody else needs nothing.
      ("json.encode({}) json.decode('1') job.remaining() print('x')", [], nil),
    ] as [(String, [String], String?)])
  func refusals(text: String, allowed: [String], refusal: String?) async throws {
    let expected = refusal.map { "this job may not \($0) to schedule.allow" } ?? "done"
    #expect(await call(text, allowed: allowed, in: TemporaryFolder()) == expected)
  }

  @Test("a job may always read the folder of its file, and write its output folder")
  func ownFolders() async throws {
    let folder = TemporaryFolder()
    try folder.write("x", to: "data.txt")
    let text = """
      assert(fs.read("data.txt") == "x" and #fs.list() > 0)
      local path = assert(job.output("sub/report.txt"))
      assert(fs.write(path, "y") and fs.read(path) == "y" and fs.remove(path))
      """
    #expect(await call(text, allowed: [], in: folder) == "done")
    let real = String(decoding: try #require(try folder.jobPath(".").resolved).bytes, as: UTF8.self)
    #expect(
      await call("fs.write('data.txt', 'z')", allowed: [], in: folder)
        == "this job may not write \(real)/data.txt: add \"fs:write:\(real)\" to schedule.allow")
    #expect(await call("assert(fs.write('data.txt', 'z'))", allowed: ["fs:write:."], in: folder) == "done")
    #expect(
      await call("assert(fs.write('in/data.txt', 'z'))", allowed: ["fs:write:in"], in: folder) != "done")
  }

  @Test("links are followed to where they lead")
  func links() async throws {
    let (folder, outside) = (TemporaryFolder(), TemporaryFolder())
    symlink(outside.path, folder.at("link"))
    try outside.write("x", to: "secret")
    let refused = try #require(await call("fs.read('link/secret')", allowed: [], in: folder))
    #expect(refused.contains("may not read") && refused.contains("/secret"))
    #expect(await call("assert(fs.read('link/secret'))", allowed: ["fs:read:link"], in: folder) == "done")
    // To remove a link is no matter of what it leads to.
    #expect(await call("assert(fs.remove('link'))", allowed: ["fs:write:."], in: folder) == "done")
    #expect(try outside.read("secret") == "x")
  }

  @Test("an error says where in the job the call stands")
  func place() async {
    let outcome = await ScriptHost.main("\n\nfs.read('/etc/hostname')", in: TemporaryFolder(), allowed: [])
    #expect(
      outcome.result.asString
        == "failed: jobs/test.lua:4: this job may not read /etc/hostname: add \"fs:read:/etc\" to schedule.allow"
    )
    #expect(!outcome.calledOutside)
  }
}
