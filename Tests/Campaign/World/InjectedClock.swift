import Foundation
import Glibc
import Scheduling

/// The wall clock of one daemon and its hosts, which the campaign sets: debug builds read there how far theirs is
/// ahead of the machine's.
final class InjectedClock {
  /// By how much it is ahead.
  private(set) var lead = Interval.zero
  private let path: String

  init(at root: String) throws {
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    path = root + "/clock"
    try write()
  }

  /// What tells a daemon of it.
  var environment: [String: String] { ["ALMANAC_CLOCK": path] }

  func step(by microseconds: Int64) {
    lead = lead + Interval(microseconds: microseconds)
    try? write()
  }

  /// Into the same file: who has it mapped sees it.
  private func write() throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Installation.Failure(description: "cannot write \(path)") }
    defer { close(descriptor) }
    withUnsafeBytes(of: lead.microseconds) { bytes in
      _ = pwrite(descriptor, bytes.baseAddress, bytes.count, 0)
    }
  }
}
