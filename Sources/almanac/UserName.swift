import Glibc

/// Who runs the command, for the ledger.
enum UserName {
  static var current: String {
    getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "user \(getuid())"
  }
}
