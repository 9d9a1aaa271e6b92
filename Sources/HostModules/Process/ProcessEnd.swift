import Values

/// How a child process has ended, and what it wrote.
struct ProcessEnd {
  let status: ChildProcess.Status
  let output: CapturedOutput
  let errors: CapturedOutput
  /// In seconds.
  let duration: Double
  let timedOut: Bool

  /// Whether it has ended with exit code 0, in time.
  var isWell: Bool { status == .code(0) && !timedOut }

  /// The table that the script gets.
  var table: DataValue {
    var fields: [String: DataValue] = [
      "ok": .bool(isWell), "stdout": .bytes(output.bytes), "stderr": .bytes(errors.bytes),
      "duration": .double(duration), "timed_out": .bool(timedOut),
      "truncated": .bool(output.isTruncated || errors.isTruncated),
    ]
    switch status {
    case .code(let code): fields["code"] = .int(Int64(code))
    case .signal(let number): fields["signal"] = .string(SignalName.of(number))
    }
    return .object(fields)
  }

  /// What `check` says of one that has not done well.
  func complaint(of shown: String) -> String {
    let what =
      switch status {
      case _ where timedOut: "\(shown) did not end within its timeout"
      case .code(let code): "\(shown) failed with exit code \(code)"
      case .signal(let number): "\(shown) was ended by \(SignalName.of(number))"
      }
    let words = [errors.tail, output.tail].first { !$0.isEmpty }
    return words.map { "\(what): \($0)" } ?? what
  }
}
