import HostProtocol
import Jobs
import RunLifecycle

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

  let key: JobKey
  let definition: JobDefinition
  var home: Home = .none
  /// The run that is in the state.
  var busy: RunID?
  var waiting: [Waiting] = []
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

  var name: String { definition.source.name }

  /// Where the next attempt takes place: here; or, beside one that is here already, in a state of its own that
  /// goes with it.
  var seat: JobVersion {
    guard case .parallel = definition.policy.overlap, busy != nil || !waiting.isEmpty else { return self }
    let beside = JobVersion(key: key, definition: definition)
    beside.isRetired = true
    return beside
  }
}
