import Scheduling

/// How a task is run: its `ITaskSettings`, with that system's defaults.
public struct TaskSettings: Sendable, Equatable {
  /// When a task is due while it still runs.
  public enum Instances: Int, Sendable {
    case parallel, queue, ignoreNew, stopExisting
  }

  public struct Idle: Sendable, Equatable {
    public var duration = Interval.minutes(10)
    public var waitTimeout = Interval.hours(1)
    public var stopOnIdleEnd = true
    public var restartOnIdle = false
  }

  public var allowDemandStart = true
  public var allowHardTerminate = true
  public var deleteExpiredTaskAfter: Interval?
  public var disallowStartIfOnBatteries = true
  public var enabled = true
  /// Zero: none.
  public var executionTimeLimit = Interval.hours(72)
  public var hidden = false
  public var idle = Idle()
  public var multipleInstances = Instances.ignoreNew
  /// 0 (real time) to 10 (idle): of the processes.
  public var priority = 7
  public var restartCount = 0
  public var restartInterval: Interval?
  public var runOnlyIfIdle = false
  public var runOnlyIfNetworkAvailable = false
  public var startWhenAvailable = false
  public var stopIfGoingOnBatteries = true
  public var wakeToRun = false
  /// The names of further settings that are used and mean something to that system only.
  public internal(set) var foreign: [String] = []

  public init() {}
}
