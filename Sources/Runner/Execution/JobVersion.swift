import HostProtocol
import Jobs
import RunLifecycle
import Values

/// One content of a job file that loaded: what the planner plans with, and the Lua state it runs in.
///
/// A run holds on to the version that it started with, so a reload does not touch it.
final class JobVersion {
  /// Where the version's Lua state is.
  enum Home {
    /// Nowhere: never made, or lost with a run that was stopped or a host that ended.
    case none
    /// A host makes it at this moment.
    case loading
    case ready(HostConnection, StateID)
  }

  /// An attempt that waits for the state.
  struct Waiting {
    var run: Run
    var timeLimit: Int64
    var stopGrace: Int64
  }

  /// A start that waits for the job's `when`.
  struct WhenQuestion {
    let due: String
    let run: DataValue
    let answer: (WhenAnswer) -> Void
    /// How often its host fell under it, through no fault that could be found.
    var falls = 0
  }

  let key: JobKey
  let definition: JobDefinition
  var home: Home = .none
  /// The run that is in the state.
  var busy: RunID?
  var waiting: [Waiting] = []
  /// What the state is asked before the next attempt takes it, and what it is being asked.
  var questions: [WhenQuestion] = []
  var question: WhenQuestion?
  /// Its place among the ``IdleStates``, while its state waits for a run.
  var idleStamp: UInt64?
  /// A run of it is claimed and starts in a moment: its state is not idle.
  var isExpected = false
  /// Another version, or none, is live now: the state goes when nothing runs in it any more.
  var isRetired = false

  init(key: JobKey, definition: JobDefinition) {
    self.key = key
    self.definition = definition
  }

  /// Whether the state has nothing to do, and nothing waits for it.
  var isIdle: Bool { busy == nil && question == nil && waiting.isEmpty && questions.isEmpty }

  var name: String { definition.source.name }

  /// Where the next attempt takes place: here; or, beside one that is here already, in a state of its own that
  /// goes with it.
  var seat: JobVersion {
    guard case .parallel = definition.policy.overlap, !isIdle else { return self }
    return beside
  }

  /// A state of its own that goes with what it is made for.
  var beside: JobVersion {
    let beside = JobVersion(key: key, definition: definition)
    beside.isRetired = true
    return beside
  }
}
