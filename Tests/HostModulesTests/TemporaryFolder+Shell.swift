import Foundation
import Glibc

@testable import HostModules

extension TemporaryFolder {
  /// Runs a line of shell in this folder.
  ///
  /// - Returns: What it wrote to its standard output, and its exit status.
  func shell(_ line: String) -> (output: String, status: Int32) {
    guard let pipe = popen("cd '\(path)' && { \(line)\n}", "r") else { return ("", -1) }
    var output: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&piece, 1, piece.count, pipe)
      if count == 0 { break }
      output += piece[..<count]
    }
    let status = pclose(pipe)
    return (String(decoding: output, as: UTF8.self), status >> 8 & 255)
  }

  /// How many descriptors this process has open of what is in the folder, and of the folder.
  func openDescriptors() throws -> Int {
    try names(in: "/proc/self/fd").count { name in
      // Those of others may be closed at any time.
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + name)
      return target?.hasPrefix(path) == true
    }
  }
}
