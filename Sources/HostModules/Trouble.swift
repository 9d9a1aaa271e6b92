import Glibc

/// Something outside went wrong: the script gets `nil` and this sentence.
struct Trouble: Error, Equatable {
  let text: String

  init(_ text: String) { self.text = text }

  /// What the system said about the call that has just failed: `cannot read a.txt: permission denied`.
  static func system(_ action: String, _ path: JobPath, code: Int32 = errno) -> Trouble {
    Trouble("cannot \(action) \(path.given): \(reason(code))")
  }

  /// The system's words for an error number, in lower case, as they stand inside a sentence.
  static func reason(_ code: Int32) -> String {
    guard let message = strerror(code) else { return "error \(code)" }
    let text = String(cString: message)
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
