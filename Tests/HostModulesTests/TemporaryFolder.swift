import Glibc

@testable import HostModules

/// A folder that is gone with everything in it when the test is over.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/almanac-test-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil, "cannot make a folder")
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    if let folder = try? JobPath(Array(path.utf8), in: "/", of: "test") {
      try? FileSystem.remove(folder, recursive: true)
    }
  }

  func at(_ name: String) -> String { path + "/" + name }

  /// The path as a job in this folder would name it.
  func jobPath(_ name: String) throws -> JobPath { try JobPath(Array(name.utf8), in: path, of: "test") }

  func write(_ text: String, to name: String) throws {
    let target = try jobPath(name)
    try FileSystem.makeFolder(target.parent)
    let file = try AtomicFile(replacing: target)
    try file.write(Array(text.utf8))
    try file.commit()
  }

  func read(_ name: String) throws -> String {
    String(decoding: try FileSystem.read(try jobPath(name), limit: 1 << 30), as: UTF8.self)
  }

  func names(in name: String = ".") throws -> [String] {
    try FileSystem.names(in: try jobPath(name)).map { String(decoding: $0, as: UTF8.self) }
  }
}
