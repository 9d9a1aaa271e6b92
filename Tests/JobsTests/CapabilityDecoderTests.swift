import Scheduling
import Testing
import Values

@testable import Jobs

@Suite("The schedule's allow") struct CapabilityDecoderTests {
  private func decode(_ allow: DataValue?) -> Result<JobDefinition, LoadFailure> {
    let source = JobSource(
      name: "a", folder: "/jobs", mainPath: "jobs/a.lua", main: Array("schedule = {\n  allow = 1\n}".utf8))
    return ScheduleDecoder.decode(.object(allow.map { ["allow": $0] } ?? [:]), of: source, daemonZone: .utc)
  }

  @Test("is a list of capabilities, or one")
  func lists() throws {
    #expect(
      try decode(.list(["http:a.example", "fs:read"])).get().allow == [
        Capability(.http, "a.example"), Capability(.read),
      ])
    #expect(try decode("process").get().allow == [Capability(.process)])
  }

  @Test("allows nothing when it is empty, and everything when it is not there")
  func empty() throws {
    #expect(try decode(.object([:])).get().allow == [])
    #expect(try decode(nil).get().allow == nil)
  }

  @Test(
    "names the slip and what was meant",
    arguments: [
      (
        "htpp:a.example",
        "schedule.allow[1]: \"htpp:a.example\" is no capability; did you mean \"http:a.example\"?"
      ),
      (
        "fs:wirte:/srv",
        "schedule.allow[1]: \"fs:wirte:/srv\" is no capability; did you mean \"fs:write:/srv\"?"
      ),
      (
        "fs:/srv",
        "schedule.allow[1]: \"fs:/srv\" says not what; write \"fs:read:/srv\", \"fs:write:/srv\" or both"
      ),
      (
        "everything",
        "schedule.allow[1]: \"everything\" is no capability; there are \"http\", \"fs:read\", \"fs:write\", \"process\", \"notify\""
      ),
      (5, "schedule.allow[1]: 5 is a number, not a capability (\"http\", \"fs:write:/srv\")"),
    ] as [(DataValue, String)])
  func slips(item: DataValue, message: String) throws {
    guard case .failure(let failure) = decode(.list([item])) else { throw NotRefused() }
    #expect(failure.errors.map(\.message) == [message])
    #expect(failure.errors.first?.line == 2)
  }

  private struct NotRefused: Error {}
}
