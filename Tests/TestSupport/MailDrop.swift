import Foundation
import Values

/// A real mail server on a port of its own of 127.0.0.1, which keeps what it is given; ended with the object.
package final class MailDrop: Sendable {
  package struct Mail: Sendable {
    package var from: String
    package var to: [String]
    /// Header and body, as they came.
    package var data: String
    /// Whether it came by TLS.
    package var isSafe: Bool
    package var user: String?

    /// The lines after the header.
    package var body: String { data.split(separator: "\r\n\r\n", maxSplits: 1).last.map(String.init) ?? "" }
  }

  package struct Failure: Error {
    package let text: String
  }

  package let port: Int
  private let folder: URL
  private let process: Process
  private let input = Pipe()

  package convenience init(_ arguments: String...) throws { try self.init(arguments) }

  /// - Parameter arguments: Those of `maildrop.py`.
  package init(_ arguments: [String]) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("maildrop-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("maildrop.py")
    process = Process()
    // The system's own Python: that is where Debian's package is.
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = ["-I", script.path, folder.path] + arguments
    process.standardInput = input
    // aiosmtpd warns of its own ways there.
    process.standardError = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      kill(process.processIdentifier, SIGKILL)
      throw Failure(text: "no mail server: is the package python3-aiosmtpd there? `make setup` installs it")
    }
    self.port = port
  }

  deinit {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  /// What has come so far, oldest first.
  package var mails: [Mail] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().compactMap { name in
      guard let data = try? Data(contentsOf: folder.appendingPathComponent(name)),
        let mail = try? DataValue(json: Array(data))
      else { return nil }
      return Mail(
        from: mail["from"].asString ?? "", to: (mail["to"].asTable?.items ?? []).compactMap(\.asString),
        data: mail["data"].asString ?? "", isSafe: mail["safe"] == true, user: mail["user"].asString)
    }
  }
}
