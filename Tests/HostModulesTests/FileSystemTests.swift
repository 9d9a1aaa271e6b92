import Glibc
import Testing

@testable import HostModules

@Suite("FileSystem") struct FileSystemTests {
  let folder = TemporaryFolder()

  private func glob(_ pattern: String) throws -> [String] {
    try Glob(Array(pattern.utf8), in: folder.path, of: "test").matches().map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  @Test("a write keeps mode and link, and leaves nothing beside the file")
  func atomicWrite() throws {
    try folder.write("old", to: "real/a.txt")
    #expect(chmod(folder.at("real/a.txt"), 0o640) == 0)
    #expect(symlink("real/a.txt", folder.at("link.txt")) == 0)
    try folder.write("new", to: "link.txt")
    #expect(try folder.read("real/a.txt") == "new")
    let status = try FileSystem.status(try folder.jobPath("link.txt"), followingLinks: false)
    #expect(status.map { $0.st_mode & S_IFMT } == S_IFLNK)
    let real = try FileSystem.status(try folder.jobPath("real/a.txt"))
    #expect(real.map { $0.st_mode & 0o7777 } == 0o640)
    #expect(try folder.names(in: "real") == ["a.txt"])
    #expect(try folder.names() == ["link.txt", "real"])
  }

  @Test("a write through a link that leads to nothing yet makes what it leads to")
  func danglingLink() throws {
    #expect(
      folder.shell("mkdir data && ln -s data/new link && ln -s link again && ln -s self self").status == 0)
    try folder.write("new", to: "again")
    #expect(try folder.read("data/new") == "new")
    #expect(try folder.names() == ["again", "data", "link", "self"])
    #expect(throws: Trouble("cannot write self: too many levels of symbolic links")) {
      try folder.write("x", to: "self")
    }
  }

  @Test("a very long path is not told whole")
  func longPath() throws {
    let path = try folder.jobPath(String(repeating: "deep/", count: 2000))
    let trouble = #expect(throws: Trouble.self) { try FileSystem.read(path, limit: 10) }
    #expect(trouble?.text.hasSuffix("deep/: file name too long") == true, "\(String(describing: trouble))")
    #expect(trouble.map { $0.text.utf8.count < 500 } == true)
  }

  @Test("a write that is given up leaves the old file and nothing else")
  func abandonedWrite() throws {
    try folder.write("old", to: "a.txt")
    do {
      let file = try AtomicFile(replacing: try folder.jobPath("a.txt"))
      try file.write(Array("half".utf8))
    }
    #expect(try folder.read("a.txt") == "old")
    #expect(try folder.names() == ["a.txt"])
  }

  @Test("a write whose run has ended does not take its name")
  func lateWrite() throws {
    try folder.write("old", to: "a.txt")
    let cancellation = Cancellation()
    do {
      let file = try AtomicFile(replacing: try folder.jobPath("a.txt"), cancellation)
      try file.write(Array("new".utf8))
      cancellation.cancel()
      #expect(throws: Trouble("the run was stopped")) { try file.commit() }
    }
    #expect(try folder.read("a.txt") == "old")
    #expect(try folder.names() == ["a.txt"])
  }

  @Test("a name of 255 letters can be written")
  func longName() throws {
    let name = String(repeating: "n", count: 255)
    try folder.write("x", to: name)
    #expect(try folder.read(name) == "x")
  }

  @Test("a recursive removal takes links away and not what they lead to")
  func removal() throws {
    try folder.write("keep", to: "keep/a")
    try folder.write("x", to: "gone/deep/er/a")
    try folder.write("x", to: "gone/b")
    #expect(symlink("../keep", folder.at("gone/link")) == 0)
    #expect(
      throws: Trouble("cannot remove gone: the folder is not empty ({ recursive = true } removes it all)")
    ) {
      try FileSystem.remove(try folder.jobPath("gone"), recursive: false)
    }
    try FileSystem.remove(try folder.jobPath("gone"), recursive: true)
    #expect(try folder.names() == ["keep"])
    #expect(try folder.read("keep/a") == "keep")
  }

  @Test("a named pipe is refused and not waited for")
  func pipe() throws {
    #expect(mkfifo(folder.at("pipe"), 0o600) == 0)
    #expect(throws: Trouble("cannot read pipe: it is not a file")) {
      try FileSystem.read(try folder.jobPath("pipe"), limit: 10)
    }
    #expect(throws: Trouble("cannot write pipe: it is not a file")) {
      try FileSystem.append([1], to: try folder.jobPath("pipe"))
    }
    #expect(throws: Trouble.self) { try AtomicFile(replacing: try folder.jobPath("pipe")) }
    #expect(throws: Trouble.self) {
      try FileSystem.copy(try folder.jobPath("pipe"), to: try folder.jobPath("x"))
    }
  }

  @Test("files of /proc are read, and endless ones have a limit")
  func odd() throws {
    let version = try FileSystem.read(try folder.jobPath("/proc/version"), limit: 1 << 20) { _ in "too large"
    }
    #expect(String(decoding: version, as: UTF8.self).hasPrefix("Linux"))
    #expect(throws: Trouble("too large")) {
      try FileSystem.read(try folder.jobPath("/dev/zero"), limit: 1 << 20) { _ in "too large" }
    }
  }

  @Test(
    "globs",
    arguments: [
      ("*.txt", ["a.txt", "b.txt"]), ("?.txt", ["a.txt", "b.txt"]), ("[b-z].txt", ["b.txt"]),
      ("[!b].txt", ["a.txt"]),
      ("*", ["a.txt", "b.txt", "sub"]), (".*", [".hidden"]), ("sub/*", ["sub/c.txt", "sub/deep"]),
      ("*/c.txt", ["sub/c.txt"]),
      ("**/*.txt", ["a.txt", "b.txt", "sub/c.txt", "sub/deep/d.txt"]), ("**/d.txt", ["sub/deep/d.txt"]),
      ("sub/**", ["sub/c.txt", "sub/deep", "sub/deep/d.txt", "sub/deep/w[1]"]), ("a.txt", ["a.txt"]),
      ("none", []), ("none/*", []),
      ("sub/deep/w\\[1\\]", ["sub/deep/w[1]"]), ("sub/../*.txt", ["sub/../a.txt", "sub/../b.txt"]),
      ("./a*", ["./a.txt"]),
    ])
  func globs(pattern: String, expected: [String]) throws {
    for name in ["a.txt", "b.txt", ".hidden", "sub/c.txt", "sub/deep/d.txt", "sub/deep/w[1]"] {
      try folder.write("", to: name)
    }
    #expect(symlink("..", folder.at("sub/deep/.up")) == 0)
    #expect(try glob(pattern) == expected)
    #expect(try glob(folder.at(pattern)) == expected.map { folder.at($0) })
  }

  @Test("a relative path may leave the folder by dots, and its parent is found")
  func parents() throws {
    #expect(try folder.jobPath("a/b").parent.given == "a")
    #expect(try folder.jobPath("a").parent.given == ".")
    #expect(try folder.jobPath("/a").parent.given == "/")
    #expect(try folder.jobPath("/a").parent.bytes == Array("/".utf8))
    #expect(try folder.jobPath("a/b/").parent.bytes == Array(folder.at("a").utf8))
  }
}
