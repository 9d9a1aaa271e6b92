import Testing
import Values

@testable import Jobs

@Suite("JobSurroundings") struct JobSurroundingsTests {
  private func job(_ name: String, _ schedule: DataValue, text: String = "") throws -> JobDefinition {
    try ScheduleDecoder.decode(
      schedule,
      of: JobSource(name: name, folder: "/j", mainPath: "jobs/\(name).lua", main: Array(text.utf8)),
      daemonZone: .utc
    ).get()
  }

  private func surroundings(
    _ jobs: [JobDefinition], broken: Set<String> = [], pools: [String] = []
  ) -> JobSurroundings {
    JobSurroundings(
      pools: pools, definition: { name in jobs.first { $0.name == name } },
      isThere: { name in broken.contains(name) || jobs.contains { $0.name == name } },
      names: { jobs.map(\.name) })
  }

  @Test("finds nothing wrong with jobs that wait for each other in a line")
  func line() throws {
    let jobs = [
      try job("a", ["every": "1h"]), try job("b", ["after": "a"]),
      try job("c", ["after": .list(["a", "b"])]),
    ]
    for job in jobs {
      #expect(surroundings(jobs).objections(to: job).isEmpty)
      #expect(surroundings(jobs).doubts(about: job).isEmpty)
    }
  }

  @Test("names the jobs of a circle, and the line")
  func circle() throws {
    let text = "schedule = {\n  after = \"c\",\n}"
    let first = try job("a", ["after": "c"], text: text)
    let jobs = [first, try job("b", ["after": .list(["a", "d"])]), try job("c", ["after": "b"])]
    let found = surroundings(jobs, broken: ["d"]).objections(to: first).map(\.description)
    #expect(
      found == [
        "jobs/a.lua:2: schedule.after: the jobs wait for each other in a circle: a -> c -> b -> a"
      ])
  }

  @Test("doubts a job that waits for one without a file, and not for one that only does not load")
  func missing() throws {
    let jobs = [try job("backup", ["every": "1h"]), try job("b", ["after": .list(["backpu", "broken"])])]
    let found = surroundings(jobs, broken: ["broken"]).doubts(about: jobs[1]).map(\.message)
    #expect(
      found == ["schedule.after: there is no job backpu whose runs could end; did you mean backup?"])
  }

  @Test("doubts that two jobs were the same one before")
  func rivals() throws {
    let jobs = [
      try job("a", ["formerly": "old"]), try job("b", ["formerly": "old"]),
      try job("c", ["formerly": "other"]),
    ]
    #expect(
      surroundings(jobs).doubts(about: jobs[0]).map(\.message) == [
        "schedule.formerly: the job b says so too, and only one of them takes the history over"
      ])
    #expect(surroundings(jobs).doubts(about: jobs[1]).count == 1)
    #expect(surroundings(jobs).doubts(about: jobs[2]).isEmpty)
  }

  @Test("objects to a pool that is not configured, and to the history of a job that is still there")
  func poolAndHistory() throws {
    let jobs = [
      try job("a", ["pool": "databse"]), try job("b", ["formerly": "a"]), try job("c", ["formerly": "gone"]),
    ]
    #expect(
      surroundings(jobs, pools: ["database"]).objections(to: jobs[0]).map(\.message) == [
        "schedule.pool: there is no pool \"databse\"; did you mean \"database\"? Pools get their sizes under `pools:` "
          + "in almanac.yaml"
      ])
    #expect(surroundings(jobs).objections(to: jobs[0])[0].message.contains("; none is configured. Pools"))
    #expect(
      surroundings(jobs).objections(to: jobs[1]).map(\.message) == [
        "schedule.formerly: the job a is still there, and its history is its own; remove its file, or this key"
      ])
    #expect(surroundings(jobs).objections(to: jobs[2]).isEmpty)
  }
}
