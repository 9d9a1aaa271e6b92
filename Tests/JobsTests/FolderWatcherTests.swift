import Glibc
import TestSupport
import Testing

@testable import Jobs

@Suite("FolderWatcher", .serialized)
struct FolderWatcherTests {
  private let folder: TemporaryFolder
  private let probe: WatchProbe

  init() throws {
    folder = try TemporaryFolder()
    folder.makeFolder("jobs/ns")
    folder.makeFolder("jobs/Backup/lib")
    folder.write("jobs/a.lua", "old")
    folder.write("jobs/ns/b.lua", "old")
    folder.write("jobs/Backup/main.lua", "main")
    folder.write("jobs/Backup/one.lua", "1")
    folder.write("jobs/Backup/lib/two.lua", "2")
    probe = WatchProbe(folder("jobs"))
  }

  @Test(
    "tells a save in a namespace or at the top once it is whole, and nothing in between",
    arguments: EditorSave.allCases)
  func saves(save: EditorSave) throws {
    try probe.start()
    for (job, path) in [("a", "jobs/a.lua"), ("ns/b", "jobs/ns/b.lua")] {
      let isClean = (1...3).contains { attempt in
        probe.forgetStory()
        save.perform(folder(path), "new content \(attempt)")
        #expect(probe.eventually { $0.contents[job] == "new content \(attempt)" })
        probe.settle()
        let told = probe.story[job]
        #expect(
          told?.allSatisfy { $0 == nil || $0 == "new content \(attempt)" || $0 == "" && save.leavesEmpty }
            == true)
        // On a busy machine a file may be away for longer than its grace.
        return probe.story == [job: ["new content \(attempt)"]]
      }
      #expect(isClean, "\(save)")
    }
    #expect(probe.refused.isEmpty)
    probe.stop()
  }

  @Test("tells a change of a folder job's rocks.txt, and of no other", arguments: [true, false])
  func rocks(withInotify: Bool) throws {
    try probe.start(withInotify: withInotify)
    folder.write("jobs/rocks.txt", "penlight")
    folder.write("jobs/Backup/rocks.txt", "penlight >= 1.13")
    #expect(probe.eventually { $0.contents["Backup"] == "main|2|1|penlight >= 1.13" })
    folder.write("jobs/Backup/rocks.txt", "penlight >=")
    #expect(probe.eventually { $0.refused["Backup"]?.contains("rocks.txt:1: ") == true })
    folder.remove("jobs/Backup/rocks.txt")
    #expect(probe.eventually { $0.refused.isEmpty && $0.contents["Backup"] == "main|2|1" })
    #expect(Set(probe.contents.keys) == ["a", "ns/b", "Backup"])
    probe.stop()
  }

  @Test("tells a save in a folder job, as a whole", arguments: EditorSave.allCases)
  func folderJobSaves(save: EditorSave) throws {
    try probe.start()
    let isClean = (1...3).contains { attempt in
      probe.forgetStory()
      save.perform(folder("jobs/Backup/lib/two.lua"), "new \(attempt)")
      save.perform(folder("jobs/Backup/main.lua"), "main \(attempt)")
      save.perform(folder("jobs/Backup/one.lua"), "one \(attempt)")
      let content = "main \(attempt)|new \(attempt)|one \(attempt)"
      #expect(probe.eventually { $0.contents["Backup"] == content })
      probe.settle()
      return probe.story == ["Backup": [content]]
    }
    #expect(isClean, "\(save)")
    probe.stop()
  }

  @Test(
    "tells a file in a few ms of its close or rename, a removal and a folder job after their moment of quiet")
  func latency() throws {
    try probe.start()
    func median(_ job: String, after prepare: () -> Void = {}, _ change: (Int) -> Void) -> Double {
      (0..<7).map { turn in
        prepare()
        let count = probe.story[job]?.count ?? 0
        change(turn)
        let start = monotonicMilliseconds()
        _ = probe.eventually { ($0.story[job]?.count ?? 0) > count }
        return monotonicMilliseconds() - start
      }.sorted()[3]
    }
    let inPlace = median("a") { folder.write("jobs/a.lua", "in place \($0)") }
    #expect(inPlace < 30)
    let renamed = median("ns/b") {
      folder.writeAtomically("jobs/ns/b.lua", "renamed \($0)", by: "jobs/ns/.b")
    }
    #expect(renamed < 30)
    let created = median("new") {
      folder.remove("jobs/new.lua")
      _ = probe.eventually { $0.contents["new"] == nil }
    } _: { _ in
      folder.write("jobs/new.lua", "here")
    }
    #expect(created < 30)
    let removed = median("new") {
      folder.write("jobs/new.lua", "here")
      _ = probe.eventually { $0.contents["new"] != nil }
    } _: { _ in
      folder.remove("jobs/new.lua")
    }
    #expect(removed < 60)
    let module = median("Backup") { folder.write("jobs/Backup/one.lua", "module \($0)") }
    #expect(module < 100)
    probe.stop()
  }

  @Test("tells files that come, go and change their names")
  func names() throws {
    try probe.start()
    folder.write("jobs/new.lua", "new")
    #expect(probe.eventually { $0.contents["new"] == "new" })
    folder.move("jobs/new.lua", "jobs/ns/moved.lua")
    #expect(probe.eventually { $0.contents["new"] == nil && $0.contents["ns/moved"] == "new" })
    folder.move("jobs/ns/moved.lua", "jobs/ns/_moved.lua")
    #expect(probe.eventually { $0.contents["ns/moved"] == nil })
    folder.remove("jobs/a.lua")
    #expect(probe.eventually { $0.contents["a"] == nil })
    #expect(probe.isUpToDate())
    probe.stop()
  }

  @Test("tells what new folders hold, nested, copied in piece by piece or moved in whole")
  func newFolders() throws {
    try probe.start()
    folder.makeFolder("jobs/x/y/z")
    folder.write("jobs/x/y/z/deep.lua", "deep")
    #expect(probe.eventually { $0.contents["x/y/z/deep"] == "deep" })
    // A folder job whose modules come before its main file.
    folder.makeFolder("jobs/Copied")
    folder.write("jobs/Copied/alpha.lua", "1")
    folder.makeFolder("jobs/Copied/inner")
    folder.write("jobs/Copied/inner/beta.lua", "2")
    usleep(10_000)
    folder.write("jobs/Copied/main.lua", "main")
    #expect(probe.eventually { $0.contents["Copied"] == "main|1|2" })
    #expect(probe.story["Copied"] == ["main|1|2"])
    #expect(probe.story["Copied/alpha"] == nil)
    folder.makeFolder("outside/inner")
    folder.write("outside/inner/c.lua", "c")
    folder.move("outside", "jobs/inside")
    #expect(probe.eventually { $0.contents["inside/inner/c"] == "c" })
    folder.write("jobs/inside/inner/c.lua", "changed")
    #expect(probe.eventually { $0.contents["inside/inner/c"] == "changed" })
    folder.move("jobs/inside", "outside")
    #expect(probe.eventually { $0.contents["inside/inner/c"] == nil })
    folder.write("outside/inner/c.lua", "out of sight")
    probe.settle()
    #expect(probe.isUpToDate())
    probe.stop()
  }

  @Test("tells files in a folder that is being filled for long as each is closed")
  func fillingFolder() throws {
    try probe.start()
    folder.makeFolder("jobs/filling")
    let file = open(folder("jobs/filling/slow.lua"), O_WRONLY | O_CREAT, 0o644)
    for count in 0..<30 {
      folder.write("jobs/filling/n\(count).lua", "\(count)")
      folder.put("half", to: file)
      usleep(10_000)
    }
    #expect(probe.contents["filling/n5"] == "5")
    close(file)
    #expect(probe.eventually { $0.contents["filling/slow"]?.utf8.count == 120 })
    #expect(probe.story["filling/slow"]?.count == 1)
    #expect(probe.eventually { $0.isUpToDate() })
    probe.stop()
  }

  @Test("tells when a folder becomes a folder job and when it is one no more")
  func becomesFolderJob() throws {
    folder.write("jobs/ns/c.lua", "c")
    try probe.start()
    folder.write("jobs/ns/main.lua", "main")
    #expect(probe.eventually { $0.contents["ns"] == "main|old|c" && $0.contents["ns/b"] == nil })
    folder.remove("jobs/ns/main.lua")
    #expect(probe.eventually { $0.contents["ns"] == nil && $0.contents["ns/b"] == "old" })
    #expect(probe.isUpToDate())
    probe.stop()
  }

  @Test("misses none of many files that are written at once, nor of a checkout back and forth")
  func manyFiles() throws {
    try probe.start()
    var longestAway = Duration.zero
    for branch in 0..<3 {
      for count in 0..<300 {
        let path = "jobs/ns/f\(count).lua"
        if branch == 1, count % 3 == 0 {
          folder.remove(path)
        } else {
          folder.remove(path)
          folder.write(path, "\(branch) \(count)")
        }
      }
      let away = ContinuousClock().measure {
        folder.remove("jobs/Backup")
        folder.makeFolder("jobs/Backup")
        folder.write("jobs/Backup/one.lua", "one \(branch)")
        folder.write("jobs/Backup/main.lua", "main \(branch)")
      }
      longestAway = max(longestAway, away)
      #expect(probe.eventually { $0.isUpToDate() })
    }
    #expect(probe.contents["Backup"] == "main 2|one 2")
    // What is away for longer than its grace is told as gone.
    if longestAway < .milliseconds(10) {
      #expect(probe.story["Backup"]?.contains(nil) == false)
      #expect(probe.story["Backup/one"] == nil)
    }
    probe.stop()
  }

  @Test("loses none of many saves, made in all ways and in quick succession")
  func manySaves() throws {
    try probe.start()
    let paths = [
      "a.lua", "ns/b.lua", "c.lua", "Backup/main.lua", "Backup/one.lua", "Backup/lib/two.lua", "new/x/d.lua",
    ]
    folder.makeFolder("jobs/new/x")
    let saves = EditorSave.quick
    var random = SeededNumbers(seed: 1)
    for turn in 0..<500 {
      let path = "jobs/" + (paths.randomElement(using: &random) ?? "a.lua")
      (saves.randomElement(using: &random) ?? .inPlace).perform(folder(path), "save \(turn)")
      if turn % 7 == 0 { folder.remove("jobs/" + (paths.randomElement(using: &random) ?? "a.lua")) }
      if turn % 50 == 49 {
        let isUpToDate = probe.eventually { $0.isUpToDate() }
        #expect(isUpToDate)
      }
    }
    #expect(probe.refused.isEmpty)
    probe.stop()
  }

  @Test("sees the jobs folder replaced, and missing for a while")
  func rootReplaced() throws {
    try probe.start()
    folder.makeFolder("next")
    folder.write("next/a.lua", "next")
    folder.move("jobs", "previous")
    folder.move("next", "jobs")
    #expect(probe.eventually { $0.contents == ["a": "next"] })
    folder.write("jobs/a.lua", "again")
    #expect(probe.eventually { $0.contents["a"] == "again" })
    // Moved away as a whole: nothing is known of the jobs, so they stay.
    folder.move("jobs", "away")
    #expect(probe.eventually { $0.refused[""] != nil })
    #expect(probe.contents["a"] == "again")
    folder.makeFolder("jobs")
    folder.write("jobs/c.lua", "c")
    #expect(probe.eventually { $0.contents == ["c": "c"] && $0.refused.isEmpty })
    folder.remove("jobs")
    #expect(probe.eventually { $0.contents.isEmpty || $0.refused[""] != nil })
    folder.makeFolder("jobs/deep")
    folder.write("jobs/deep/d.lua", "d")
    #expect(probe.eventually { $0.contents == ["deep/d": "d"] })
    probe.stop()
  }

  @Test("sees a folder above the jobs folder replaced, and a link on the way switched over")
  func pathReplaced() throws {
    for release in 1...3 {
      folder.makeFolder("releases/\(release)/jobs")
      folder.write("releases/\(release)/jobs/a.lua", "release \(release)")
    }
    folder.link("current", to: "releases/1")
    let probe = WatchProbe(folder("current/jobs"))
    try probe.start()
    #expect(probe.contents["a"] == "release 1")
    folder.link("switch", to: "releases/2")
    folder.move("switch", "current")
    #expect(probe.eventually { $0.contents["a"] == "release 2" })
    folder.write("releases/2/jobs/a.lua", "release 2b")
    #expect(probe.eventually { $0.contents["a"] == "release 2b" })
    folder.move("releases", "old")
    folder.move("old/3", "old/2b")
    folder.makeFolder("releases/2/jobs")
    folder.write("releases/2/jobs/a.lua", "release 4")
    #expect(probe.eventually { $0.contents["a"] == "release 4" })
    probe.stop()
  }

  @Test("follows symbolic links to files and folders, and sees what they lead to change")
  func symbolicLinks() throws {
    folder.makeFolder("elsewhere/shared")
    folder.write("elsewhere/f.lua", "f")
    folder.write("elsewhere/shared/g.lua", "g")
    folder.link("jobs/f.lua", to: "../elsewhere/f.lua")
    try probe.start()
    #expect(probe.contents["f"] == "f")
    folder.write("elsewhere/f.lua", "f2")
    #expect(probe.eventually { $0.contents["f"] == "f2" })
    folder.writeAtomically("elsewhere/f.lua", "f3", by: "elsewhere/tmp")
    #expect(probe.eventually { $0.contents["f"] == "f3" })
    folder.link("jobs/shared", to: folder("elsewhere/shared"))
    #expect(probe.eventually { $0.contents["shared/g"] == "g" })
    folder.write("elsewhere/shared/g.lua", "g2")
    #expect(probe.eventually { $0.contents["shared/g"] == "g2" })
    folder.remove("jobs/shared")
    #expect(probe.eventually { $0.contents["shared/g"] == nil })
    // As Kubernetes mounts a ConfigMap: the link in the middle is what changes.
    folder.makeFolder("jobs/..1")
    folder.makeFolder("jobs/..2")
    folder.write("jobs/..1/k.lua", "k1")
    folder.write("jobs/..2/k.lua", "k2")
    folder.link("jobs/..data", to: "..1")
    folder.link("jobs/k.lua", to: "..data/k.lua")
    #expect(probe.eventually { $0.contents["k"] == "k1" })
    folder.link("jobs/..data_tmp", to: "..2")
    folder.move("jobs/..data_tmp", "jobs/..data")
    #expect(probe.eventually { $0.contents["k"] == "k2" })
    // A link that leads nowhere, until it does.
    folder.link("jobs/later.lua", to: "../elsewhere/later.lua")
    #expect(probe.eventually { $0.refused["later"]?.contains("not there") == true })
    folder.write("elsewhere/later.lua", "now")
    #expect(probe.eventually { $0.contents["later"] == "now" && $0.refused["later"] == nil })
    folder.link("jobs/loop", to: ".")
    #expect(probe.eventually { $0.refused["loop"]?.contains("leads back to") == true })
    folder.remove("jobs/loop")
    #expect(probe.eventually { $0.refused["loop"] == nil })
    #expect(probe.isUpToDate())
    probe.stop()
  }

  @Test("tells of FIFOs and of names that are not text, and when they have gone")
  func oddities() throws {
    try probe.start()
    mkfifo(folder("jobs/pipe.lua"), 0o644)
    #expect(probe.eventually { $0.refused["pipe"]?.contains("is a FIFO, not a file") == true })
    folder.remove("jobs/pipe.lua")
    #expect(probe.eventually { $0.refused["pipe"] == nil })
    folder.write("jobs/two\nlines.lua", "x")
    #expect(probe.eventually { $0.refused["two\\nlines"] != nil })
    let bad = Array(folder("jobs/ns/").utf8) + [0x66, 0xFF] + Array(".lua".utf8)
    withPath(bad) { _ = close(open($0, O_WRONLY | O_CREAT, 0o644)) }
    #expect(probe.eventually { $0.refused["ns/f\\xFF"]?.contains("not valid UTF-8") == true })
    folder.move("jobs/two\nlines.lua", "jobs/lines.lua")
    withPath(bad) { _ = unlink($0) }
    #expect(probe.eventually { $0.refused.isEmpty && $0.contents["lines"] == "x" })
    probe.stop()
  }

  @Test("takes no half of a file for a version: at the start, when all is read anew, or after an overflow")
  func halfWritten() throws {
    let early = open(folder("jobs/a.lua"), O_WRONLY | O_TRUNC)
    folder.put("half", to: early)
    try probe.start()
    #expect(probe.contents["a"] == nil)
    #expect(probe.contents["ns/b"] == "old")
    folder.put(" and whole", to: early)
    close(early)
    #expect(probe.eventually { $0.contents["a"] == "half and whole" })
    // Somebody begins again, and everything is read in the midst of it.
    let files = ["jobs/ns/b.lua", "jobs/Backup/one.lua", "jobs/new.lua"].map {
      open(folder($0), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    }
    for file in files { folder.put("h", to: file) }
    probe.readAnew()
    folder.makeFolder("jobs/other")
    probe.settle()
    #expect(probe.contents["ns/b"] == "old")
    #expect(probe.contents["Backup"] == "main|2|1")
    #expect(probe.contents["new"] == nil)
    for file in files {
      folder.put("alf", to: file)
      close(file)
    }
    #expect(
      probe.eventually {
        $0.contents["ns/b"] == "half" && $0.contents["Backup"] == "main|2|half"
          && $0.contents["new"] == "half"
      })
    #expect(probe.refused.isEmpty)
    #expect(probe.story["a"] == ["half and whole"])
    #expect(probe.story["ns/b"] == ["half"])
    probe.stop()
  }

  @Test("takes a file that somebody has open for long and does not write, after a while")
  func heldOpen() throws {
    let held = open(folder("jobs/a.lua"), O_WRONLY | O_APPEND)
    folder.write("jobs/a.lua", "saved by another")
    try probe.start()
    #expect(probe.eventually { $0.contents["a"] == "saved by another" })
    close(held)
    probe.stop()
  }

  @Test("waits for the end of a save where it has to look for itself")
  func pollingHalf() throws {
    try probe.start(withInotify: false)
    let file = open(folder("jobs/a.lua"), O_WRONLY | O_TRUNC)
    for _ in 0..<15 {
      folder.put("part ", to: file)
      usleep(100_000)
    }
    #expect(probe.contents["a"] == "old")
    close(file)
    #expect(probe.eventually { $0.contents["a"]?.utf8.count == 75 })
    #expect(probe.story["a"]?.count == 1)
    probe.stop()
  }

  @Test("looks for itself where the kernel's limits leave no watch, and says so")
  func polling() throws {
    try probe.start(withInotify: false)
    #expect(probe.notices.count == 1)
    folder.write("jobs/a.lua", "new")
    folder.remove("jobs/ns/b.lua")
    folder.makeFolder("jobs/x/y")
    folder.write("jobs/x/y/z.lua", "z")
    folder.write("jobs/Backup/lib/two.lua", "II")
    #expect(probe.eventually { $0.isUpToDate() && $0.contents["x/y/z"] == "z" })
    folder.move("jobs", "away")
    #expect(probe.eventually { $0.refused[""] != nil })
    folder.makeFolder("jobs")
    folder.write("jobs/c.lua", "c")
    #expect(probe.eventually { $0.contents == ["c": "c"] })
    folder.write("jobs/c.lua", "cc")
    #expect(probe.eventually { $0.contents == ["c": "cc"] })
    #expect(probe.notices.count == 1)
    probe.stop()
  }

  @Test("reads anew after more changes than the kernel's queue holds")
  func overflow() throws {
    for count in 0..<2 { folder.write("jobs/ns/f\(count).lua", "") }
    let watcherIsHeld = FolderWatcherTests.Gate()
    let folder = JobsFolder(path: folder("jobs"))
    let seen = FolderWatcherTests.Gate()
    let watcher = try FolderWatcher(folder: folder, onFirstScan: { _ in }) { scan in
      if scan.scopes == [.everything] { seen.open() } else { watcherIsHeld.wait() }
    }
    self.folder.write("jobs/a.lua", "held")
    usleep(30_000)
    // Two names in turn, for the kernel makes one notice of equal ones in a row.
    for turn in 0..<40_000 { chmod(self.folder("jobs/ns/f\(turn % 2).lua"), 0o644) }
    watcherIsHeld.open()
    #expect(seen.wait(milliseconds: 3000))
    watcher.stop()
  }

  /// Something to wait for.
  final class Gate: Sendable {
    private let end: [Int32]

    init() {
      var ends: [Int32] = [0, 0]
      pipe(&ends)
      end = ends
    }

    deinit { for file in end { close(file) } }

    func open() { _ = write(end[1], "x", 1) }

    @discardableResult func wait(milliseconds: Int32 = 10_000) -> Bool {
      var waits = [pollfd(fd: end[0], events: Int16(POLLIN), revents: 0)]
      return poll(&waits, 1, milliseconds) > 0
    }
  }
}
