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
    for name in names().sorted() {
      if let number = Int(name.prefix { $0.isASCII && $0.isNumber }) { next = max(next, number + 1) }
      if let bytes = read(name), let value = try? DataValue(json: bytes),
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
      throw RunnerError("cannot make \(folder): \(errorText(errno))")
    }
    let bytes = Array(json.utf8)
    let descriptor = open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw RunnerError("cannot write in \(folder): \(errorText(errno))") }
    defer { close(descriptor) }
    let count = Glibc.write(descriptor, bytes, bytes.count)
    KillPoint.messageWritten.pass()
    guard count == bytes.count, fdatasync(descriptor) == 0 else {
      let reason = errorText(errno)
      remove(name)
      throw RunnerError("cannot write in \(folder): \(reason)")
    }
    KillPoint.messageKept.pass()
    return name
  }

  func remove(_ name: String) { unlink("\(folder)/\(name)") }

  private func names() -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(".json") { names.append(name) }
    }
    return names
  }

  private func read(_ name: String) -> [UInt8]? {
    let descriptor = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return count == 0 ? bytes : nil }
      bytes += piece[..<count]
    }
  }
}
