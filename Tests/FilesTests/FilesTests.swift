import Files
import Foundation
import Glibc
import Testing

/// A folder of the test's own, gone with it.
private final class Place {
  let path = NSTemporaryDirectory() + "almanac-files-\(UUID().uuidString)"

  init() throws { try Folder.make(path, mode: 0o755) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult func file(_ name: String, _ bytes: [UInt8] = []) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    return path + "/" + name
  }
}

@Suite("Folder") struct FolderTests {
  @Test("lists what stands in it, with what each name stands for")
  func entries() throws {
    let place = try Place()
    try place.file("a file")
    try Folder.make(place.path + "/folder", mode: 0o755)
    symlink("nowhere", place.path + "/link")
    mkfifo(place.path + "/pipe", 0o600)
    let entries = try Folder.entries(in: place.path)
    #expect(
      Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.kind) })
        == ["a file": .file, "folder": .folder, "link": .link, "pipe": .other])
  }

  @Test("gives names that are not UTF-8 as bytes, and leaves them out of the names")
  func strangeNames() throws {
    let place = try Place()
    let name: [UInt8] = [0x61, 0xFF]
    let path = (Array((place.path + "/").utf8) + name + [0]).map { CChar(bitPattern: $0) }
    close(open(path, O_CREAT | O_WRONLY, 0o600))
    try place.file("b")
    try place.file("a")
    #expect(try Set(Folder.entries(in: place.path).map(\.bytes)) == [name, [0x61], [0x62]])
    #expect(try Folder.names(in: place.path) == ["a", "b"])
  }

  @Test("says why it cannot be read")
  func unreadable() throws {
    let place = try Place()
    let file = try place.file("file")
    #expect(throws: SystemFailure(code: ENOENT)) { try Folder.names(in: place.path + "/none") }
    #expect(throws: SystemFailure(code: ENOTDIR)) { try Folder.entries(in: file) }
  }

  @Test("is made with those that it lies in, and may be there already")
  func making() throws {
    let place = try Place()
    for _ in 1...2 { try Folder.make(place.path + "/a/b/c", mode: 0o700) }
    var status = stat()
    try #require(stat(place.path + "/a/b/c", &status) == 0)
    #expect(status.st_mode == S_IFDIR | 0o700)
    let file = try place.file("file")
    #expect(throws: SystemFailure(code: ENOTDIR)) { try Folder.make(file, mode: 0o700) }
    #expect(throws: SystemFailure(code: ENOTDIR)) { try Folder.make(file + "/below", mode: 0o700) }
  }
}

@Suite("FileBytes") struct FileBytesTests {
  @Test("reads a file whole, whatever its size, or as much as is wanted")
  func reading() throws {
    let place = try Place()
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    let path = try place.file("large", bytes)
    #expect(try FileBytes.all(of: path) == bytes)
    let file = open(path, O_RDONLY)
    defer { close(file) }
    #expect(try FileBytes.rest(of: file, limit: 100_000) == Array(bytes[..<100_000]))
    #expect(try FileBytes.rest(of: file, limit: 0) == [])
    #expect(try FileBytes.rest(of: file) == Array(bytes[100_000...]))
    #expect(try FileBytes.rest(of: file) == [])
  }

  @Test("reads files that say they are empty and are not")
  func procFiles() throws {
    #expect(try !FileBytes.all(of: "/proc/self/stat").isEmpty)
  }

  @Test("writes all that it is given")
  func writing() throws {
    let place = try Place()
    let path = place.path + "/new"
    let file = open(path, O_WRONLY | O_CREAT, 0o600)
    defer { close(file) }
    let bytes = [UInt8](repeating: 7, count: 300_000)
    try FileBytes.write(bytes[1...], to: file)
    #expect(try FileBytes.all(of: path) == Array(bytes[1...]))
  }

  @Test("replaces a file whole, and leaves nothing beside it")
  func replacing() throws {
    let place = try Place()
    let path = place.path + "/a"
    for bytes: [UInt8] in [[1, 2, 3], [], [4]] {
      try FileBytes.replace(path, with: bytes)
      #expect(try FileBytes.all(of: path) == bytes)
    }
    try Folder.make(place.path + "/taken", mode: 0o755)
    #expect(throws: SystemFailure(code: EISDIR)) { try FileBytes.replace(place.path + "/taken", with: [1]) }
    #expect(throws: SystemFailure(code: ENOENT)) { try FileBytes.replace(place.path + "/none/a", with: [1]) }
    #expect(try Folder.names(in: place.path) == ["a", "taken"])
  }

  @Test("says what the system said")
  func refusals() throws {
    #expect(throws: SystemFailure(code: EISDIR)) { try FileBytes.all(of: "/") }
    #expect(throws: SystemFailure(code: ENOENT)) { try FileBytes.all(of: "/none") }
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    #expect(throws: SystemFailure(code: ENOSPC)) { try FileBytes.write([1], to: full) }
  }
}

@Suite("SystemFailure") struct SystemFailureTests {
  @Test("has the system's words, alone and inside a sentence")
  func words() {
    #expect("\(SystemFailure(code: ENOENT))" == "No such file or directory")
    #expect(SystemFailure(code: ENOENT).reason == "no such file or directory")
    #expect(SystemFailure(code: EDOTDOT).reason == "RFS specific error")
  }
}
