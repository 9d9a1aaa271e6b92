import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("almanac.fs: folders, links, digests") struct FileTreesTests {
  private let folder = TemporaryFolder()

  @Test("walk gives all that is below a folder, each folder before what is in it")
  func walk() async throws {
    let made = folder.shell(
      "mkdir -p a/b/c a/d && echo 1 > a/b/c/x && echo 22 > a/y && ln -s y a/link && ln -s none a/broken && mkdir a/.git && echo 3 > a/.git/z"
    )
    #expect(made.status == 0)
    let outcome = await ScriptHost.main(
      """
      local function walk(...)
        local seen = {}
        for path, entry in assert(fs.walk(...)) do seen[#seen + 1] = path .. ":" .. entry.type:sub(1, 2) end
        return table.concat(seen, " ")
      end
      assert(walk("a") == "a/.git:fo a/.git/z:fi a/b:fo a/b/c:fo a/b/c/x:fi a/broken:li a/d:fo a/link:li a/y:fi", walk("a"))
      assert(walk("a/", { hidden = false, depth = 2 }) == "a/b:fo a/b/c:fo a/broken:li a/d:fo a/link:li a/y:fi")
      assert(walk("a", { depth = 1, hidden = false }) == "a/b:fo a/broken:li a/d:fo a/link:li a/y:fi")
      assert(walk("a/d") == "" and walk():sub(1, 4) == "a:fo" and walk(nil, { depth = 1 }) == "a:fo")
      for path, entry in fs.walk("a") do
        if path == "a/b" then entry.skip = true end
        assert(path ~= "a/b/c")
        if path == "a/y" then assert(entry.size == 3 and entry.mode == fs.stat(path).mode and entry.modified == fs.stat(path).modified) end
        if path == "a/link" then assert(entry.link) end
      end
      return select(2, fs.walk("none"))
      """, in: folder)
    #expect(outcome.result == "cannot list none: no such file or directory", "\(outcome.result)")
    #expect(!outcome.calledOutside)
  }

  @Test("walk follows links when it is told to, and circles of them end")
  func circles() async throws {
    #expect(
      folder.shell(
        "mkdir -p a/b other && touch other/f && ln -s .. a/b/up && ln -s ../other a/o && ln -s ../other a/p"
      ).status == 0)
    let outcome = await ScriptHost.main(
      """
      local seen = {}
      for path in fs.walk("a", { follow = true }) do seen[#seen + 1] = path end
      return seen
      """, in: folder)
    #expect(outcome.result.asTable?.items == ["a/b", "a/b/up", "a/o", "a/o/f", "a/p"], "\(outcome.result)")
  }

  @Test("a folder that cannot be read stops a walk, unless the job takes the trouble")
  func walkTrouble() async throws {
    #expect(folder.shell("mkdir -p a/b a/c && touch a/c/x").status == 0)
    let outcome = await ScriptHost.main(
      """
      local ok, err = pcall(function()
        for path in fs.walk("a") do if path == "a/b" then fs.remove("a/b") end end
      end)
      assert(not ok and err:find("jobs/test.lua:3: cannot list a/b: no such file or directory", 1, true), err)
      fs.mkdir("a/b")
      local troubles, last = {}, nil
      for path in fs.walk("a", { on_error = function(path, err) troubles[#troubles + 1] = path .. "|" .. err end }) do
        last = path
        if path == "a/b" then fs.remove("a/b") end
      end
      assert(last == "a/c/x")
      return troubles
      """, in: folder)
    #expect(
      outcome.result.asTable?.items == ["a/b|cannot list a/b: no such file or directory"], "\(outcome.result)"
    )
  }

  @Test("a folder is copied whole, with modes, times and links, and moved")
  func copies() async throws {
    #expect(
      folder.shell(
        "mkdir -p a/b && echo 1 > a/b/x && chmod 640 a/b/x && touch -d @1000000000.5 a/b/x && ln -s x a/b/l && ln -s /none a/out && chmod 550 a/b"
      ).status == 0)
    let outcome = await ScriptHost.main(
      """
      assert(fs.copy("a", "c", { recursive = true }))
      assert(fs.read("c/b/x") == "1\\n" and fs.stat("c/b/x").mode == "0640" and fs.stat("c/b/x").modified == 1000000000.5)
      assert(fs.readlink("c/b/l") == "x" and fs.readlink("c/out") == "/none" and fs.stat("c/b").mode == "0550")
      assert(fs.copy("c/b/x", "x", { recursive = true }) and fs.read("x") == "1\\n")
      assert(fs.move("c", "d") and not fs.exists("c") and fs.exists("d/b/x"))
      local troubles = {}
      for _, arguments in ipairs { { "a", "d" }, { "a", "a/b/e" }, { "a", "none/e" }, { "none", "e" } } do
        local ok, err = fs.copy(arguments[1], arguments[2], { recursive = true })
        troubles[#troubles + 1] = tostring(err)
      end
      return table.concat(troubles, "\\n") .. "\\n" .. table.concat(fs.list(), " ")
      """, in: folder)
    #expect(
      outcome.result.asString == """
        cannot copy a to d: that is there already
        cannot copy a to a/b/e: that is in the folder itself
        cannot write none/e: there is no folder none (fs.mkdir makes it)
        cannot copy none: no such file or directory
        a d x
        """, "\(outcome.result)")
    #expect(folder.shell("chmod -R u+w .").status == 0)
  }

  @Test("digests of files are those of the system's own tools")
  func hashes() async throws {
    #expect(folder.shell("head -c 3000000 /dev/urandom > a").status == 0)
    for name in ["md5", "sha1", "sha256", "sha512"] {
      let expected = String(folder.shell("\(name)sum a | cut -d' ' -f1").output.dropLast())
      #expect(await ScriptHost.main("return fs.hash('a', '\(name)')", in: folder).result == .string(expected))
    }
    let outcome = await ScriptHost.main(
      "assert(fs.hash('a') == fs.hash('a', 'sha256')) return fs.hash('.')", in: folder)
    #expect(outcome.result == "failed: cannot hash .: it is a folder")
  }

  @Test("what is no file is refused, and its descriptor not kept")
  func descriptors() async throws {
    for _ in 0..<200 {
      #expect(throws: Trouble("cannot hash .: it is a folder")) {
        _ = try InputFile(try folder.jobPath("."), for: "hash")
      }
    }
    #expect(try folder.openDescriptors() == 0)
  }

  @Test("modes and links are set and read")
  func modesAndLinks() async throws {
    let outcome = await ScriptHost.main(
      """
      fs.write("a", "1")
      assert(fs.chmod("a", "0600") and fs.stat("a").mode == "0600" and fs.chmod("a", 755) and fs.stat("a").mode == "0755")
      assert(fs.symlink("a", "current") and fs.readlink("current") == "a" and fs.symlink("b", "current"))
      assert(fs.readlink("current") == "b" and #fs.list() == 2)
      local troubles = { select(2, fs.readlink("a")), select(2, fs.readlink("none")), select(2, fs.symlink("x", "a")), select(2, fs.chmod("none", "644")) }
      return troubles
      """, in: folder)
    #expect(
      outcome.result.asTable?.items == [
        "cannot read the link a: it is none", "cannot read the link none: no such file or directory",
        "cannot make the link a: file exists", "cannot change the mode of none: no such file or directory",
      ], "\(outcome.result)")
  }

  @Test(
    "misuse raises with the line that made it",
    arguments: [
      ("walk('a', { depht = 1 })", "fs.walk: unknown option `depht`: did you mean `depth`?"),
      ("walk('a', { depth = 0 })", "fs.walk: depth must be a whole number from 1 on, not 0"),
      ("hash('a', 'crc')", "fs.hash: \"crc\" is not a digest (there are: md5, sha1, sha256, sha384, sha512)"),
      ("chmod('a', 'u+x')", "fs.chmod: mode must be octal digits like \"0644\", not \"u+x\""),
      ("chmod('a', '0999')", "fs.chmod: mode must be octal digits like \"0644\", not \"0999\""),
      ("symlink('', 'a')", "fs.symlink: target is empty, or has a zero byte"),
      ("gzip('a', 'b', { level = 10 })", "fs.gzip: level must be a whole number from 1 to 9, not 10"),
      ("gunzip('a')", "fs.gunzip: \"a\" does not end in .gz: say where to unpack it to"),
      ("tar('a')", "fs.tar: to must be a string, not nil"),
      (
        "tar('a', 'b', { prefix = '../x' })",
        "fs.tar: prefix must be a relative path without \"..\", not \"../x\""
      ),
      ("tar('a', 'b', { exclude = { 1 } })", "fs.tar: exclude must be a list of patterns like \"*.tmp\""),
      ("untar('a')", "fs.untar: to must be a string, not nil"),
    ])
  func misuse(call: String, message: String) async {
    #expect(
      await ScriptHost.main("fs.\(call)", in: folder).result == .string("failed: jobs/test.lua:2: " + message)
    )
  }
}
