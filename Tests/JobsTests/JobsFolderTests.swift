import Glibc
import Testing

@testable import Jobs

@Suite("JobsFolder")
struct JobsFolderTests {
  private let folder: TemporaryFolder
  private var jobs: JobsFolder { JobsFolder(path: folder("jobs")) }

  init() throws {
    folder = try TemporaryFolder()
    folder.makeFolder("jobs")
  }

  private func described(_ error: LoadError) -> String {
    error.job + " " + error.description.replacing(folder("jobs"), with: "jobs")
  }

  @Test("reads files, namespaces and folder jobs with their modules")
  func everyKind() throws {
    folder.write("jobs/backup.lua", "b")
    folder.makeFolder("jobs/myApp/inner")
    folder.write("jobs/myApp/daily_task.lua", "d")
    folder.write("jobs/myApp/inner/x.lua", "x")
    folder.makeFolder("jobs/Spotify/lib/deep")
    folder.makeFolder("jobs/Spotify/data")
    folder.write("jobs/Spotify/main.lua", "m")
    folder.write("jobs/Spotify/module1.lua", "1")
    folder.write("jobs/Spotify/lib/util.lua", "u")
    folder.write("jobs/Spotify/lib/init.lua", "i")
    folder.write("jobs/Spotify/lib/deep/main.lua", "dm")
    folder.write("jobs/Spotify/notes.txt", "n")
    let scan = jobs.scan()
    #expect(scan.errors.isEmpty)
    #expect(scan.sources.map(\.name) == ["Spotify", "backup", "myApp/daily_task", "myApp/inner/x"])
    let spotify = try #require(scan.sources.first)
    #expect(spotify.folder == folder("jobs/Spotify"))
    #expect(spotify.mainPath == folder("jobs/Spotify/main.lua"))
    #expect(spotify.modules.map(\.name) == ["lib", "lib.deep.main", "lib.util", "module1"])
    #expect(spotify.modules[2].path == folder("jobs/Spotify/lib/util.lua"))
    #expect(scan.sources[2].folder == folder("jobs/myApp"))
  }

  @Test("reads a folder job's rocks, and refuses a job whose rocks.txt is wrong")
  func rocks() throws {
    folder.makeFolder("jobs/good")
    folder.makeFolder("jobs/bad")
    for job in ["good", "bad"] { folder.write("jobs/\(job)/main.lua", "m") }
    let plain = try #require(jobs.read(job: "good").sources.first)
    #expect(plain.rocks == nil)
    folder.write("jobs/good/rocks.txt", "# none\n")
    #expect(jobs.read(job: "good").sources == [plain])
    folder.write("jobs/good/rocks.txt", "a >= 1\n")
    folder.write("jobs/bad/rocks.txt", "\n>= 1\n")
    let scan = jobs.scan()
    #expect(scan.sources.map(\.name) == ["good"])
    #expect(scan.sources.first?.rocks?.path == folder("jobs/good/rocks.txt"))
    #expect(scan.sources.first?.digest != plain.digest)
    #expect(
      scan.errors.map(described) == [
        "bad jobs/bad/rocks.txt:2: \">= 1\" is no rock; a name and versions are expected, as in: penlight >= 1.13"
      ])
    #expect(jobs.read([.file("good/rocks.txt")]).scopes == [.job("good")])
  }

  @Test("passes over hidden and private names, what editors leave, and files that are not Lua")
  func ignored() {
    folder.makeFolder("jobs/.git")
    folder.makeFolder("jobs/_lib")
    folder.makeFolder("jobs/old~")
    for name in [
      ".git/a.lua", "_lib/a.lua", "old~/a.lua", ".a.lua", "_a.lua", "a.lua~", "#a.lua#", ".a.lua.swp",
      "a.lua.bak",
      "a.lua.tmp", "4913", ".lua", "lua", "a.LUA", ".#a.lua",
    ] { folder.write("jobs/" + name, "x") }
    #expect(jobs.scan() == FolderScan(scopes: [.everything]))
    #expect(jobs.read([.file("_lib/a.lua"), .tree(".git"), .file(".a.lua")]).scopes.isEmpty)
  }

  @Test("shows paths under the folder as it was given")
  func displayPaths() {
    #expect(JobsFolder(path: "jobs").displayPath(of: "a.lua") == "jobs/a.lua")
    #expect(JobsFolder(path: "jobs//").displayPath(of: "a.lua") == "jobs/a.lua")
    #expect(JobsFolder(path: "./x/jobs/").displayPath(of: "a.lua") == "./x/jobs/a.lua")
    #expect(JobsFolder(path: ".").displayPath(of: "a.lua") == "a.lua")
    #expect(JobsFolder(path: "/").displayPath(of: "a.lua") == "/a.lua")
    #expect(JobsFolder(path: "./jobs").absolutePath.hasPrefix("/"))
    #expect(JobsFolder(path: "./jobs").absolutePath.hasSuffix("/jobs"))
    #expect(!JobsFolder(path: "./jobs").absolutePath.contains("/./"))
  }

  @Test("names both files of a clash, and reads neither")
  func clash() {
    folder.write("jobs/a.lua", "1")
    folder.makeFolder("jobs/a")
    folder.write("jobs/a/main.lua", "2")
    let message = "a jobs/a.lua: jobs/a/main.lua is the job \"a\" too; rename or remove one of them"
    for scan in [
      jobs.scan(), jobs.read([.file("a.lua")]), jobs.read([.file("a/main.lua")]), jobs.read(job: "a"),
    ] {
      #expect(scan.sources.isEmpty)
      #expect(
        scan.errors.map { described($0).replacing(folder("jobs"), with: "jobs") } == [message])
    }
    // A namespace beside a file of its name is none.
    folder.move("jobs/a/main.lua", "jobs/a/b.lua")
    #expect(jobs.scan().sources.map(\.name) == ["a", "a/b"])
  }

  @Test("refuses two spellings of one name")
  func equivalentNames() {
    folder.write("jobs/caf\u{E9}.lua", "composed")
    folder.write("jobs/cafe\u{301}.lua", "decomposed")
    let scan = jobs.scan()
    #expect(scan.sources.isEmpty)
    #expect(scan.errors.count == 1)
  }

  @Test("refuses what is no file, and never waits for it")
  func noFiles() {
    mkfifo(folder("jobs/fifo.lua"), 0o644)
    folder.link("jobs/nowhere.lua", to: "../gone.lua")
    folder.link("jobs/circle.lua", to: "circle.lua")
    folder.link("jobs/null.lua", to: "/dev/null")
    folder.link("jobs/up", to: "..")
    folder.makeFolder("jobs/ns")
    folder.link("jobs/ns/self", to: "../ns")
    let scan = jobs.scan()
    #expect(scan.sources.isEmpty)
    #expect(
      scan.errors.map(described).map { $0.replacing(folder.path, with: "") }.sorted() == [
        "circle jobs/circle.lua: cannot be read: its symbolic links lead round in a circle",
        "fifo jobs/fifo.lua: is a FIFO, not a file",
        "nowhere jobs/nowhere.lua: is a symbolic link to \"../gone.lua\", which is not there",
        "ns/self jobs/ns/self: is a symbolic link that leads back to jobs/ns",
        "null jobs/null.lua: is a device, not a file",
        "up/jobs jobs/up/jobs: is a symbolic link that leads back to jobs",
      ])
  }

  @Test("refuses names that cannot be shown, and says which")
  func names() {
    folder.write("jobs/two\nlines.lua", "x")
    folder.write("jobs/bell\u{7}.lua", "x")
    folder.write("jobs/with space and ünïcode.lua", "x")
    folder.makeFolder("jobs/ns")
    withPath(Array(folder("jobs/ns/").utf8) + [0xFF, 0xFE] + Array(".lua".utf8)) {
      _ = close(open($0, O_WRONLY | O_CREAT, 0o644))
    }
    let scan = jobs.scan()
    #expect(scan.sources.map(\.name) == ["with space and ünïcode"])
    #expect(
      scan.errors.map(described) == [
        "bell\\x07 jobs/bell\\x07.lua: the name has a control character or a line break in it; rename it",
        "ns/\\xFF\\xFE jobs/ns/\\xFF\\xFE.lua: the name is not valid UTF-8; rename it",
        "two\\nlines jobs/two\\nlines.lua: the name has a control character or a line break in it; rename it",
      ])
  }

  @Test("refuses a folder job as a whole if one of its modules cannot be read")
  func brokenModule() {
    folder.makeFolder("jobs/Backup")
    folder.write("jobs/Backup/main.lua", "m")
    mkfifo(folder("jobs/Backup/m.lua"), 0o644)
    let scan = jobs.scan()
    #expect(scan.sources.isEmpty)
    #expect(scan.errors.map(described) == ["Backup jobs/Backup/m.lua: is a FIFO, not a file"])
  }

  @Test("refuses a file that everyone may write to, be it a job's, a module or rocks.txt")
  func writableByAll() {
    folder.makeFolder("jobs/Box")
    for path in ["a.lua", "b.lua", "Box/main.lua", "Box/part.lua"] { folder.write("jobs/" + path, "x") }
    #expect(jobs.scan().errors.isEmpty)
    chmod(folder("jobs/a.lua"), 0o646)
    chmod(folder("jobs/b.lua"), 0o664)
    chmod(folder("jobs/Box/part.lua"), 0o666)
    let scan = jobs.scan()
    #expect(scan.sources.map(\.name) == ["b"])
    let trouble =
      "may be written by everyone on this machine, and would be run as the daemon's user; take that back: chmod o-w"
    #expect(
      scan.errors.map(described) == ["Box jobs/Box/part.lua: \(trouble)", "a jobs/a.lua: \(trouble)"])
  }

  @Test("refuses files that no person wrote, by their size")
  func tooLarge() {
    folder.write("jobs/a.lua", "x")
    truncate(folder("jobs/a.lua"), 5 << 20)
    #expect(jobs.scan().errors.map(described) == ["a jobs/a.lua: is larger than 4 MB; no job file may be"])
  }

  @Test("says that a missing folder is missing, and rules nothing out")
  func missing() {
    let scan = JobsFolder(path: folder("none")).scan()
    #expect(
      scan.errors.map(\.message) == ["there is no such folder; what was live stays so until it is back"])
    #expect(!scan.rulesOut("a"))
    #expect(!JobsFolder(path: folder("none")).read([.file("a.lua")]).rulesOut("a"))
  }

  @Test(
    "says that folders and files which cannot be read cannot be, and rules nothing in them out",
    .enabled(if: geteuid() != 0, "root may read everything"))
  func unreadable() {
    folder.makeFolder("jobs/ns")
    folder.write("jobs/ns/a.lua", "a")
    folder.write("jobs/b.lua", "b")
    chmod(folder("jobs/ns"), 0)
    chmod(folder("jobs/b.lua"), 0)
    for scan in [jobs.scan(), jobs.read([.tree("ns"), .file("b.lua")])] {
      #expect(!scan.rulesOut("ns/a"))
      #expect(scan.errors.map(\.job) == ["b", "ns"])
    }
    chmod(folder("jobs/ns"), 0o755)
  }

  @Test(
    "reads for a change what it concerns, and no more",
    arguments: [
      (.file("a.lua"), [.job("a")], ["a"]),
      (.file("ns/b.lua"), [.job("ns/b")], ["ns/b"]),
      (.file("gone.lua"), [.job("gone")], []),
      (.file("Job/one.lua"), [.job("Job")], ["Job"]),
      (.file("Job/lib/two.lua"), [.job("Job")], ["Job"]),
      (.file("Job/main.lua"), [.tree("Job")], ["Job"]),
      (.file("ns/main.lua"), [.tree("ns")], ["ns/b", "ns/c/d"]),
      (.tree("ns"), [.tree("ns")], ["ns/b", "ns/c/d"]),
      (.tree("Job/lib"), [.job("Job")], ["Job"]),
      (.tree("gone"), [.tree("gone")], []),
      (.everything, [.everything], ["Job", "a", "ns/b", "ns/c/d"]),
    ] as [(FolderChange, [FolderScan.Scope], [String])])
  func partial(change: FolderChange, scopes: [FolderScan.Scope], names: [String]) {
    folder.makeFolder("jobs/ns/c")
    folder.makeFolder("jobs/Job/lib")
    for path in ["a.lua", "ns/b.lua", "ns/c/d.lua", "Job/main.lua", "Job/one.lua", "Job/lib/two.lua"] {
      folder.write("jobs/" + path, path)
    }
    let scan = jobs.read([change, change])
    #expect(scan.scopes == scopes)
    #expect(scan.sources.map(\.name) == names)
    #expect(scan.errors.isEmpty)
    let whole = jobs.scan()
    #expect(scan.sources.allSatisfy(whole.sources.contains))
  }

  @Test(
    "reads a job by its name",
    arguments: ["", "/", "a/", "/a", "../a", "a//b", "Job/one", "_x", "a\n", "none"])
  func byName(name: String) {
    folder.makeFolder("jobs/Job")
    for path in ["a.lua", "Job/main.lua", "Job/one.lua", "_x.lua"] { folder.write("jobs/" + path, path) }
    #expect(jobs.read(job: "a").sources.map(\.name) == ["a"])
    #expect(jobs.read(job: "Job").sources.map(\.modules.count) == [1])
    #expect(jobs.read(job: name).sources.isEmpty)
  }

  @Test("tells two versions apart by a digest that is the file's own SHA-256 for a single file")
  func digests() throws {
    folder.write("jobs/a.lua", "abc")
    folder.makeFolder("jobs/B")
    folder.write("jobs/B/main.lua", "abc")
    folder.write("jobs/B/x.lua", "1")
    let first = jobs.scan().sources
    let single = try #require(first.last)
    #expect(single.digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(single.version == "ba7816bf8f01")
    folder.move("jobs/B/x.lua", "jobs/B/y.lua")
    let second = jobs.scan().sources
    #expect(second.first?.digest != first.first?.digest)
    #expect(second.last == single)
  }

  @Test("reads ten thousand files in a moment")
  func many() {
    folder.makeFolder("jobs/ns")
    for count in 0..<10_000 { folder.write("jobs/ns/f\(count).lua", "function main() end") }
    let start = monotonicMilliseconds()
    #expect(jobs.scan().sources.count == 10_000)
    #expect(monotonicMilliseconds() - start < 5000)
    let change = monotonicMilliseconds()
    #expect(jobs.read([.file("ns/f77.lua")]).sources.count == 1)
    #expect(monotonicMilliseconds() - change < 50)
  }

  @Test("of a folder that a sync is changing nothing is known, whole or file by file")
  func changingFolder() throws {
    folder.makeFolder("jobs/app/.almanac-sync")
    folder.write("jobs/app/a.lua", "a")
    folder.write("jobs/b.lua", "b")
    let journal = "jobs/app/.almanac-sync/journal.json"
    folder.write(journal, "{}")
    folder.write("jobs/app/.almanac-sync/lock", "")
    let lock = open(folder("jobs/app/.almanac-sync/lock"), O_RDWR)
    defer { close(lock) }
    try #require(flock(lock, LOCK_EX) == 0)
    for scan in [jobs.scan(), jobs.read(jobContaining: "app/a.lua"), jobs.read(job: "app/a")] {
      #expect(!scan.sources.contains { $0.name == "app/a" })
      #expect(!scan.rulesOut("app/a") && !scan.rulesOut("app/gone"))
      #expect(scan.errors.isEmpty)
    }
    #expect(jobs.scan().sources.map(\.name) == ["b"])
    // Whoever was changing it is no more.
    try #require(flock(lock, LOCK_UN) == 0)
    #expect(
      jobs.scan().errors.map(described).first?.hasPrefix("app jobs/app: a sync was cut off here") == true)
    folder.remove(journal)
    #expect(jobs.scan().sources.map(\.name) == ["app/a", "b"])
  }
}
