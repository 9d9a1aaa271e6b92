import Foundation
import Glibc

/// A file system in memory that is soon full; it goes with the object.
package final class SmallFileSystem {
  package struct Failure: Error {
    package let text: String
  }

  private let path: String

  /// - Parameter path: a folder that is there.
  package init(at path: String, megabytes: Int) throws {
    self.path = path
    try Self.call("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "tmpfs", path)
  }

  deinit { try? Self.call("umount", "-l", path) }

  /// Whether this user may mount anything here.
  package static let canMount: Bool = {
    let path = NSTemporaryDirectory() + "almanac-mount-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { rmdir(path) }
    return (try? SmallFileSystem(at: path, megabytes: 1)) != nil
  }()

  /// Writes into a file of this name until there is no room.
  package func fill(_ file: String) throws {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    for size in [1 << 20, 4096] {
      let block = [UInt8](repeating: 0, count: size)
      while write(descriptor, block, size) > 0 {}
    }
  }

  private static func call(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(text: "\(arguments.joined(separator: " ")) failed")
    }
  }
}
