import Glibc
import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("almanac.process") struct ProcessModuleTests {
  private let folder = TemporaryFolder()

  /// Runs the body of a `main`, with `process` at hand.
  private func main(
    _ body: String, environment: [String: String] = [:], timeLimit: Duration = .seconds(120),
    stopGrace: Duration = .milliseconds(500)
  ) async -> ScriptHost.Outcome {
    await ScriptHost.main(
      "local process = require 'almanac.process'; " + body, in: folder, environment: environment,
      timeLimit: timeLimit, stopGrace: stopGrace)
  }

  // MARK: What comes back

  @Test("a program gets its arguments as they are, without a shell")
  func arguments() async {
    let outcome = await main(
      """
      local r = assert(process.run { "printf", "%s|", "a b", "$HOME", "*", "", 12, 1.5, "\\xff" })
      assert(r.ok and r.code == 0 and r.signal == nil and r.stderr == "")
      assert(r.timed_out == false and r.truncated == false and r.duration >= 0 and r.duration < 60)
      return r.stdout == "a b|$HOME|*||12|1.5|\\xff|"
      """)
    #expect(outcome.result == true)
    #expect(outcome.calledOutside)
  }

  @Test("exit codes and signals are values")
  func status() async {
    let outcome = await main(
      """
      local r = assert(process.run { "sh", "-c", "echo out; echo err >&2; exit 3" })
      assert(r.code == 3 and not r.ok and r.signal == nil)
      assert(r.stdout == "out\\n" and r.stderr == "err\\n")
      r = assert(process.run { "sh", "-c", "kill -TERM $$" })
      assert(r.code == nil and not r.ok and r.signal == "SIGTERM", r.signal)
      r = assert(process.run { "sh", "-c", "kill -KILL $$" })
      return r.signal
      """)
    #expect(outcome.result == "SIGKILL")
  }

  @Test("a shell is there for who asks for it")
  func shell() async {
    let outcome = await main(
      """
      local r = assert(process.shell("echo one two | tr a-z A-Z; exit 4"))
      assert(r.code == 4)
      return r.stdout .. assert(process.shell("cat", { stdin = "three" })).stdout
      """)
    #expect(outcome.result == "ONE TWO\nthree")
  }

  @Test("with `check`, an end that is not well is trouble with the last words of stderr")
  func check() async {
    let outcome = await main(
      """
      local _, a = process.run { "sh", "-c", "echo no such table >&2; exit 2", check = true }
      local _, b = process.shell("kill -9 $$", { check = true })
      local _, c = process.shell("sleep 60", { check = true, timeout = 0.1 })
      local _, d = process.shell("echo only here; false", { check = true })
      assert(process.run { "true", check = true }.ok)
      return { a, b, c, d }
      """)
    #expect(
      outcome.result.asTable?.items == [
        "sh failed with exit code 2: no such table", "`kill -9 $$` was ended by SIGKILL",
        "`sleep 60` did not end within its timeout",
        "`echo only here; false` failed with exit code 1: only here",
      ])
  }

  @Test("what cannot be started is trouble that says why")
  func notStarted() async throws {
    try folder.write("echo hello\n", to: "plain")
    try folder.write("#!/no/such/shell\n", to: "orphan")
    try folder.write("x", to: "script")
    for name in ["script", "orphan"] { chmod(folder.at(name), 0o755) }
    let outcome = await main(
      """
      local seen = {}
      for _, call in ipairs {
        { "no-such-thing", env = { PATH = "/bin:/usr/bin" } }, { "./none" }, { "./orphan" }, { "./plain" },
        { "./script" }, { "true", cwd = "none" }, { "true", cwd = "plain" },
        { "cat", stdin_file = "none" }, { "true", stdout_file = "none/x" },
        { "true", ("x"):rep(200000) },
      } do
        local r, err = process.run(call)
        assert(r == nil)
        seen[#seen + 1] = err
      end
      return seen
      """)
    #expect(
      outcome.result.asTable?.items == [
        "no such program: no-such-thing (looked in PATH, which is /bin:/usr/bin)",
        "no such program: ./none (or what its first line, #!, names is not there)",
        "no such program: ./orphan (or what its first line, #!, names is not there)",
        "cannot start ./plain: it may not be executed (chmod +x lets it)",
        "cannot start ./script: it is no program (a script begins with a line like #!/bin/sh)",
        "cannot start true in none: no such file or directory",
        "cannot start true in plain: not a directory",
        "cannot read none: no such file or directory",
        "cannot write none/x: there is no folder none (fs.mkdir makes it)",
        "cannot start true: the arguments and the environment are too long",
      ])
  }

  @Test(
    "misuse raises, with the nearest name for a slip",
    arguments: [
      (
        "process.run()",
        "process.run: a table is needed, as in process.run { \"ls\", \"-l\", cwd = \"/tmp\" }"
      ),
      (
        "process.run('ls')",
        "process.run: a table is needed, as in process.run { \"ls\", \"-l\", cwd = \"/tmp\" }"
      ),
      (
        "process.run { cwd = '/' }",
        "process.run: a table is needed, as in process.run { \"ls\", \"-l\", cwd = \"/tmp\" }"
      ),
      ("process.run { 'ls', timout = 1 }", "process.run: unknown option `timout`: did you mean `timeout`?"),
      ("process.run { 'ls', true }", "process.run: argument 1 must be a string, not true"),
      ("process.run { {} }", "process.run: the program must be a string, not a table"),
      ("process.run { 'a\\0b' }", "process.run: the program has a zero byte in it"),
      ("process.run { '' }", "process.run: the program's name is empty"),
      (
        "process.run { 'ls', env = { A = {} } }",
        "process.run: env.A must be a string, or false to leave it out, not a table"
      ),
      ("process.run { 'ls', env = { ['A=B'] = 1 } }", "process.run: env: \"A=B\" is not a variable's name"),
      ("process.run { 'ls', timeout = 0 }", "process.run: timeout must be more than 0 seconds, not 0"),
      (
        "process.run { 'ls', max_output = -1 }",
        "process.run: max_output must be from 0 to 67108864 bytes, or a size like \"1MB\", not -1"
      ),
      (
        "process.run { 'ls', max_output = '1GB' }",
        "process.run: max_output must be from 0 to 67108864 bytes, or a size like \"1MB\", not \"1GB\""
      ),
      (
        "process.run { 'ls', max_output = '20' }",
        "process.run: max_output: \"20\" has no unit; add one: \"20MB\", \"20KB\""
      ),
      (
        "process.run { 'ls', stdin = '', stdin_file = 'a' }",
        "process.run: give one of stdin and stdin_file, not both"
      ),
      (
        "process.run { 'ls', merge_stderr = true, stderr_file = 'a' }",
        "process.run: give one of merge_stderr and stderr_file, not both"
      ),
      ("process.shell()", "process.shell: the command must be a string, not nil"),
      ("process.shell('ls', { 'x' })", "process.shell: options have names, as in { cwd = ... }"),
    ])
  func misuse(call: String, message: String) async {
    guard case .failed(let error) = await main(call).end else {
      Issue.record("it did not raise")
      return
    }
    #expect(error.text == message)
  }

  @Test("nothing is started where the run cannot wait")
  func cannotWait() async throws {
    let outcome = await ScriptHost.run(
      "require('almanac.process').shell('touch ran')\nfunction main() end", in: folder)
    #expect(outcome.result == "failed: jobs/test.lua:1: cannot wait inside the top level of a file")
    #expect(try folder.names() == [])
  }

  // MARK: What goes in

  @Test("it starts in the job's folder, or where `cwd` says")
  func workingDirectory() async throws {
    try FileSystem.makeFolder(try folder.jobPath("below"))
    try folder.write("#!/bin/sh\npwd\n", to: "where")
    chmod(folder.at("where"), 0o755)
    let outcome = await main(
      """
      local function pwd(r) return (assert(r).stdout:gsub("\\n", "")) end
      return { pwd(process.run { "pwd" }), pwd(process.shell("pwd", { cwd = "below" })),
        pwd(process.run { "pwd", cwd = "/" }), pwd(process.run { "./where", cwd = "below" }) }
      """)
    let here = folder.path
    #expect(
      outcome.result.asTable?.items == [
        .string(here), .string(here + "/below"), "/", .string(here + "/below"),
      ])
  }

  @Test("it inherits the daemon's environment, under the job's, under the call's own")
  func environment() async {
    let outcome = await main(
      """
      local function env(options) return assert(process.shell("echo $A,$B,$C,$HOME", options)).stdout end
      local home = os.getenv("HOME")
      assert(env() == "job,job,," .. home .. "\\n", env())
      assert(env { env = { B = "call", C = 1 } } == "job,call,1," .. home .. "\\n")
      assert(env { env = { A = false } } == ",job,," .. home .. "\\n")
      assert(env { env_clear = true, env = { C = "only" } } == ",,only,\\n")
      local all = process.run { "/usr/bin/env", env_clear = true, env = { C = "only" } }.stdout
      assert(all == "C=only\\n", all)
      return true
      """, environment: ["A": "job", "B": "job"])
    #expect(outcome.result == true)
  }

  @Test("stdin is a string of any size, a file, or nothing")
  func standardInput() async throws {
    try folder.write("from a file", to: "in.txt")
    let outcome = await main(
      """
      local five = ("0123456789"):rep(500000)
      local r = assert(process.run { "cat", stdin = five, max_output = 6000000 })
      assert(r.stdout == five and not r.truncated)
      -- Nobody has to read it.
      assert(process.run { "true", stdin = five }.ok)
      assert(process.run { "head", "-c", "3", stdin = five }.stdout == "012")
      assert(process.run { "cat", stdin_file = "in.txt" }.stdout == "from a file")
      assert(process.run { "cat" }.stdout == "")
      return process.run { "cat", stdin = "" }.stdout
      """)
    #expect(outcome.result == "")
  }

  @Test("no descriptor of the host's is open in a child")
  func descriptors() async {
    let outcome = await main("return process.run { 'ls', '/proc/self/fd' }.stdout")
    // The last one is the folder that it lists.
    #expect(outcome.result == "0\n1\n2\n3\n")
  }

  @Test("a child ignores and blocks no signal, whatever the host does")
  func signals() async {
    let outcome = await main(
      "return process.run { 'grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status' }.stdout")
    let none = ["SigBlk", "SigIgn"].map { "\($0):\t0000000000000000\n" }.joined()
    #expect(outcome.result == .string(none))
  }

  // MARK: What comes out

  @Test("output is kept up to a limit, and never blocks the child")
  func limits() async {
    let outcome = await main(
      """
      local r = assert(process.shell("head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2"))
      assert(r.ok and r.truncated and #r.stdout == 1 << 20 and #r.stderr == 1 << 20)
      r = assert(process.run { "printf", "12345", max_output = 5 })
      assert(r.stdout == "12345" and not r.truncated)
      r = assert(process.run { "head", "-c", "2000000", "/dev/zero", max_output = "1.5MB" })
      assert(#r.stdout == 3 << 19 and r.truncated)
      r = assert(process.run { "printf", "12345", max_output = 4 })
      assert(r.stdout == "1234" and r.truncated)
      r = assert(process.run { "printf", "12345", max_output = 0 })
      assert(r.stdout == "" and r.truncated)
      local _, err = process.shell("seq 100000 >&2; echo the last words >&2; false", { check = true, max_output = 10 })
      return err:sub(-23)
      """)
    #expect(outcome.result == .string(String("99999\n100000\nthe last words".suffix(23))))
  }

  @Test("output goes to files, whole or at their end, and stderr where stdout goes")
  func files() async throws {
    let outcome = await main(
      """
      assert(process.shell("echo one; echo two >&2", { stdout_file = "out", stderr_file = "err" }).stdout == "")
      assert(process.shell("echo three", { stdout_file = "out", append = true }))
      assert(process.shell("echo four", { stderr_file = "err" }).stdout == "four\\n")
      local r = assert(process.shell("echo a; echo b >&2; echo c", { merge_stderr = true }))
      assert(r.stdout == "a\\nb\\nc\\n" and r.stderr == "")
      assert(process.shell("echo d; echo e >&2", { merge_stderr = true, stdout_file = "both" }))
      return fs.read("out") .. fs.read("err") .. fs.read("both")
      """)
    #expect(outcome.result == "one\nthree\nd\ne\n")
  }

  @Test("with `log`, lines go to the log as they come")
  func logged() async {
    let outcome = await main(
      "return process.shell('echo one; echo two >&2; sleep 0.2; printf three', { log = true }).stdout")
    #expect(outcome.result == "one\nthree")
    #expect(Set(outcome.log) == ["info one", "warn two", "info three"])
  }

  // MARK: The end

  @Test("at its timeout the whole group ends, also those who will not hear")
  func timeout() async throws {
    let outcome = await main(
      """
      local r = assert(process.run {
        "sh", "-c",
        "trap '' TERM; (trap '' TERM; echo $$; sh -c 'echo $$; exec sleep 1000') & sleep 0.1; echo $$; sleep 1000",
        timeout = "600ms",
      })
      assert(r.timed_out and not r.ok and r.signal == "SIGKILL", r.signal)
      return r.stdout
      """)
    let pids = try #require(outcome.result.asString).split(separator: "\n").compactMap { pid_t($0) }
    #expect(pids.count == 3, "\(outcome.result)")
    for pid in pids { #expect(kill(pid, 0) < 0, "\(pid) lives") }
  }

  @Test("who hears SIGTERM may tidy up")
  func terminated() async {
    let outcome = await main(
      """
      local r = assert(process.shell("trap 'echo tidied; exit 7' TERM; echo ready; while :; do sleep 0.05; done", { timeout = 3 }))
      assert(r.timed_out and r.code == 7 and not r.ok)
      return r.stdout
      """, stopGrace: .seconds(60))
    #expect(outcome.result == "ready\ntidied\n")
  }

  @Test("when the run is stopped, its child has ended before its end is told", arguments: [true, false])
  func stopped(ignoresSignal: Bool) async throws {
    let trap = ignoresSignal ? "trap '' TERM; " : ""
    let outcome = await main(
      "process.shell(\"\(trap)echo $$ > pid; sleep 1000 & sleep 1001\")", timeLimit: .milliseconds(700))
    #expect(outcome.end == .timedOut)
    let text = try folder.read("pid")
    let pid = try #require(pid_t(text.dropLast()))
    #expect(kill(-pid, 0) < 0)
  }

  @Test("a child that is left behind by its parent ends with the call")
  func leftBehind() async throws {
    let outcome = await main(
      "local r = assert(process.shell('sleep 1000 & echo $!')); assert(r.ok); return r.stdout")
    let pid = try #require(pid_t((outcome.result.asString ?? "").dropLast()))
    #expect(kill(pid, 0) < 0)
  }

  @Test("who is about to write its last lines may do so after its parent's end")
  func lastLines() async {
    let outcome = await main("return process.shell('(sleep 0.1; echo late) & echo early').stdout")
    #expect(outcome.result == "early\nlate\n")
  }

  @Test("a child that closes its output and lives on is waited for")
  func closedOutput() async {
    let outcome = await main(
      "local r = process.shell('exec >&- 2>&-; sleep 0.3; touch lived; exit 5'); assert(fs.exists('lived')); return r.code"
    )
    #expect(outcome.result == 5)
  }

  @Test("a process that has left the group holds nothing up")
  func escaped() async throws {
    let outcome = await main(
      "return process.shell('setsid sh -c \"echo $$ > pid; exec sleep 1000\" & while ! [ -s pid ]; do sleep 0.01; done; echo done').stdout"
    )
    #expect(outcome.result == "done\n")
    let text = try folder.read("pid")
    let pid = try #require(pid_t(text.dropLast()))
    kill(pid, SIGKILL)
  }

  // MARK: Many

  @Test("thousands of children leave no zombie and no descriptor behind")
  func many() async throws {
    let outcome = await main(
      """
      for i = 1, 2000 do
        local r = process.run { "true" }
        if not r or r.code ~= 0 then error("child " .. i) end
      end
      return "done"
      """)
    #expect(outcome.result == "done")
    // Other tests have children and descriptors too, for a while; each child has had two pipes.
    for _ in 0..<3000 {
      if try zombies() < 20 && openDescriptors() < 2000 { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("\(try zombies()) zombies, \(try openDescriptors()) descriptors")
  }

  @Test("children of many runs are there at the same time, and hold no thread")
  func concurrent() async {
    await withTaskGroup(of: DataValue.self) { group in
      for number in 0..<300 {
        group.addTask {
          await ScriptHost.main(
            """
            local process = require "almanac.process"
            return process.shell("read line; sleep 1; echo $line", { stdin = "\(number)\\n" }).stdout
            """, in: folder
          ).result
        }
      }
      var seen: Set<String> = []
      for await result in group { seen.insert(result.asString ?? "") }
      #expect(seen == Set((0..<300).map { "\($0)\n" }))
    }
  }

  /// Processes below this one that are dead and not buried.
  private func zombies() throws -> Int {
    let folder = try JobPath(Array("/proc".utf8), in: "/", of: "test")
    var processes: [Int32: (state: Substring, parent: Int32)] = [:]
    for name in try FileSystem.names(in: folder) {
      guard let pid = Int32(String(decoding: name, as: UTF8.self)),
        let path = try? JobPath(Array("/proc/\(pid)/stat".utf8), in: "/", of: "test"),
        let bytes = try? FileSystem.read(path, limit: 4096)
      else { continue }
      let text = String(decoding: bytes, as: UTF8.self)
      let fields = text[text.index(after: text.lastIndex(of: ")") ?? text.startIndex)...].split(
        separator: " ")
      if fields.count > 2, let parent = Int32(fields[1]) { processes[pid] = (fields[0], parent) }
    }
    return processes.values.count { state, parent in
      state == "Z" && (parent == getpid() || processes[parent]?.parent == getpid())
    }
  }

  private func openDescriptors() throws -> Int {
    try FileSystem.names(in: try JobPath(Array("/proc/self/fd".utf8), in: "/", of: "test")).count
  }
}
