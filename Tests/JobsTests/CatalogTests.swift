import Testing

@testable import Jobs

@Suite("Catalog")
struct CatalogTests {
  private func source(_ name: String, _ text: String) -> JobSource {
    JobSource(name: name, folder: "/j", mainPath: "jobs/\(name).lua", main: Array(text.utf8))
  }

  private func error(_ job: String, _ message: String = "wrong") -> LoadError {
    LoadError(job: job, file: "jobs/\(job).lua", line: 1, message: message)
  }

  private func scan(_ sources: [JobSource], errors: [LoadError] = []) -> FolderScan {
    FolderScan(scopes: [.everything], sources: sources, errors: errors)
  }

  @Test("hands out what is new or changed, and nothing twice")
  func loading() {
    var catalog = Catalog()
    let a1 = source("a", "1")
    let b = source("b", "1")
    #expect(catalog.apply(scan([a1, b])).toLoad == [a1, b])
    #expect(catalog.apply(scan([a1, b])) == Catalog.Changes())
    let answer1 = catalog.accept(JobDefinition(source: a1))
    #expect(answer1)
    let isRefused = catalog.refuse(b, LoadFailure([error("b")]))
    #expect(isRefused)
    #expect(catalog.apply(scan([a1, b])) == Catalog.Changes())
    #expect(Set(catalog.live.keys) == ["a"])
    #expect(Set(catalog.refused.keys) == ["b"])
    let a2 = source("a", "2")
    #expect(catalog.apply(FolderScan(scopes: [.job("a")], sources: [a2])).toLoad == [a2])
  }

  @Test("takes a refused version up again, as long as the file says the same")
  func takeUpAgain() {
    var catalog = Catalog()
    let (old, new) = (source("a", "1"), source("a", "2"))
    _ = catalog.apply(scan([old]))
    let early = catalog.takeUpAgain("a")
    #expect(early == nil, "it is just being loaded")
    catalog.refuse(old, LoadFailure([error("a")]))
    let again = catalog.takeUpAgain("a")
    #expect(again == old)
    let isAccepted = catalog.accept(JobDefinition(source: old))
    #expect(isAccepted && catalog.refused.isEmpty)
    _ = catalog.apply(scan([new]))
    catalog.refuse(new, LoadFailure([error("a")]))
    _ = catalog.apply(scan([]))
    let gone = catalog.takeUpAgain("a")
    #expect(gone == nil)
  }

  @Test(
    "reads again, when told so, what was refused and what was read from a calendar file that is another one now"
  )
  func readAgain() throws {
    let folder = try TemporaryFolder()
    folder.write("h.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    var catalog = Catalog()
    let sources = ["calendar", "plain", "refused"].map { source($0, "1") }
    _ = catalog.apply(scan(sources))
    var definition = try ScheduleDecoder.decode(
      ["every": "1h", "blackout": ["calendar": .string(folder.path + "/h.ics")]], of: sources[0],
      daemonZone: .utc
    ).get()
    #expect(!definition.isOutdated(daemonZone: .utc))
    for accepted in [definition, JobDefinition(source: sources[1])] { catalog.accept(accepted) }
    catalog.refuse(sources[2], LoadFailure([error("refused")]))
    catalog.readAgainWhatMayHaveChanged(daemonZone: .utc)
    #expect(catalog.apply(scan(sources)).toLoad == [sources[2]])
    catalog.refuse(sources[2], LoadFailure([error("refused")]))
    folder.write("h.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n")
    #expect(definition.isOutdated(daemonZone: .utc))
    #expect(catalog.apply(scan(sources)) == Catalog.Changes(), "only when told so")
    catalog.readAgainWhatMayHaveChanged(daemonZone: .utc)
    #expect(catalog.apply(scan(sources)).toLoad == [sources[0], sources[2]])
    #expect(catalog.live["calendar"] == definition, "until then the version before goes on")
    definition.calendars = [:]
    #expect(!definition.isOutdated(daemonZone: .utc))
  }

  @Test("keeps the last good version when the next does not load, and forgets what was wrong when it does")
  func lastGood() {
    var catalog = Catalog()
    let good = source("a", "good")
    let bad = source("a", "bad")
    _ = catalog.apply(scan([good]))
    catalog.accept(JobDefinition(source: good))
    _ = catalog.apply(scan([bad]))
    catalog.refuse(bad, LoadFailure([error("a")]))
    #expect(catalog.live["a"]?.source == good)
    #expect(catalog.refused["a"] != nil)
    // Back to what is live: nothing to load.
    #expect(catalog.apply(scan([good])) == Catalog.Changes())
    #expect(catalog.refused.isEmpty)
    // The bad content again is to be loaded again.
    #expect(catalog.apply(scan([bad])).toLoad == [bad])
  }

  @Test("ignores how the loading of an outdated version ends")
  func outdated() {
    var catalog = Catalog()
    let one = source("a", "1")
    let two = source("a", "2")
    _ = catalog.apply(scan([one]))
    _ = catalog.apply(scan([two]))
    let answer2 = catalog.accept(JobDefinition(source: one))
    #expect(!answer2)
    let isRefused = catalog.refuse(one, LoadFailure([error("a")]))
    #expect(!isRefused)
    #expect(catalog.live.isEmpty && catalog.refused.isEmpty)
    let answer3 = catalog.accept(JobDefinition(source: two))
    #expect(answer3)
    // Changed and changed back while the change was being loaded: the content on disk is loaded last.
    _ = catalog.apply(scan([one]))
    #expect(catalog.apply(scan([two])).toLoad == [two])
    _ = catalog.apply(scan([]))
    let answer4 = catalog.accept(JobDefinition(source: two))
    #expect(!answer4)
  }

  @Test("removes what a scan rules out, and nothing else")
  func removal() {
    var catalog = Catalog()
    let sources = ["a", "ns/b", "ns/c", "nsx"].map { source($0, "1") }
    _ = catalog.apply(scan(sources))
    for source in sources { catalog.accept(JobDefinition(source: source)) }
    #expect(catalog.apply(FolderScan(scopes: [.job("a")])).removed == ["a"])
    #expect(catalog.apply(FolderScan(scopes: [.job("never")])).removed.isEmpty)
    #expect(
      catalog.apply(FolderScan(scopes: [.tree("ns")], errors: [error("ns")], unknown: [.tree("ns")])).removed
        .isEmpty)
    #expect(catalog.apply(FolderScan(scopes: [.tree("ns")])).removed == ["ns/b", "ns/c"])
    #expect(Set(catalog.live.keys) == ["nsx"])
    let missing = FolderScan(
      scopes: [.everything], errors: [error("", "no such folder")], unknown: [.everything])
    let changes = catalog.apply(missing)
    #expect(changes.removed.isEmpty && changes.newErrors.count == 1)
    #expect(catalog.folderErrors.count == 1 && catalog.refused.isEmpty)
    #expect(catalog.apply(missing) == Catalog.Changes())
    #expect(catalog.apply(scan([])).removed == ["nsx"])
    #expect(catalog.folderErrors.isEmpty)
  }

  @Test("refuses what cannot be read, tells it once, and loads it when it can be again")
  func unreadable() {
    var catalog = Catalog()
    let a = source("a", "1")
    _ = catalog.apply(scan([a]))
    catalog.accept(JobDefinition(source: a))
    #expect(catalog.apply(scan([], errors: [error("a")])).newErrors == [error("a")])
    #expect(catalog.apply(scan([], errors: [error("a")])) == Catalog.Changes())
    #expect(catalog.live["a"] != nil && catalog.refused["a"] != nil)
    #expect(catalog.apply(scan([a])) == Catalog.Changes())
    #expect(catalog.refused.isEmpty)
    #expect(catalog.apply(FolderScan(scopes: [.job("z")], errors: [error("z")])).newErrors.count == 1)
    #expect(catalog.apply(FolderScan(scopes: [.job("z")])).removed.isEmpty)
    #expect(catalog.refused.isEmpty)
  }

  @Test("remembers who needs a host of its own, until the file goes")
  func ownHosts() {
    var catalog = Catalog()
    let a = source("a", "1")
    _ = catalog.apply(scan([a]))
    #expect(!catalog.needsOwnHost("a"))
    catalog.giveOwnHost("a")
    #expect(catalog.needsOwnHost("a"))
    _ = catalog.apply(scan([]))
    #expect(!catalog.needsOwnHost("a"))
    var definition = JobDefinition(source: a)
    definition.ownHost = true
    _ = catalog.apply(scan([a]))
    catalog.accept(definition)
    #expect(catalog.needsOwnHost("a"))
  }
}
