import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("almanac.fs") struct FilesModuleTests {
  private let folder = TemporaryFolder()

  @Test("what is written is read, byte for byte, relative to the job's folder")
  func writeAndRead() async throws {
    let outcome = await ScriptHost.main(
      """
      local bytes = {}
      for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
      local all = table.concat(bytes)
      assert(fs.write("a.bin", all))
      assert(fs.read("a.bin") == all)
      assert(fs.append("a.bin", "more") and fs.append("new.txt", 12.5))
      assert(fs.read("a.bin", { offset = 254, size = 4 }) == "\\xfe\\xffmo")
      assert(fs.read("a.bin", { offset = 1000 }) == "")
      assert(fs.exists("a.bin") and not fs.exists("b.bin"))
      assert(fs.write("empty", ""))
      return fs.read("new.txt")
      """, in: folder)
    #expect(outcome.result == "12.5")
    #expect(outcome.calledOutside)
    #expect(try folder.names() == ["a.bin", "empty", "new.txt"])
  }

  @Test("reading alone is no call outside")
  func readingIsInside() async throws {
    try folder.write("x", to: "a")
    let outcome = await ScriptHost.main(
      "fs.list('.') fs.exists('a') fs.stat('a') return fs.read('a')", in: folder)
    #expect(outcome.result == "x")
    #expect(!outcome.calledOutside)
  }

  @Test("lines come one by one, whatever the file's size and end")
  func lines() async throws {
    try folder.write("one\n\nthree\r\nlast", to: "a.txt")
    try folder.write("x\n", to: "b.txt")
    try folder.write("", to: "empty.txt")
    let long = String(repeating: "0123456789", count: 30_000)
    try folder.write(long + "\n" + (1...20_000).map { "line \($0)\n" }.joined() + long, to: "big.txt")
    let outcome = await ScriptHost.main(
      """
      local seen = {}
      for line in assert(fs.lines("a.txt")) do seen[#seen + 1] = line end
      assert(#seen == 4 and seen[2] == "" and seen[3] == "three\\r" and seen[4] == "last")
      for line in fs.lines("b.txt") do assert(line == "x") end
      for _ in fs.lines("empty.txt") do error("a line") end
      local count, size = 0, 0
      for line in fs.lines("big.txt") do count, size = count + 1, size + #line end
      assert(count == 20002)
      return size
      """, in: folder)
    #expect(
      outcome.result == .int(Int64(600_000 + (1...20_000).reduce(0) { $0 + "line \($1)".count })),
      "\(outcome.result)")
  }

  @Test("folders are made, listed, matched and removed")
  func folders() async throws {
    let outcome = await ScriptHost.main(
      """
      assert(fs.mkdir("a/b/c") and fs.mkdir("a/b/c"))
      for _, name in ipairs { "a/x.csv", "a/b/y.csv", "a/z.txt" } do assert(fs.write(name, "1")) end
      assert(table.concat(fs.list("a"), " ") == "b x.csv z.txt")
      assert(table.concat(fs.list(), " ") == "a")
      assert(table.concat(fs.glob("a/*.csv"), " ") == "a/x.csv")
      assert(table.concat(fs.glob("**/*.csv"), " ") == "a/b/y.csv a/x.csv")
      assert(#fs.glob("none/*") == 0)
      local ok, err = fs.remove("a")
      assert(not ok and err == "cannot remove a: the folder is not empty ({ recursive = true } removes it all)", err)
      assert(fs.remove("a/z.txt") and fs.remove("a/b/c"))
      assert(fs.remove("a", { recursive = true }))
      return #fs.list()
      """, in: folder)
    #expect(outcome.result == 0)
  }

  @Test("files are copied, moved and looked at")
  func copyMoveStat() async throws {
    let outcome = await ScriptHost.main(
      """
      assert(fs.write("a", "12345"))
      assert(fs.copy("a", "b") and fs.move("a", "c"))
      assert(not fs.exists("a") and fs.read("b") == "12345" and fs.read("c") == "12345")
      local s = fs.stat("b")
      assert(s.type == "file" and s.size == 5 and not s.link and #s.mode == 4)
      assert(math.abs(s.modified - os.time()) < 100)
      assert(fs.stat(".").type == "folder")
      local d = fs.disk(".")
      assert(d.total > 0 and d.used + d.free == d.total and d.available <= d.free)
      return fs.list()
      """, in: folder)
    #expect(outcome.result.asTable?.items == ["b", "c"])
  }

  @Test(
    "trouble is nil and a sentence with the path as it was given",
    arguments: [
      ("fs.read('none.txt')", "cannot read none.txt: no such file or directory"),
      ("fs.read('.')", "cannot read .: is a directory"),
      ("fs.lines('none.txt')", "cannot read none.txt: no such file or directory"),
      ("fs.list('none')", "cannot list none: no such file or directory"),
      ("fs.stat('none')", "cannot look at none: no such file or directory"),
      ("fs.remove('none')", "cannot remove none: no such file or directory"),
      ("fs.write('none/x', '')", "cannot write none/x: there is no folder none (fs.mkdir makes it)"),
      ("fs.append('none/x', '')", "cannot write none/x: there is no folder none (fs.mkdir makes it)"),
      ("fs.write('.', '')", "cannot write .: is a directory"),
      ("fs.mkdir('file/x')", "cannot make file/x: file is a file"),
      ("fs.copy('none', 'x')", "cannot copy none: no such file or directory"),
      ("fs.copy('.', 'x')", "cannot copy .: it is a folder ({ recursive = true } copies it)"),
      ("fs.move('none', 'x')", "cannot move none to x: no such file or directory"),
      ("fs.read('file/x')", "cannot read file/x: not a directory"),
      ("fs.disk('none')", "cannot look at none: no such file or directory"),
    ])
  func trouble(call: String, message: String) async throws {
    try folder.write("", to: "file")
    #expect(await ScriptHost.main("return \(call)", in: folder).result == .string("failed: " + message))
  }

  @Test(
    "misuse raises with the line that made it",
    arguments: [
      ("fs.read()", "fs.read: path must be a string, not nil"),
      ("fs.read({})", "fs.read: path must be a string, not a table"),
      ("fs.read('')", "fs.read: path is empty"), ("fs.read('a\\0b')", "fs.read: path has a zero byte in it"),
      ("fs.write('a')", "fs.write: data must be a string, not nil"),
      ("fs.write('a', {})", "fs.write: data must be a string, not a table"),
      ("fs.write('a', '1', { mode = '0600' })", "fs.write: it takes no options"),
      ("fs.lines('a', { chomp = true })", "fs.lines: it takes no options"),
      ("fs.move('a', 'b', { overwrite = false })", "fs.move: it takes no options"),
      ("fs.read('a', { ofset = 1 })", "fs.read: unknown option `ofset`: did you mean `offset`?"),
      ("fs.remove('a', { recursive = 1 })", "fs.remove: recursive must be true or false, not 1"),
      (
        "fs.remove('.', { recursive = true })",
        "fs.remove: . holds the job itself: it is not removed (almanac.process with \"rm\" does what you mean)"
      ),
      (
        "fs.move('.', '../elsewhere')",
        "fs.move: . holds the job itself: it is not moved (almanac.process with \"mv\" does what you mean)"
      ),
      (
        "os.rename('.', '../elsewhere')",
        "os.rename: . holds the job itself: it is not moved (almanac.process with \"mv\" does what you mean)"
      ),
      ("fs.copy('a')", "fs.copy: to must be a string, not nil"),
      ("fs.lines(true)", "fs.lines: path must be a string, not true"),
    ])
  func misuse(call: String, message: String) async {
    let outcome = await ScriptHost.main(call, in: folder)
    guard case .failed(let error) = outcome.end else {
      Issue.record("\(outcome.end)")
      return
    }
    #expect(error.message == "jobs/test.lua:2: " + message)
  }

  @Test("a file can be read at the top level, where nothing can wait")
  func topLevel() async throws {
    try folder.write("42", to: "config.txt")
    let outcome = await ScriptHost.run(
      "local fs = require 'almanac.fs'; local config = assert(fs.read('config.txt')); function main() return config end",
      in: folder)
    #expect(outcome.result == "42")
  }
}
