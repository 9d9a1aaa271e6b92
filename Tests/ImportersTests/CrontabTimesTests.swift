import JobWriting
import Testing

@testable import Importers

@Suite("CronTimes against croniter") struct CrontabTimesTests {
  /// The table is made by `Fixtures/make_crontab_table.py`, which says how.
  @Test("gives the due instants that cron gives") func agrees() throws {
    let lines = try Fixture.lines("crontab_table.txt")
    for line in lines {
      let base = try #require(Int(line[1]))
      var expected: [Int] = []
      for step in line[2].split(separator: " ") {
        expected.append((expected.last ?? base) + (Int(step) ?? 0))
      }
      let times = try CronTimes(line[0].split(separator: " ").map(String.init))
      #expect(times.notes.isEmpty, "\(line[0])")
      let found = try ImportedSchedule(times.trigger).due(after: base, count: 20)
      #expect(found == expected, "\(line[0])")
    }
    #expect(lines.count > 60)
  }
}
