import Files
import Glibc
import KillPoints
import Values

/// A folder of messages that wait, a file each. Use it from one thread.
final class DeliveryFiles {
  private let folder: String
  private var next: Int

  init(folder: String) {
    self.folder = folder
    next = 1
  }

  /// The messages that were left, oldest first, and the names of files that hold none; those are removed.
  func load() -> (found: [(file: String, delivery: Delivery)], unread: [String]) {
    var found: [(String, Delivery)] = []
    var unread: [String] = []
    for name in (try? Folder.names(in: folder)) ?? [] where name.hasSuffix(".json") {
      if let number = Int(name.prefix { $0.isASCII && $0.isNumber }) { next = max(next, number + 1) }
      if let bytes = try? FileBytes.all(of: "\(folder)/\(name)"), let value = try? DataValue(json: bytes),
        let delivery = Delivery(stored: value)
      {
        found.append((name, delivery))
      } else {
        unread.append(name)
        remove(name)
      }
    }
    return (found, unread)
  }

  /// Writes the message; it is on the disk, or this throws.
  ///
  /// - Returns: The file's name.
  func write(_ delivery: Delivery) throws(RunnerError) -> String {
    let digits = String(next)
    let name = String(repeating: "0", count: max(0, 12 - digits.count)) + digits + ".json"
    next += 1
    guard let json = try? delivery.stored.json() else { throw RunnerError("it has no form in JSON") }
    if mkdir(folder, 0o700) != 0, errno != EEXIST {
      throw RunnerError("cannot make \(folder): \(SystemFailure())")
    }
    let bytes = Array(json.utf8)
    let descriptor = open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw RunnerError("cannot write in \(folder): \(SystemFailure())") }
    defer { close(descriptor) }
    do throws(SystemFailure) {
      try FileBytes.write(bytes[...], to: descriptor)
      KillPoint.messageWritten.pass()
      guard fdatasync(descriptor) == 0 else { throw SystemFailure() }
    } catch {
      remove(name)
      throw RunnerError("cannot write in \(folder): \(error)")
    }
    KillPoint.messageKept.pass()
    return name
  }

  func remove(_ name: String) { unlink("\(folder)/\(name)") }
}
