/// One version of a job as it stands on disk: its bytes, and where they came from.
public struct JobSource: Sendable, Equatable {
  /// A file that the job can `require`.
  public struct Module: Sendable, Equatable {
    /// The name that `require` is given: `module1`, or `lib.util` for `lib/util.lua`.
    public let name: String
    /// The path that messages show.
    public let path: String
    public let bytes: [UInt8]

    public init(name: String, path: String, bytes: [UInt8]) {
      self.name = name
      self.path = path
      self.bytes = bytes
    }
  }

  /// The job's identity: `myApp/daily_task`.
  public let name: String
  /// The folder that holds the file, absolute: relative paths in the job start from it.
  public let folder: String
  /// The file's path under the jobs folder as the user gave that: `jobs/backup.lua`.
  public let mainPath: String
  public let main: [UInt8]
  /// A folder job's modules in the order of their names; none for a single file.
  public let modules: [Module]
  /// What a folder job's `rocks.txt` names; `nil` for no file, or one that names nothing.
  public let rocks: RocksFile?
  /// SHA-256 in hexadecimal: of the file for a single one (what `sha256sum` prints), of all names
  /// and bytes, and of the rocks, for a folder job. Two sources of one job with equal digests are the same version.
  public let digest: String

  public init(
    name: String, folder: String, mainPath: String, main: [UInt8], modules: [Module] = [],
    rocks: RocksFile? = nil
  ) {
    self.name = name
    self.folder = folder
    self.mainPath = mainPath
    self.main = main
    self.modules = modules
    self.rocks = rocks.flatMap { $0.rocks.isEmpty ? nil : $0 }
    digest = SourceDigest.of(main: main, modules: modules, rocks: self.rocks)
  }

  /// A folder with a main file, not a single file.
  var isFolder: Bool { mainPath.hasSuffix(name + "/" + NameRules.mainFile) }

  /// The digest as people read it.
  public var version: String { String(digest.prefix(12)) }

  public static func == (left: JobSource, right: JobSource) -> Bool {
    left.digest == right.digest && left.name == right.name && left.mainPath == right.mainPath
      && left.folder == right.folder
  }
}
