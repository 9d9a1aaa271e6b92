import Glibc

/// Why a call of the system failed.
public struct SystemFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// An `errno`.
  public let code: Int32

  /// - Parameter code: The number; that of the call that has just failed if none is given.
  public init(code: Int32 = errno) { self.code = code }

  /// The system's words: `No such file or directory`.
  public var description: String {
    guard let words = strerror(code) else { return "error \(code)" }
    return String(cString: words)
  }

  /// The system's words as they stand inside a sentence: `no such file or directory`.
  public var reason: String {
    let words = description
    // A word in capitals, as in "RFS specific error", keeps them.
    guard words.dropFirst().first?.isLowercase == true else { return words }
    return words.prefix(1).lowercased() + words.dropFirst()
  }
}

/// Calls `body` again for as long as a signal interrupts it.
public func retrying<Number: FixedWidthInteger & SignedInteger>(_ body: () -> Number) -> Number {
  while true {
    let result = body()
    if result != -1 || errno != EINTR { return result }
  }
}
