import LuaHost
import TestSupport
import Testing
import Values

@testable import HostModules

@Suite("almanac.fs: gzip and tar") struct ArchiveTests {
  private let folder = TemporaryFolder()

  private func main(_ body: String) async -> ScriptHost.Outcome { await ScriptHost.main(body, in: folder) }

  @Test(
    "gzip packs what gunzip unpacks, and the other way, with mode and time",
    arguments: [0, 1, 300_000, 5_000_000])
  func gzip(size: Int) async throws {
    #expect(
      folder.shell(
        "{ head -c \(size / 2) /dev/urandom; head -c \(size - size / 2) /dev/zero; } > a && chmod 640 a && touch -d @1000000000 a && gzip -k -c a > system.gz"
      ).status == 0)
    let outcome = await main(
      """
      assert(fs.gzip("a") == "a.gz" and fs.gzip("a", "best.gz", { level = 9 }) == "best.gz")
      assert(fs.gunzip("system.gz", "from_system") and fs.gunzip("a.gz", "back"))
      local s = fs.stat("a.gz")
      assert(s.mode == "0640" and s.modified == 1000000000 and fs.stat("back").modified == 1000000000)
      """)
    #expect(outcome.end == .succeeded(result: .null), "\(outcome.result)")
    let compared = folder.shell(
      "gzip -t a.gz && gzip -dc a.gz | cmp - a && gzip -dc best.gz | cmp - a && cmp from_system a && cmp back a"
    )
    #expect(compared.status == 0, "\(compared.output)")
  }

  @Test("a gzip file of several members, or with zeros behind it, is unpacked whole")
  func members() async throws {
    #expect(
      folder.shell("printf one | gzip > a.gz; printf two | gzip >> a.gz; head -c 600000 /dev/zero >> a.gz")
        .status == 0)
    #expect(await main("fs.gunzip('a.gz') return fs.read('a')").result == "onetwo")
  }

  @Test(
    "a damaged gzip file leaves the old file and nothing else",
    arguments: [
      ("head -c 1000 good.gz > bad.gz", "it is cut short"), (": > bad.gz", "it is cut short"),
      ("{ cat good.gz; printf junk; } > bad.gz", "incorrect header check"),
      (
        "cp good.gz bad.gz; printf '\\000\\001\\002\\003' | dd of=bad.gz bs=1 seek=$(($(stat -c %s bad.gz) - 8)) conv=notrunc 2>/dev/null",
        "incorrect data check"
      ),
      ("echo text > bad.gz", "incorrect header check"),
    ])
  func damagedGzip(make: String, message: String) async throws {
    #expect(folder.shell("seq 1 20000 | gzip > good.gz; \(make); echo old > out").status == 0)
    #expect(
      await main("return fs.gunzip('bad.gz', 'out')").result
        == .string("failed: cannot unpack bad.gz: \(message)"))
    #expect(try folder.read("out") == "old\n")
    #expect(try folder.names() == ["bad.gz", "good.gz", "out"])
  }

  /// A folder `a` with what a backup meets.
  private func makeTree() {
    let deep = String(repeating: "long-name-", count: 20)
    let made = folder.shell(
      """
      mkdir -p 'a/empty' 'a/sub/\(deep)' && printf hello > a/x && chmod 640 a/x && touch -d @1000000000 a/x
      ln a/x a/sub/hard && ln -s ../x a/sub/link && printf é > 'a/sub/é ü' && : > a/sub/nothing && chmod 700 a/empty
      printf deep > 'a/sub/\(deep)/\(deep)' && head -c 1000000 /dev/urandom > a/big && chmod 755 a/big && touch -d @1000000001 a/sub
      ln -s '\(deep)/\(deep)' a/sub/longlink
      """)
    precondition(made.status == 0, "cannot make the tree")
  }

  private static let listing = "find . -printf '%p %y %m %l %n %Ts\\n' | sort"

  private func expectSame(_ left: String, _ right: String) {
    let result = folder.shell(
      "diff -r --no-dereference \(left) \(right) && (cd \(left) && \(Self.listing)) > l && (cd \(right) && \(Self.listing)) > r && grep -v '^\\. ' l > l1; grep -v '^\\. ' r > r1; diff l1 r1"
    )
    #expect(result.status == 0 && result.output.isEmpty, "\(result.output)")
  }

  @Test("what fs.tar packs, tar unpacks and fs.untar too", arguments: ["out.tar", "out.tar.gz", "out.tgz"])
  func packs(name: String) async throws {
    makeTree()
    let outcome = await main(
      "local r = assert(fs.tar('a', '\(name)')) assert(fs.untar('\(name)', 'mine')) return r")
    #expect(outcome.result["entries"] == 11, "\(outcome.result)")
    #expect(outcome.result["bytes"] == 1_000_011)
    let unpacked = folder.shell("mkdir theirs && tar -xpf \(name) -C theirs 2>&1")
    #expect(unpacked.status == 0 && unpacked.output.isEmpty, "\(unpacked.output)")
    expectSame("a", "theirs")
    expectSame("a", "mine")
  }

  @Test(
    "what tar packs, fs.untar unpacks",
    arguments: [
      "--format=gnu", "--format=pax", "--format=gnu -z", "--format=pax --posix -j", "--format=gnu -J",
      "--format=pax --zstd", "--format=gnu --sparse",
    ])
  func unpacks(options: String) async throws {
    makeTree()
    #expect(
      folder.shell("truncate -s 3000000 a/hole && printf end >> a/hole && touch -d @1000000002 a/hole").status
        == 0)
    let packed = folder.shell("tar \(options) -cf t.tar -C a . 2>&1")
    // A machine without bzip2, xz or zstd has nothing to compare with.
    if packed.output.contains("Cannot exec") || packed.output.contains("Child returned status 127") { return }
    #expect(packed.status == 0, "\(packed.output)")
    let outcome = await main("return assert(fs.untar('t.tar', 'mine'))")
    #expect(outcome.result["entries"] == 12, "\(outcome.result)")
    expectSame("a", "mine")
  }

  @Test("prefix and exclude shape an archive; the archive itself and sockets are left out")
  func options() async throws {
    #expect(
      folder.shell(
        "mkdir -p a/cache/x a/keep && touch a/keep/f.tmp a/keep/f a/cache/x/y a/.hidden && mkfifo a/pipe"
      ).status == 0)
    let outcome = await main(
      """
      local r = assert(fs.tar("a", "a/out.tar", { prefix = "backup/a", exclude = { "*.tmp", "cache/*" } }))
      assert(fs.tar("a", "a/out.tar", { prefix = "backup/a", exclude = { "*.tmp", "cache/*" } }))
      assert(fs.tar("a/keep/f", "one.tar"))
      return r.skipped
      """)
    #expect(outcome.result.asTable?.items == ["backup/a/pipe"], "\(outcome.result)")
    #expect(
      folder.shell("tar -tf a/out.tar | sort | tr '\\n' ' '; tar -tf one.tar").output
        == "backup/a/.hidden backup/a/cache/ backup/a/keep/ backup/a/keep/f f\n")
    #expect(try folder.names(in: "a") == [".hidden", "cache", "keep", "out.tar", "pipe"])
  }

  @Test("names that are not UTF-8 come through")
  func rawNames() async throws {
    #expect(folder.shell("mkdir a && touch \"$(printf 'a/caf\\351')\"").status == 0)
    #expect(
      await main(
        "assert(fs.tar('a', 'a.tar') and fs.untar('a.tar', 'b')) return fs.list('b')[1] == 'caf\\xe9'"
      ).result == true)
  }

  @Test(
    "an archive that would write anywhere else changes nothing",
    arguments: [
      (
        "mkdir s && cd s && printf evil > ../victim && tar -P -cf ../e.tar ../victim 2>/dev/null; cd .. && printf safe > victim",
        "its entry ../victim leads out of the folder"
      ),
      (
        "printf evil > victim; tar -P -cf e.tar \"$PWD/victim\"; printf safe > victim",
        "leads out of the folder"
      ),
      (
        "printf safe > victim; mkdir s && ln -s ../victim s/link && tar -cf e.tar -C s link",
        "its link link to ../victim leads out of the folder"
      ),
      (
        "printf safe > victim; mkdir s && ln -s /etc s/link && tar -cf e.tar -C s link",
        "its link link to /etc leads out of the folder"
      ),
      (
        "printf safe > victim; mkdir s && mkfifo s/pipe && tar -cf e.tar -C s pipe",
        "its entry pipe is neither a file, a folder nor a link"
      ),
      (
        "printf safe > victim; seq 1 100000 | gzip > s.gz; mkdir s; mv s.gz s/a; tar -czf f.tar -C s a; head -c 3000 f.tar > e.tar",
        "cannot unpack e.tar: it is cut short"
      ),
      (
        "printf safe > victim; mkdir s; seq 1 100000 > s/a; tar -cf f.tar -C s a; head -c 100000 f.tar > e.tar",
        "cannot unpack e.tar: "
      ),
      ("printf safe > victim; printf 'no archive at all' > e.tar", "cannot unpack e.tar: "),
    ])
  func hostile(make: String, message: String) async throws {
    #expect(folder.shell(make).status == 0)
    let outcome = await main("fs.mkdir('out') fs.write('out/old', '1') return fs.untar('e.tar', 'out')")
    #expect(outcome.result.asString?.contains(message) == true, "\(outcome.result)")
    #expect(try folder.names(in: "out") == ["old"])
    #expect(try folder.read("victim") == "safe")
  }

  @Test("no entry is written through a link, be it in the archive or in the folder already")
  func throughLinks() async throws {
    let made = folder.shell(
      """
      mkdir outside s && mkdir s/inner && ln -s inner s/link && mkdir s/real && printf evil > s/real/f
      tar -cf e.tar -C s link inner && tar -rf e.tar -C s --transform 's,^real,link,' real/f
      tar -cf f.tar -C s real/f && mkdir out && ln -s ../outside out/real
      """)
    #expect(made.status == 0)
    let outcome = await main(
      "return { select(2, fs.untar('e.tar', 'mine')), select(2, fs.untar('f.tar', 'out')) }")
    #expect(
      outcome.result.asTable?.items == [
        "cannot write mine/link/f: a file or a link stands where a folder should be",
        "cannot write out/real/f: a file or a link stands where a folder should be",
      ], "\(outcome.result)")
    #expect(try folder.names(in: "outside") == [])
  }

  @Test("files that are there are replaced, others stay; no setuid bit comes in")
  func replaces() async throws {
    #expect(
      folder.shell(
        "mkdir s out && printf new > s/a && chmod 4755 s/a && tar -cf t.tar -C s a && printf old > out/a && printf keep > out/b"
      ).status == 0)
    let outcome = await main(
      "assert(fs.untar('t.tar', 'out')) return fs.read('out/a') .. fs.read('out/b') .. fs.stat('out/a').mode")
    #expect(outcome.result == "newkeep0755")
    #expect(try folder.names(in: "out") == ["a", "b"])
  }

  @Test(
    "trouble names the file",
    arguments: [
      ("tar('none', 'a.tar')", "cannot pack none: no such file or directory"),
      ("tar('.', 'none/a.tar')", "cannot write none/a.tar: there is no folder none (fs.mkdir makes it)"),
      ("untar('none.tar', 'x')", "cannot unpack none.tar: no such file or directory"),
      ("gzip('none')", "cannot pack none: no such file or directory"),
      ("gzip('.')", "cannot pack .: it is a folder (fs.tar packs it)"),
      ("gunzip('none.gz')", "cannot unpack none.gz: no such file or directory"),
      ("untar('.', 'x')", "cannot unpack .: it is a folder"),
    ])
  func trouble(call: String, message: String) async throws {
    #expect(await main("return fs.\(call)").result == .string("failed: " + message))
    #expect(try folder.names() == [])
  }

  @Test(
    "a full disk is told with the path that was meant, and leaves no half file",
    .enabled(if: SmallFileSystem.canMount))
  func fullDisk() async throws {
    #expect(
      folder.shell(
        "mkdir small src && head -c 3000000 /dev/urandom > src/big && tar -cf src.tar src && gzip -k src/big"
      ).status == 0)
    let disk = try SmallFileSystem(at: folder.at("small"), megabytes: 1)
    let outcome = await main(
      """
      fs.write("small/old", "kept")
      local troubles = {}
      local function try(f, ...) troubles[#troubles + 1] = select(2, f(...)) end
      try(fs.write, "small/old", ("x"):rep(3000000))
      try(fs.copy, "src/big", "small/copy")
      try(fs.copy, "src", "small/copies", { recursive = true })
      try(fs.move, "src", "small/moved")
      try(fs.tar, "src", "small/a.tar")
      try(fs.untar, "src.tar", "small")
      try(fs.gzip, "src/big", "small/a.gz")
      try(fs.gunzip, "src/big.gz", "small/big")
      assert(fs.read("small/old") == "kept" and fs.exists("src/big"))
      return troubles
      """)
    let paths = ["old", "copy", "copies/big", "moved/big", "a.tar", "src/big", "a.gz", "big"]
    #expect(
      outcome.result.asTable?.items.map(\.asString)
        == paths.map { "cannot write small/\($0): no space left on device" }, "\(outcome.result)")
    #expect(try folder.names(in: "small") == ["old", "src"])
    #expect(try folder.names(in: "small/src") == [])
    withExtendedLifetime(disk) {}
  }

  @Test("a run that is stopped does not pack on", .timeLimit(.minutes(10)))
  func stopped() async throws {
    #expect(folder.shell("truncate -s 200G hole").status == 0)
    let outcome = await ScriptHost.main(
      "fs.tar('hole', 'hole.tar.gz')", in: folder, timeLimit: .milliseconds(300))
    #expect(outcome.end == .timedOut)
    // Its temporary file is gone when the work has noticed.
    while try folder.names() != ["hole"] { try await Task.sleep(for: .milliseconds(20)) }
  }
}
