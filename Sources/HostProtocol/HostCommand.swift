import Values

/// The number by which the daemon and a host know one Lua state: one loaded version of one job.
public typealias StateID = UInt32

/// What the daemon tells a host process.
public enum HostCommand: Sendable, Equatable {
  /// Make a state, evaluate the file's top level in it and send the `schedule` table back.
  case load(StateID, ScriptBundle)
  /// Call `initialize` in a state that is loaded, under what the job's schedule table says.
  case initialize(StateID, StateSettings)
  /// Call `main` in a state that is initialized.
  case start(StateID, AttemptStart)
  /// Call the schedule's `when` with the due instant and the run's table.
  case askWhen(StateID, number: UInt64, due: String, run: DataValue)
  /// The answer to a question, by its number.
  case answer(StateID, number: UInt64, DaemonAnswer)
  /// Stop a run; its end follows as any run's does.
  case stop(run: UInt64, reason: String)
  /// End a state, and the run in it if there is one.
  case close(StateID)
  /// So many bytes of log lines were taken; the host may send as many more.
  case logCredit(Int)
  /// Answer with `alive`.
  case ping
}

/// A job's source: the bytes of one version of it, so that what is loaded later (a module that `main`
/// requires) is of the same version.
public struct ScriptBundle: Sendable, Equatable {
  public struct Module: Sendable, Equatable {
    /// The name that `require` is given.
    public var name: String
    /// The path that messages show.
    public var path: String
    public var bytes: [UInt8]

    public init(name: String, path: String, bytes: [UInt8]) {
      self.name = name
      self.path = path
      self.bytes = bytes
    }
  }

  public var job: String
  /// The folder that relative paths of the job start from, absolute.
  public var folder: String
  /// Where the job writes for people, absolute.
  public var outputFolder: String
  public var main: Module
  public var modules: [Module]
  /// The tree of the job's rocks, as LuaRocks laid it out, absolute; `nil` if it has none.
  public var rocks: String?
  /// Whether native modules may be loaded: the host is the job's own.
  public var allowsNative: Bool
  /// False for a file that is only to be compiled, so that what is wrong with its text is known.
  public var isToRun: Bool

  public init(
    job: String, folder: String, outputFolder: String, main: Module, modules: [Module], rocks: String? = nil,
    allowsNative: Bool = false, isToRun: Bool = true
  ) {
    self.job = job
    self.folder = folder
    self.outputFolder = outputFolder
    self.main = main
    self.modules = modules
    self.rocks = rocks
    self.allowsNative = allowsNative
    self.isToRun = isToRun
  }
}

/// What a job's schedule table sets for its state.
public struct StateSettings: Sendable, Equatable {
  public var memoryLimitBytes: Int64
  /// Of each run.
  public var logLimitBytes: Int64
  /// Processor time of each run; 0 for no limit.
  public var cpuLimitNanoseconds: Int64
  public var environment: [String: String]
  /// Names of secrets, which the host reads itself, and where their files are.
  public var secrets: [String]
  public var secretsFolder: String
  /// What the configuration offers to the job's modules: `{ smtp = {...} }`.
  public var services: DataValue
  /// All that the job may do to the world; `nil` for whatever it likes.
  public var allowed: [Capability]?

  public init(
    memoryLimitBytes: Int64, logLimitBytes: Int64, cpuLimitNanoseconds: Int64, environment: [String: String],
    secrets: [String], secretsFolder: String, allowed: [Capability]? = nil, services: DataValue = .null
  ) {
    self.memoryLimitBytes = memoryLimitBytes
    self.logLimitBytes = logLimitBytes
    self.cpuLimitNanoseconds = cpuLimitNanoseconds
    self.environment = environment
    self.secrets = secrets
    self.secretsFolder = secretsFolder
    self.allowed = allowed
    self.services = services
  }
}

/// One attempt, as a host needs to know it.
public struct AttemptStart: Sendable, Equatable {
  public var run: UInt64
  /// The evidence slot that says how far this attempt has come.
  public var slot: Int32
  /// The table that `main` is given.
  public var argument: DataValue
  /// 0 for none.
  public var timeLimitNanoseconds: Int64
  public var stopGraceNanoseconds: Int64
  /// In a dry run, what calls are to return (a table, which may be empty); `null` in any other.
  public var dryAnswers: DataValue

  public init(
    run: UInt64, slot: Int32, argument: DataValue, timeLimitNanoseconds: Int64, stopGraceNanoseconds: Int64,
    dryAnswers: DataValue
  ) {
    self.run = run
    self.slot = slot
    self.argument = argument
    self.timeLimitNanoseconds = timeLimitNanoseconds
    self.stopGraceNanoseconds = stopGraceNanoseconds
    self.dryAnswers = dryAnswers
  }
}
