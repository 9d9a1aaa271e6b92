import Values

/// The question to the daemon whose answer a state waits for; one at a time, since Lua waits for it.
struct Question {
  struct Pending {
    let number: UInt64
    let call: HostCall
    /// Makes the call's reply of the answer.
    let read: @Sendable (DaemonAnswer) -> HostReply
  }

  var lastNumber: UInt64 = 0
  var pending: Pending?
}

extension HostCall {
  /// Asks the daemon; the call waits, and is answered with what `read` makes of the answer.
  func ask(
    _ question: DaemonQuestion, _ read: @escaping @Sendable (DaemonAnswer) -> HostReply
  ) -> HostReply {
    if canWait { state.ask(question, for: self, read) }
    return .waiting
  }
}

extension LuaState {
  fileprivate func ask(
    _ asked: DaemonQuestion, for call: HostCall, _ read: @escaping @Sendable (DaemonAnswer) -> HostReply
  ) {
    let number = question.withLock { question in
      question.lastNumber += 1
      question.pending = Question.Pending(number: question.lastNumber, call: call, read: read)
      return question.lastNumber
    }
    host.delegate.asked(id, call.run?.key, number: number, asked)
  }

  /// Takes an answer; one that comes too late is passed over.
  func answer(_ number: UInt64, _ answer: DaemonAnswer) {
    let pending = question.withLock { question in
      guard question.pending?.number == number else { return nil as Question.Pending? }
      defer { question.pending = nil }
      return question.pending
    }
    guard let pending else { return }
    pending.call.resume(pending.read(answer))
  }
}
