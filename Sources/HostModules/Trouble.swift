import Files
import Glibc

/// Something outside went wrong: the script gets `nil` and this sentence.
struct Trouble: Error, Equatable {
  let text: String

  init(_ text: String) { self.text = text }

  /// What the system said about the call that has just failed: `cannot read a.txt: permission denied`.
  static func system(_ action: String, _ path: JobPath, code: Int32 = errno) -> Trouble {
    // So the system calls a socket, and a named pipe that nobody reads.
    if code == ENXIO { return Trouble("cannot \(action) \(path.given): it is not a file") }
    return Trouble("cannot \(action) \(path.given): \(SystemFailure(code: code).reason)")
  }

  /// A file that cannot be made, for lack of its folder or for another reason.
  static func creation(_ path: JobPath, code: Int32 = errno) -> Trouble {
    if code == ENOENT, path.parent.withCString({ access($0, F_OK) }) != 0 {
      return Trouble(
        "cannot write \(path.given): there is no folder \(path.parent.given) (fs.mkdir makes it)")
    }
    return .system("write", path, code: code)
  }
}
