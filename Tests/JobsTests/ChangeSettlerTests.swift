import Testing

@testable import Jobs

@Suite("ChangeSettler")
struct ChangeSettlerTests {
  private let disk = ChangeSettler.Disk(
    hasContent: { $0.contains("linked") }, isFolderJob: { $0 == "Job" },
    files: { ["\($0)/a.lua", "\($0)/b.lua"] })

  /// What is taken, and when, by somebody who waits as he is told.
  private func play(_ settler: inout ChangeSettler, until end: Int64) -> [(Int64, Set<FolderChange>)] {
    var taken: [(Int64, Set<FolderChange>)] = []
    while let wake = settler.nextWake, wake <= end {
      let changes = settler.take(at: wake, disk)
      if !changes.isEmpty { taken.append((wake, Set(changes))) }
      if settler.nextWake == wake, changes.isEmpty { break }
    }
    return taken
  }

  @Test("takes a closed file at once, and several events of it as one")
  func closed() {
    var settler = ChangeSettler()
    settler.created("a.lua", at: 10)
    settler.modified("a.lua", at: 11)
    #expect(settler.nextWake == nil)
    settler.written("a.lua", at: 12)
    settler.attributed("a.lua", at: 13)
    #expect(settler.take(at: 13, disk) == [.file("a.lua")])
    #expect(settler.nextWake == nil)
  }

  @Test("gives a file that went a moment to come back")
  func grace() {
    var settler = ChangeSettler()
    settler.removed("a.lua", at: 0)
    settler.created("a.lua", at: 15_000)
    settler.modified("a.lua", at: 15_001)
    #expect(play(&settler, until: 1_000_000).isEmpty)
    settler.written("a.lua", at: 90_000)
    #expect(settler.take(at: 90_000, disk) == [.file("a.lua")])
    settler.removed("a.lua", at: 100_000)
    #expect(settler.take(at: 119_999, disk).isEmpty)
    #expect(settler.take(at: 120_000, disk) == [.file("a.lua")])
  }

  @Test("takes a file that came whole by a link, and waits for one that came empty")
  func linked() {
    var settler = ChangeSettler()
    settler.created("linked.lua", at: 0)
    settler.created("empty.lua", at: 0)
    #expect(play(&settler, until: 1_000_000).map(\.1) == [[.file("linked.lua")]])
  }

  @Test("takes a folder job after 50 ms of quiet, once nobody writes in it")
  func folderJob() {
    var settler = ChangeSettler()
    settler.noteFolderJob("Job")
    settler.written("Job/one.lua", at: 0)
    settler.modified("Job/lib/two.lua", at: 40_000)
    #expect(play(&settler, until: 5_000_000).isEmpty)
    settler.written("Job/lib/two.lua", at: 6_000_000)
    let taken = play(&settler, until: 7_000_000)
    #expect(taken.map(\.0) == [6_050_000])
    #expect(taken.map(\.1) == [[.tree("Job")]])
  }

  @Test("takes a folder whose main file is away for a moment as one still")
  func mainFileAway() {
    var settler = ChangeSettler()
    settler.noteFolderJob("Job")
    settler.removed("Job/main.lua", at: 0)
    settler.written("Job/one.lua", at: 1)
    settler.written("Job/main.lua", at: 2)
    #expect(play(&settler, until: 1_000_000).map(\.1) == [[.tree("Job")]])
  }

  @Test("takes a new folder after its quiet, or file by file if it is being filled for long")
  func newFolder() {
    var settler = ChangeSettler()
    settler.changedTree("ns", at: 0)
    settler.written("ns/a.lua", at: 10_000)
    #expect(play(&settler, until: 1_000_000).map(\.0) == [60_000])
    settler.changedTree("ns", at: 2_000_000)
    for turn in 0..<20 { settler.modified("ns/b.lua", at: 2_000_000 + Int64(turn) * 7_000) }
    let taken = play(&settler, until: 3_000_000)
    #expect(taken.map(\.0) == [2_150_000])
    #expect(taken.map(\.1) == [[.file("ns/a.lua")]])
    settler.written("ns/b.lua", at: 3_000_000)
    #expect(settler.take(at: 3_000_000, disk) == [.file("ns/b.lua")])
  }

  @Test("takes everything as one change, and what is still being written after it")
  func everything() {
    var settler = ChangeSettler()
    settler.written("a.lua", at: 0)
    settler.modified("b.lua", at: 0)
    settler.changedTree("ns", at: 0)
    settler.changedEverything(at: 0)
    #expect(play(&settler, until: 1_000_000).map(\.1) == [[.everything]])
    settler.written("b.lua", at: 1_000_000)
    #expect(settler.take(at: 1_000_000, disk) == [.file("b.lua")])
  }
}
