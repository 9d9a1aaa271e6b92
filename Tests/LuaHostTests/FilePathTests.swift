import Foundation
import Testing

@testable import LuaHost

@Suite("FilePath.resolved") struct FilePathTests {
  private func resolved(_ path: String, followsLast: Bool = true) -> String {
    String(decoding: FilePath.resolved(Array(path.utf8), followsLast: followsLast), as: UTF8.self)
  }

  @Test("follows links and dots, also to what is not there yet")
  func resolving() throws {
    let made = NSTemporaryDirectory() + "almanac-path-" + UUID().uuidString
    let files = FileManager.default
    try files.createDirectory(atPath: made + "/real/inner", withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: made) }
    try files.createSymbolicLink(atPath: made + "/link", withDestinationPath: "real/inner")
    try files.createSymbolicLink(atPath: made + "/absolute", withDestinationPath: made + "/real")
    try files.createSymbolicLink(atPath: made + "/nowhere", withDestinationPath: "real/later")
    try files.createSymbolicLink(atPath: made + "/round", withDestinationPath: "round")
    let root = resolved(made)
    #expect(resolved(made + "/link") == root + "/real/inner")
    #expect(resolved(made + "/link/new/file") == root + "/real/inner/new/file")
    #expect(resolved(made + "/link/../x") == root + "/real/x")
    #expect(resolved(made + "/absolute/./inner") == root + "/real/inner")
    #expect(resolved(made + "/nowhere") == root + "/real/later")
    #expect(
      resolved(made + "/none/../../real")
        == resolved(made.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/real"))
    #expect(resolved(made + "/round") == "/")
    #expect(resolved(made + "/link", followsLast: false) == root + "/link")
    #expect(resolved(made + "/link/", followsLast: false) == root + "/real/inner")
    #expect(resolved("/") == "/" && resolved("/..") == "/")
  }

  @Test("gives up on what no kernel takes")
  func longPaths() {
    let long = String(repeating: "/a", count: 100_000)
    #expect(resolved(long) == long)
  }

  @Test("counts relative paths from the folder, and ~ from the user's home")
  func absolute() {
    let home = ProcessInfo.processInfo.environment["HOME"] ?? "~"
    for (path, expected) in [("/a", "/a"), ("a/b", "/jobs/a/b"), ("~/a", home + "/a"), ("~a", "/jobs/~a")] {
      #expect(FilePath.absolute(Array(path.utf8), in: "/jobs") == Array(expected.utf8))
    }
  }
}
