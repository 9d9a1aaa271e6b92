import Glibc
import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("io and os") struct IOTests {
  private let folder = TemporaryFolder()

  private func main(
    _ body: String, timeLimit: Duration = .seconds(120), stopGrace: Duration = .milliseconds(500)
  ) async -> ScriptHost.Outcome {
    await ScriptHost.run(
      "function main()\n\(body)\nend", in: folder, timeLimit: timeLimit, stopGrace: stopGrace)
  }

  // MARK: As Lua's

  /// Each body ends well by itself and in stock Lua 5.4; both are asked.
  static let asInLua = [
    "local f = assert(io.open('a', 'w')) assert(f:write('x', 1, ' ', 2.5, ' ', 3.0, ' ', 2^53) == f) assert(f:close()) assert(io.open('a'):read('a') == 'x1 2.5 3 9.007199254741e+15')",
    "io.open('a', 'w'):write('one\\n\\nthree\\r\\nlast'):close() local t = {} for l in io.lines('a') do t[#t + 1] = l end assert(#t == 4 and t[2] == '' and t[3] == 'three\\r' and t[4] == 'last')",
    "io.open('a', 'w'):write('one\\ntwo'):close() local f = io.open('a') assert(f:read('L') == 'one\\n' and f:read('L') == 'two' and f:read('L') == nil and f:read('a') == '' and f:read(0) == nil)",
    "io.open('a', 'w'):write('12345'):close() local f = io.open('a') assert(f:read(0) == '' and f:read(2) == '12' and f:read(10) == '345' and f:read(1) == nil and f:read(0) == nil)",
    "io.open('a', 'w'):write('l1\\nl2\\n7 rest'):close() local f = io.open('a') local a, b, c, d, e = f:read('*l', 'L', '*n', 'a', 'l') assert(a == 'l1' and b == 'l2\\n' and c == 7 and d == ' rest' and e == nil)",
    "io.open('a', 'w'):write(' 12 -3.5e1 0x1F 0x.8p1 +7 1e+ 5 0x 9 - 8 .5 99..5'):close() local f = io.open('a') local t = {} for i = 1, 12 do t[i] = tostring(f:read('n')) end assert(table.concat(t, ' ') == '12 -35.0 31 1.0 7 nil 5 nil 9 nil 8 0.5', table.concat(t, ' '))",
    "io.open('a', 'w'):write('abc'):close() local f = io.open('a') assert(select('#', f:read('n', 'l')) == 1) assert(f:read('l') == 'abc')",
    "io.open('a', 'w'):write(('1'):rep(250), ' 5'):close() local f = io.open('a') assert(f:read('n') == nil)",
    "local f = io.open('a', 'w+') f:write('hello') assert(f:seek('set') == 0 and f:read('a') == 'hello' and f:seek() == 5 and f:seek('cur', -2) == 3 and f:read(1) == 'l' and f:seek('end') == 5 and f:seek('set', 1) == 1 and f:read('a') == 'ello')",
    "io.open('a', 'w'):write('0123456789'):close() local f = io.open('a', 'r+') f:read(3) f:seek('cur', 0) f:write('abc') f:seek('cur', 0) assert(f:read(1) == '6') f:close() assert(io.open('a'):read('a') == '012abc6789')",
    "io.open('a', 'w'):write('1'):close() local f = io.open('a', 'a') f:write('2') f:close() f = io.open('a', 'a+') f:write('3') f:seek('set') assert(f:read('a') == '123')",
    "local f, m, c = io.open('none') assert(f == nil and m == 'none: No such file or directory' and c == 2)",
    "local f, m, c = io.open('none/x', 'w') assert(f == nil and m == 'none/x: No such file or directory' and c == 2)",
    "local f, m, c = io.open('') assert(f == nil and m == ': No such file or directory' and c == 2)",
    "local ok, e = pcall(function() io.open('a', 'x') end) assert(e:find(\"bad argument #2 to 'open' (invalid mode)\", 1, true), e)",
    "for _, m in ipairs { '', 'rr', 'r++', 'b', 'w+x', 'rb+' } do assert(not pcall(io.open, 'a', m), m) end for _, m in ipairs { 'w', 'wb', 'w+', 'w+b', 'r', 'rb', 'r+', 'r+b', 'a', 'ab', 'a+', 'a+b' } do assert(io.open('a', m)):close() end",
    "local ok, e = pcall(function() io.lines('none') end) assert(e:find('none', 1, true) and e:find('No such file or directory', 1, true), e)",
    "local ok, e = pcall(function() io.open({}) end) assert(e:find(\"bad argument #1 to 'open' (string expected, got table)\", 1, true), e)",
    "local f = io.open('a', 'w') f:close() for _, n in ipairs { 'read', 'write', 'close', 'seek', 'flush', 'lines', 'setvbuf' } do local ok, e = pcall(function() f[n](f) end) assert(not ok and e:find('attempt to use a closed file', 1, true), n) end assert(tostring(f) == 'file (closed)' and io.type(f) == 'closed file')",
    "local f = io.tmpfile() assert(io.type(f) == 'file' and io.type(3) == nil and io.type({}) == nil and type(f) == 'userdata') assert(tostring(f):find('^file %(0x%x+%)$')) f:write('t') f:seek('set') assert(f:read('a') == 't')",
    "assert(io.type(io.stdin) == 'file' and io.type(io.stdout) == 'file' and io.type(io.stderr) == 'file')",
    "io.open('a', 'w'):close() local f = io.open('a') local r, m, c = f:write('x') assert(r == nil and m == 'Bad file descriptor' and c == 9)",
    "local f = io.open('a', 'w') local r, m, c = f:read('a') assert(r == nil and m == 'Bad file descriptor' and c == 9)",
    "local f = assert(io.open('.')) local r, m, c = f:read(1) assert(r == nil and m == 'Is a directory' and c == 21)",
    "local ok, e = pcall(function() for l in io.lines('.') do end end) assert(not ok and e:find('Is a directory', 1, true))",
    "io.open('a', 'w'):close() local f = io.open('a') local p, m, c = f:seek('set', -1) assert(p == nil and m == 'Invalid argument' and c == 22)",
    "io.open('a', 'w'):close() local f = io.open('a') assert(not pcall(f.seek, f, 'middle') and not pcall(f.seek, f, 'set', 1.5) and not pcall(f.setvbuf, f, 'half') and not pcall(f.read, f, 'x') and not pcall(f.read, f, {}))",
    "local f = io.open('a', 'w') assert(f:setvbuf('no') and f:write('1')) assert(io.open('a'):read('a') == '1') assert(f:setvbuf('line') and f:write('2\\n') and f:write('3')) assert(io.open('a'):read('a') == '12\\n') assert(f:setvbuf('full', 1024)) f:write('4') assert(f:flush() and io.open('a'):read('a') == '12\\n34')",
    "do local f <close> = io.open('a', 'w') f:write('closed') F = f end assert(io.type(F) == 'closed file' and io.open('a'):read('a') == 'closed')",
    "io.open('a', 'w'):write('1\\n2\\n3\\n'):close() local f = io.open('a') local s = '' for l in f:lines() do s = s .. l end assert(s == '123' and io.type(f) == 'file')",
    "io.open('a', 'w'):write('1 2 3\\n4 5 6\\n'):close() local n = 0 for a, b, c in io.lines('a', 'n', 'n', 'n') do n = n + a * b * c end assert(n == 126)",
    "io.open('a', 'w'):write('abcdef'):close() local t = {} for c in io.lines('a', 2) do t[#t + 1] = c end assert(table.concat(t, ',') == 'ab,cd,ef')",
    "io.open('a', 'w'):write('x\\ny'):close() local it = io.lines('a') it() it() assert(it() == nil) local ok, e = pcall(it) assert(not ok and e:find('file is already closed', 1, true), e)",
    "io.open('a', 'w'):write('x\\ny'):close() local f = io.open('a') local it = f:lines() f:close() local ok, e = pcall(it) assert(e:find('file is already closed', 1, true))",
    "io.open('a', 'w'):write('x\\ny'):close() local it, s, v, f = io.lines('a') assert(io.type(f) == 'file') for l in it, s, v, f do break end assert(io.type(f) == 'closed file')",
    "local old = io.output() assert(io.output('a') == io.output()) io.write('w', 1) io.close() assert(not pcall(io.write, 'x')) io.output(old) io.input('a') assert(io.read('a') == 'w1') io.close(io.input()) local ok, e = pcall(function() io.read() end) assert(e:find('is closed', 1, true)) io.input(io.stdin)",
    "io.open('a', 'w'):write('1\\n2'):close() io.input('a') local s = '' for l in io.lines() do s = s .. l end assert(s == '12') io.input(io.stdin)",
    "local ok, m = io.stdout:close() assert(ok == nil and m == 'cannot close standard file')",
    "assert(io.stdout:setvbuf('line') and io.stdout:flush() and io.stdout:write('') == io.stdout)",
    "local t = {} for k in pairs(io) do t[#t + 1] = k end table.sort(t) assert(table.concat(t, ' ') == 'close flush input lines open output popen read stderr stdin stdout tmpfile type write', table.concat(t, ' '))",
    "local ok, e = pcall(io.input, setmetatable({}, { __name = 'My Type' })) assert(e:find('FILE* expected, got My Type', 1, true), e)",
    "assert(getmetatable(io.stdout).__name == 'FILE*' and getmetatable(io.stdout).__index.read == io.stdout.read)",
    "assert(os.rename('none', 'x') == nil) local r, m, c = os.rename('none', 'x') assert(c == 2 and m:find('No such file or directory', 1, true)) r, m, c = os.remove('none') assert(r == nil and m == 'none: No such file or directory' and c == 2)",
    "io.open('a', 'w'):close() assert(os.rename('a', 'b') and io.open('b') and not io.open('a') and os.remove('b') and not io.open('b'))",
    "local name = os.tmpname() assert(io.open(name)) assert(os.remove(name))",
    "assert(os.execute() == true) local a, b, c = os.execute('exit 3') assert(a == nil and b == 'exit' and c == 3) a, b, c = os.execute('true') assert(a == true and b == 'exit' and c == 0) a, b, c = os.execute('kill -9 $$') assert(a == nil and b == 'signal' and c == 9)",
    "local p = io.popen('echo one; echo two; exit 3') assert(p:read() == 'one' and p:read('a') == 'two\\n' and p:read() == nil) local a, b, c = p:close() assert(a == nil and b == 'exit' and c == 3)",
    "local p = io.popen('cat > a', 'w') assert(p:write('to ', 'a child') == p) assert(p:close() == true) assert(io.open('a'):read('a') == 'to a child')",
    "local s = '' for l in io.popen('seq 3'):lines() do s = s .. l end assert(s == '123')",
    "local p = io.popen('true') assert(not pcall(io.popen, 'true', 'x')) local r, m, c = p:seek() assert(r == nil and m == 'Illegal seek' and c == 29)",
    "local p = io.popen('kill -15 $$') local a, b, c = p:close() assert(a == nil and b == 'signal' and c == 15)",
    "local big = ('0123456789\\n'):rep(100000) io.open('a', 'wb'):write(big):close() assert(io.open('a', 'rb'):read('a') == big) local n = 0 for l in io.lines('a') do n = n + #l end assert(n == 1000000) assert(#io.open('a'):read(1100000) == 1100000)",
    "io.open('a', 'w'):write('12345'):close() local f = io.open('a') f:read(1) assert(f:read(1 << 20) == '2345' and f:read(1 << 20) == nil)",
    "local long = ('x'):rep(300000) io.open('a', 'w'):write(long, '\\n', long):close() local f = io.open('a') assert(f:read() == long and f:read() == long and f:read() == nil)",
    "local f = io.open('a', 'w') for i = 1, 20000 do f:write(i, '\\n') end f:close() local sum = 0 for n in io.lines('a', 'n') do sum = sum + n end assert(sum == 200010000)",
  ]

  @Test("each function does as in Lua's manual", arguments: asInLua)
  func likeLua(body: String) async {
    let outcome = await main(body)
    #expect(outcome.end == .succeeded(result: .null), "\(outcome.result)")
  }

  @Test("the same holds for stock Lua, where it is there", .enabled(if: access("/usr/bin/lua5.4", X_OK) == 0))
  func stockLua() async throws {
    let bodies = Self.asInLua.map { "do \($0) end" }.joined(separator: "\n")
    try folder.write(bodies, to: "all.lua")
    let outcome = await main(
      "local r = assert(require('almanac.process').run { 'lua5.4', 'all.lua', check = true }) return r.ok")
    #expect(outcome.result == true)
  }

  // MARK: In a job

  @Test("what is written to the standard files goes to the log, line by line")
  func log() async {
    let outcome = await main(
      """
      io.write("one", 1, "\\ntwo")
      print("printed")
      io.stdout:write(" more\\n\\nleft")
      io.stderr:write("careful\\nopen")
      """)
    #expect(
      outcome.log == [
        "info one1", "info printed", "info two more", "info ", "warn careful", "info left", "warn open",
      ])
    #expect(!outcome.calledOutside)
  }

  @Test("a number of bytes that no memory could hold reads what is there") func hugeCounts() async throws {
    try folder.write("12345", to: "a")
    let outcome = await main(
      "local f = io.open('a') f:read(1) return f:read(math.maxinteger) .. tostring(f:read(1 << 60))")
    #expect(outcome.result == "2345nil")
  }

  @Test("nothing comes from stdin")
  func standardInput() async {
    let outcome = await main(
      "assert(io.read() == nil and io.read('a') == '' and io.read('n') == nil and io.read(0) == nil) for l in io.lines() do error(l) end"
    )
    #expect(outcome.end == .succeeded(result: .null), "\(outcome.result)")
  }

  @Test("what was written reaches the disk by the end of the run, with or without close")
  func flushedAtEnd() async throws {
    _ = await main("F = io.open('kept', 'w') F:write('all of it') io.open('dropped', 'w'):write('this too')")
    #expect(try folder.read("kept") == "all of it")
    #expect(try folder.read("dropped") == "this too")
    let outcome = await main(
      "F = io.open('stopped', 'w') F:write('so far') while true do end", timeLimit: .seconds(2))
    #expect(outcome.end == .timedOut)
    #expect(try folder.read("stopped") == "so far")
  }

  @Test("a disk that is full is told in the log") func fullDisk() async {
    let outcome = await main("F = io.open('/dev/full', 'w') F:write('x')")
    #expect(outcome.log == ["error /dev/full is not complete: No space left on device"])
    let told = await main("local f = io.open('/dev/full', 'w') f:write('x') return select(2, f:close())")
    #expect(told.result == "No space left on device")
  }

  @Test("files that are forgotten are closed by the collector; the others have a limit")
  func forgotten() async throws {
    try folder.write("text", to: "a")
    let forgotten = await main(
      "for i = 1, 5000 do assert(io.open('a'):read('a') == 'text') end return 'done'")
    #expect(forgotten.result == "done")
    let held = await main(
      """
      local held = {}
      for i = 1, 5000 do
        local f, message, code = io.open('a')
        if not f then return { i, message, code } end
        held[i] = f
      end
      """)
    #expect(held.result.asTable?.items == [501, "Too many open files", 24])
    // They are closed with the state, soon after the run's end.
    for _ in 0..<3000 {
      if try folder.openDescriptors() == 0 { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("\(try folder.openDescriptors()) descriptors are still open")
  }

  @Test("a file stays open as long as anybody reads it") func heldByUse() async throws {
    try folder.write((1...50_000).map { "\($0)\n" }.joined(), to: "a")
    let outcome = await main(
      """
      local sum = 0
      for line in io.open('a'):lines() do
        sum = sum + line
        local _ = ("garbage"):rep(10) .. line
      end
      return sum
      """)
    #expect(outcome.result == 1_250_025_000)
  }

  @Test("reading is no call outside; writing is") func outside() async throws {
    try folder.write("text", to: "a")
    #expect(await main("io.lines('a')() io.open('a'):close()").calledOutside == false)
    #expect(await main("io.open('b', 'w')").calledOutside)
    #expect(await main("os.remove('b')").calledOutside)
  }

  @Test("files work at the top level, where nothing can wait; processes do not")
  func topLevel() async throws {
    try folder.write("42", to: "config")
    let files = await ScriptHost.run(
      "local x = io.open('config'):read('n'); io.open('out', 'w'):write(x):close(); function main() return io.open('out'):read('a') end",
      in: folder)
    #expect(files.result == "42")
    for call in ["io.popen('true')", "os.execute('true')"] {
      let process = await ScriptHost.run("\(call)\nfunction main() end", in: folder)
      #expect(process.result == "failed: jobs/test.lua:1: cannot wait inside the top level of a file")
    }
  }

  @Test("a mistake is told with the script's own line")
  func lines() async {
    #expect(
      await main("\nlocal f = io.open({})").result.asString?.hasPrefix("failed: jobs/test.lua:3: ") == true)
    #expect(await main("\nio.lines('none')").result.asString?.hasPrefix("failed: jobs/test.lua:3: ") == true)
    #expect(await main("\nio.stdin.read({})").result.asString?.hasPrefix("failed: jobs/test.lua:3: ") == true)
  }

  @Test("the library cannot be used to set a finalizer") func noFinalizers() async {
    let outcome = await main(
      """
      local meta = getmetatable(io.stdout)
      meta.__gc = function() LEAKED = true end
      assert(not pcall(setmetatable, {}, meta))
      io.tmpfile()
      for i = 1, 1e5 do local _ = {} end
      return tostring(LEAKED)
      """)
    #expect(outcome.result == "nil")
  }

  @Test("a named pipe is refused, since opening one may wait for ever") func namedPipe() async {
    mkfifo(folder.at("pipe"), 0o600)
    let outcome = await main("return select(2, io.open('pipe'))")
    #expect(outcome.result == "pipe: Operation not supported")
  }

  @Test("os.exit and what else is not there say so") func refused() async {
    #expect(
      await main("os.exit(0)").result
        == "failed: jobs/test.lua:2: os.exit is not available in a job: return from main, or call error")
  }

  // MARK: Children as files

  @Test("what a child of os.execute or io.popen says goes to the log, if nobody reads it")
  func childrenLog() async {
    let outcome = await main(
      """
      os.execute("echo from execute; echo careful >&2")
      io.popen("cat; echo more >&2", "w"):write("to popen\\n"):close()
      assert(io.popen("echo read; echo warned >&2"):read("a") == "read\\n")
      """)
    #expect(
      Set(outcome.log) == [
        "info from execute", "warn careful", "info to popen", "warn more", "warn warned",
      ])
  }

  @Test("a child's pipe takes and gives any amount, at the pace of the slower")
  func amounts() async {
    let outcome = await main(
      """
      local p = io.popen("sleep 0.2; wc -c > count", "w")
      local piece = ("x"):rep(100000)
      for i = 1, 50 do assert(p:write(piece)) end
      assert(p:close())
      assert(io.open("count"):read("n") == 5000000)
      local size = 0
      for piece in io.popen("head -c 5000000 /dev/zero"):lines(65536) do size = size + #piece end
      assert(size == 5000000)
      -- A child that reads nothing is no deadlock.
      p = io.popen("true", "w")
      local ok, message, code
      for i = 1, 50 do
        ok, message, code = p:write(piece)
        if not ok then break end
      end
      assert(not ok and message == "Broken pipe" and code == 32)
      assert(p:close() == true)
      local r, m, c = io.popen("true"):write("x")
      assert(r == nil and c == 9)
      return "done"
      """)
    #expect(outcome.result == "done", "\(outcome.result)")
  }

  @Test("a child that was not closed ends with the run; one that is written to may finish")
  func unclosed() async throws {
    let outcome = await main(
      """
      P = io.popen("echo $$; exec sleep 1000")
      Q = io.popen("cat > written; sleep 0.2; echo done >> written", "w")
      Q:write("all\\n")
      return P:read("n")
      """, stopGrace: .seconds(60))
    let pid = try #require(outcome.result.asInt.map { pid_t($0) })
    #expect(kill(pid, 0) < 0)
    #expect(try folder.read("written") == "all\ndone\n")
  }

  @Test("a child that does not end holds the run up only until its grace is over")
  func stubborn() async throws {
    let outcome = await main("P = io.popen(\"trap '' TERM; echo $$; sleep 1000\") return P:read('n')")
    let pid = try #require(outcome.result.asInt.map { pid_t($0) })
    #expect(kill(-pid, 0) < 0)
  }

  @Test("a run that waits for a child is stopped in time") func stopped() async throws {
    for call in [
      "os.execute('sleep 1000')", "io.popen('sleep 1000'):read()", "io.popen('sleep 1000'):close()",
    ] {
      #expect(await main(call, timeLimit: .milliseconds(300)).end == .timedOut)
    }
  }
}
