import CResources
import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("Files for people") struct TemplateTests {
  private func text(_ name: String) -> String? {
    guard let file = cresources_find(name)?.pointee else { return nil }
    return String(decoding: UnsafeBufferPointer(start: file.bytes, count: file.length), as: UTF8.self)
  }

  @Test("the job of `almanac new` runs as it is")
  func template() async throws {
    let template = try #require(text("template.lua")).replacing("NAME", with: "hello")
    #expect(!template.contains("NAME"))
    let outcome = await ScriptHost.run(template, in: TemporaryFolder())
    #expect(outcome.result == "Hello from test")
    #expect(outcome.log.contains("info running"))
  }

  @Test("annotations are there for the schedule and for each module")
  func annotations() throws {
    let names = (0..<cresources_count()).compactMap {
      cresources_at($0).map { String(cString: $0.pointee.name) }
    }
    #expect(cresources_at(names.count) == nil)
    #expect(text("none") == nil)
    // Editors know `io` by themselves.
    let modules = StandardModules.all.map(\.name).filter { $0 != "almanac.io" }
    for module in modules + ["almanac.job", "almanac.log", "almanac.kv"] {
      let file = "annotations/\(module.dropFirst("almanac.".count)).lua"
      #expect(names.contains(file))
      #expect(text(file)?.hasPrefix("---@meta \(module)\n") == true)
    }
    #expect(text("annotations/schedule.lua")?.contains("---@class almanac.Schedule") == true)
  }
}
