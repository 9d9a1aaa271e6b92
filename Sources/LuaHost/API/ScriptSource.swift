import Values

/// The number by which whoever drives a ``LuaHost`` knows one Lua state.
public typealias StateID = UInt32

/// The number by which whoever drives a ``LuaHost`` knows one run.
public typealias RunKey = UInt64

/// The files of one version of a job.
///
/// All of its modules come with it, so that what `main` requires a week later is of the version that
/// was loaded.
public struct ScriptSource: Sendable {
  /// A Lua file in a job's folder.
  public struct File: Sendable {
    /// What messages show for it, such as `jobs/backup.lua`.
    public var path: String
    public var bytes: [UInt8]

    public init(path: String, bytes: [UInt8]) {
      self.path = path
      self.bytes = bytes
    }
  }

  /// The longest file that is loaded, in bytes.
  public static let fileLimit = 2 << 20
  /// The most data that a `schedule` table may hold, in bytes: the daemon reads all of it between two starts.
  public static let scheduleLimit = 64 << 10

  public var jobName: String
  /// The folder that relative paths of the job start from, absolute.
  public var folder: String
  /// Where the job writes for people, absolute. It is made when the job first asks for it.
  public var outputFolder: String
  public var main: File
  /// The job's own modules by the name that `require` is given.
  public var modules: [String: File]
  /// Modules of others that it can require; `nil` if there are none.
  public var rocks: RockModules?
  /// False for a file that is only compiled: its state is good for nothing.
  public var isToRun: Bool

  public init(
    jobName: String, folder: String, outputFolder: String, main: File, modules: [String: File] = [:],
    rocks: RockModules? = nil, isToRun: Bool = true
  ) {
    self.jobName = jobName
    self.folder = folder
    self.outputFolder = outputFolder
    self.main = main
    self.modules = modules
    self.rocks = rocks
    self.isToRun = isToRun
  }
}

/// What a state is held to, and what the job's schedule table sets for it.
public struct StateLimits: Sendable, Equatable {
  /// Bytes that the Lua state may take.
  public var memoryLimit: Int
  /// Bytes of log of one run.
  public var logLimit: Int
  /// Nanoseconds of processor time of one run; 0 for no limit.
  public var cpuLimit: Int64
  /// What `job.env` offers.
  public var environment: [String: String]
  /// The names of what `job.env` offers too, read anew for each run and kept out of all that is told of it.
  public var secrets: [String]
  /// Where files of secrets are; empty for nowhere.
  public var secretsFolder: String
  /// What the configuration offers to modules, such as the mail server of `almanac.notify`.
  public var services: DataValue
  /// All that the job may do to the world; `nil` for whatever it likes.
  public var allowed: [Capability]?

  public init(
    memoryLimit: Int = 64 << 20, logLimit: Int = 1 << 20, cpuLimit: Int64 = 0,
    environment: [String: String] = [:], secrets: [String] = [], secretsFolder: String = "",
    allowed: [Capability]? = nil, services: DataValue = .null
  ) {
    self.memoryLimit = memoryLimit
    self.logLimit = logLimit
    self.cpuLimit = cpuLimit
    self.environment = environment
    self.secrets = secrets
    self.secretsFolder = secretsFolder
    self.allowed = allowed
    self.services = services
  }
}
