import Scheduling
import Testing

/// The table is made by `Fixtures/make_croniter_table.py`, which says how.
@Suite("CronExpression against croniter") struct CroniterTests {
  @Test("gives the due instants that croniter gives, in UTC") func agrees() throws {
    var compared = 0
    for line in try Fixture.text("croniter_table.txt").split(separator: "\n") {
      let parts = line.split(separator: "\t").map(String.init)
      let expression = try CronExpression(parsing: parts[0], dayMatch: #require(DayMatch(rawValue: parts[1])))
      var expected = Instant(microseconds: try #require(Int64(parts[2])) * 1_000_000)
      var found = expected
      for step in parts[3].split(separator: " ") {
        expected = expected + .seconds(try #require(Int64(step)))
        found = try #require(expression.next(after: found, in: .utc), "\(line)")
        #expect(found == expected, "\(line)")
        if found != expected { break }
      }
      compared += 1
    }
    #expect(compared == 4000)
  }
}
