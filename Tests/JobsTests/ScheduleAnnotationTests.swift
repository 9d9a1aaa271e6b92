import CResources
import Testing

@testable import Jobs

@Suite("The annotations of schedule") struct ScheduleAnnotationTests {
  /// The fields of a class, with what is said of each.
  private func fields(of name: String) throws -> [String: String] {
    let file = try #require(cresources_find("annotations/schedule.lua")?.pointee)
    let text = String(decoding: UnsafeBufferPointer(start: file.bytes, count: file.length), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(
      lines.firstIndex { $0 == "---@class \(name)" || $0.hasPrefix("---@class \(name):") })
    let pairs = lines[(start + 1)...].prefix { $0.hasPrefix("---@field ") }.map { line in
      let name = line.dropFirst("---@field ".count).prefix { $0 != " " && $0 != "?" }
      return (String(name), String(line))
    }
    return Dictionary(pairs, uniquingKeysWith: { $1 })
  }

  @Test("name every key that a table may hold, and no other")
  func keys() throws {
    let lists: [(String, KeyList)] = [
      ("almanac.Trigger", .trigger), ("almanac.Daily", .daily), ("almanac.Weekly", .weekly),
      ("almanac.Monthly", .monthly), ("almanac.Window", .window), ("almanac.Retry", .retry),
      ("almanac.After", .after),
      ("almanac.Requires", .requires), ("almanac.Notify", .notify),
    ]
    for (name, list) in lists {
      #expect(try Set(fields(of: name).keys) == Set(list.known + list.later.keys), "\(name)")
    }
    let ofSchedule = Set(try fields(of: "almanac.Schedule").keys).union(
      try fields(of: "almanac.Trigger").keys)
    #expect(ofSchedule == Set(KeyList.schedule.known + KeyList.schedule.later.keys))
  }

  @Test("say of every setting what it means, and what holds without it")
  func defaults() throws {
    let settings = try fields(of: "almanac.Schedule")
    let ofTrigger = try fields(of: "almanac.Trigger")
    for key in KeyList.settings where key != "formerly" && key != "day_match" {
      let line = try #require(settings[key] ?? ofTrigger[key])
      #expect(line.contains("efault"), "\(key) has no default in \(line)")
    }
    for (key, line) in settings { #expect(line.count > key.count + 40, "\(line)") }
  }
}
