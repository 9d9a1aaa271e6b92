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
    for module in StandardModules.all.map(\.name) + ["almanac.job", "almanac.log"] {
      let file = "annotations/\(module.dropFirst("almanac.".count)).lua"
      #expect(names.contains(file))
      #expect(text(file)?.hasPrefix("---@meta \(module)\n") == true)
    }
    #expect(text("annotations/schedule.lua")?.contains("---@class almanac.Schedule") == true)
  }

  @Test(
    "what the annotations name is what the modules have",
    arguments: ["http", "json", "fs", "crypto", "csv", "time", "yaml"])
  func annotated(module: String) async throws {
    let annotation = try #require(text("annotations/\(module).lua"))
    var named = annotation.matches(of: /\nfunction \w+\.(\w+)/).map { String($0.1) }
    if module == "json" || module == "yaml" { named.append("null") }
    let outcome = await ScriptHost.main(
      "local names = {} for name in pairs(require 'almanac.\(module)') do names[#names + 1] = name end table.sort(names) return names",
      in: TemporaryFolder())
    #expect(outcome.result.asTable?.items == named.sorted().map(DataValue.string))
  }
}
