import Files
import Glibc
import Values

/// Where the secrets of jobs are: read anew for each run, by the process that runs it.
///
/// A secret is looked for as a file in `$CREDENTIALS_DIRECTORY` (systemd's `LoadCredential=`), as a file in
/// the state directory's `secrets` folder, and as a variable of the environment; the first of them counts.
struct SecretSource {
  /// A shorter one would be found in half of the words of a log, and every one of them be hidden.
  static let shortest = 4
  private static let longest = 64 << 10

  /// What is wrong with a secret, as it follows on its name.
  private struct Fault: Error {
    let text: String
  }

  /// The state directory's; its files must be their owner's only.
  let folder: String

  /// The values of these secrets, or what is wrong with those that have none.
  func read(_ names: [String]) throws(ScriptError) -> [String: String] {
    var values: [String: String] = [:]
    var wrong: [String] = []
    for name in names {
      do throws(Fault) {
        values[name] = try usable(try find(name))
      } catch {
        wrong.append("secret \(name) \(error.text)")
      }
    }
    guard wrong.isEmpty else { throw ScriptError(text: wrong.joined(separator: "; ")) }
    return values
  }

  private func find(_ name: String) throws(Fault) -> [UInt8] {
    var places: [String] = []
    if let credentials = variable("CREDENTIALS_DIRECTORY"), !credentials.isEmpty {
      let path = String(decoding: credentials, as: UTF8.self) + "/" + name
      if let value = try contents(of: path, ownerOnly: false) { return value }
      places.append(path)
    }
    if !folder.isEmpty {
      let path = folder + "/" + name
      if let value = try contents(of: path, ownerOnly: true) { return value }
      places.append(path)
    }
    if let value = variable(name) { return value }
    throw Fault(
      text:
        "is not set: there is no \(places.joined(separator: ", no ")), and no variable \(name) in the "
        + "daemon's environment")
  }

  private func usable(_ bytes: [UInt8]) throws(Fault) -> String {
    guard let value = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw Fault(text: "is no text: a secret is valid UTF-8 without zeros")
    }
    guard value.utf8.count >= Self.shortest else {
      throw Fault(
        text:
          value.isEmpty
          ? "is empty"
          : "is shorter than \(Self.shortest) characters: it could not be kept out of the log; put it into env"
      )
    }
    return value
  }

  /// The bytes of a file, without the end of its last line; `nil` if there is none.
  private func contents(of path: String, ownerOnly: Bool) throws(Fault) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw Fault(text: "cannot be read: \(path): \(SystemFailure())")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Fault(text: "cannot be read: \(path) is not a file")
    }
    guard !ownerOnly || status.st_mode & 0o077 == 0 else {
      throw Fault(text: "is refused: others may read \(path); make it its owner's only (chmod 600)")
    }
    guard status.st_size <= Self.longest else {
      throw Fault(text: "is refused: \(path) is larger than \(byteText(Self.longest))")
    }
    var bytes: [UInt8]
    do throws(SystemFailure) {
      bytes = try FileBytes.rest(of: descriptor, limit: Self.longest)
    } catch {
      throw Fault(text: "cannot be read: \(path): \(error)")
    }
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    return bytes
  }

  private func variable(_ name: String) -> [UInt8]? {
    guard let value = getenv(name) else { return nil }
    return UnsafeBufferPointer(start: value, count: strlen(value)).map { UInt8(bitPattern: $0) }
  }
}
