import CLinux
import HostProtocol
import RunLifecycle
import Values

/// A question to a job's `when` that a host has.
struct AskedWhen {
  let version: JobVersion
  let host: HostConnection
  let state: StateID
  /// When the host is ended because it has not answered, monotonic nanoseconds.
  let hostEndsAt: Int64
}

/// Asking a job's `when` before a start: in the job's own state, while nothing runs in it.
extension RunExecutor {
  /// The host ends a `when` after 30 s and a second of grace; one that it cannot end takes the host.
  private static let patience: Int64 = 31_000_000_000
  private static let fallLimit = 3

  /// Asks whether the run may start; `answer` is called once.
  func askWhen(_ version: JobVersion, due: String, run: DataValue, answer: @escaping (WhenAnswer) -> Void) {
    let version = version.seat
    version.questions.append(JobVersion.WhenQuestion(due: due, run: run, answer: answer))
    switch version.home {
    case .ready: startWaiting(version)
    case .loading: break
    case .none: makeState(version)
    }
  }

  /// The version whose `when` is being asked in the state.
  func version(asking state: StateID) -> JobVersion? {
    asked.values.first { $0.state == state }?.version
  }

  func ask(
    _ question: JobVersion.WhenQuestion, _ version: JobVersion, _ host: HostConnection, _ state: StateID
  ) {
    lastQuestion += 1
    version.question = question
    let ends = clinux_monotonic_ns() &+ Self.patience &+ Self.margin
    asked[lastQuestion] = AskedWhen(version: version, host: host, state: state, hostEndsAt: ends)
    host.send(.askWhen(state, number: lastQuestion, due: question.due, run: question.run))
    watch(until: ends)
  }

  func answered(_ report: WhenReport) {
    guard let version = asked.removeValue(forKey: report.number)?.version, let question = version.question
    else { return }
    version.question = nil
    if report.stateLost { loseState(version) }
    switch report.verdict {
    case .yes: question.answer(.yes)
    case .no(let reason): question.answer(.no(reason))
    case .failed(let failure): question.answer(.failed(failure.description))
    }
    goOn(version)
  }

  /// Answers questions that cannot be asked any more.
  func answerAll(_ questions: [JobVersion.WhenQuestion], of version: JobVersion, _ answer: WhenAnswer) {
    version.questions = []
    for question in questions { question.answer(answer) }
  }

  // MARK: Hosts that fall

  func culpritQuestion(on host: HostConnection, _ death: HostConnection.Death) -> AskedWhen? {
    guard case .state(let state) = death.culprit else { return nil }
    return asked.values.first { $0.host === host && $0.state == state }
  }

  /// Asks again what was being asked in a host that has ended, but for the question that brought it down.
  func questionsFell(with host: HostConnection, _ death: HostConnection.Death) {
    let culprit = culpritQuestion(on: host, death)?.version
    for (number, asked) in asked.filter({ $0.value.host === host }).sorted(by: { $0.key < $1.key }) {
      self.asked[number] = nil
      let version = asked.version
      version.home = .none
      guard var question = version.question else { continue }
      version.question = nil
      question.falls += 1
      if version === culprit || question.falls >= Self.fallLimit {
        question.answer(.failed("schedule.when was called in a host process that \(death.how)"))
      } else {
        version.questions.insert(question, at: 0)
      }
      goOn(version)
    }
  }

  func endHostOfStuckQuestion(at now: Int64) {
    guard let stuck = asked.values.first(where: { $0.hostEndsAt <= now }) else { return }
    stuck.host.kill(blaming: .state(stuck.state))
  }
}
