import CLinux

/// Names of signals.
enum SignalName {
  /// `"SIGTERM"`; `"signal 40"` for one that has no name.
  static func of(_ number: Int32) -> String {
    clinux_signal_name(number).map { "SIG" + String(cString: $0) } ?? "signal \(number)"
  }
}
