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

  public var jobName: String
  /// The folder that relative paths of the job start from, absolute.
  public var folder: String
  /// Where the job writes for people, absolute. It is made when the job first asks for it.
  public var outputFolder: String
  public var main: File
  /// The job's own modules by the name that `require` is given.
  public var modules: [String: File]

  public init(
    jobName: String, folder: String, outputFolder: String, main: File, modules: [String: File] = [:]
  ) {
    self.jobName = jobName
    self.folder = folder
    self.outputFolder = outputFolder
    self.main = main
    self.modules = modules
  }
}

/// What a state is held to, and what the job's schedule table sets for it.
public struct StateLimits: Sendable, Equatable {
  /// Bytes that the Lua state may take.
  public var memoryLimit: Int
  /// Bytes of log of one run.
  public var logLimit: Int
  /// What `job.env` offers.
  public var environment: [String: String]
  /// What the configuration offers to modules, such as the mail server of `almanac.notify`.
  public var services: DataValue

  public init(
    memoryLimit: Int = 64 << 20, logLimit: Int = 1 << 20, environment: [String: String] = [:],
    services: DataValue = .null
  ) {
    self.memoryLimit = memoryLimit
    self.logLimit = logLimit
    self.environment = environment
    self.services = services
  }
}
