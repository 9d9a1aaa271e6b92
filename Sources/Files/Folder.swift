import Glibc

/// What is done with folders by all who keep files.
public enum Folder {
  /// What stands in a folder under one name.
  public struct Entry: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
      case file, folder, link, other
      /// Not every file system says it.
      case unknown
    }

    /// The name, which need not be UTF-8.
    public let bytes: [UInt8]
    /// What the name itself stands for: links are not followed.
    public let kind: Kind

    /// The name, or `nil` where it is not UTF-8.
    public var name: String? { String(validating: bytes, as: UTF8.self) }
  }

  /// What stands in the folder, without `.` and `..`, in the system's order.
  ///
  /// - Throws: What the system says where the folder cannot be read to its end.
  public static func entries(in path: UnsafePointer<CChar>) throws(SystemFailure) -> [Entry] {
    guard let folder = opendir(path) else { throw SystemFailure() }
    return try entries(of: folder)
  }

  /// As ``entries(in:)``, of a folder that is open. The descriptor stays open.
  public static func entries(of descriptor: Int32) throws(SystemFailure) -> [Entry] {
    // Opened anew: a copy would share its position, and be read once only.
    let own = retrying { openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard own >= 0 else { throw SystemFailure() }
    guard let folder = fdopendir(own) else {
      let failure = SystemFailure()
      close(own)
      throw failure
    }
    return try entries(of: folder)
  }

  /// Closes the folder, too.
  private static func entries(of folder: OpaquePointer) throws(SystemFailure) -> [Entry] {
    defer { closedir(folder) }
    var entries: [Entry] = []
    while true {
      // The end of a folder and a failure look alike but for this.
      errno = 0
      guard let entry = readdir(folder) else {
        guard errno == 0 else { throw SystemFailure() }
        return entries
      }
      let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if bytes != [dot], bytes != [dot, dot] {
        entries.append(Entry(bytes: bytes, kind: kind(of: Int(entry.pointee.d_type))))
      }
    }
  }

  /// The names in the folder, in order, but for those that are not UTF-8.
  public static func names(in path: String) throws(SystemFailure) -> [String] {
    try entries(in: path).compactMap(\.name).sorted()
  }

  /// Makes the folder and those that it lies in; those that are there already are fine, wherever they are.
  ///
  /// - Parameter mode: The permissions of each that is made, before the process' `umask`.
  public static func make(_ path: String, mode: mode_t) throws(SystemFailure) {
    if mkdir(path, mode) == 0 { return }
    if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try make(String(path[..<slash]), mode: mode)
      if mkdir(path, mode) == 0 { return }
    }
    let failure = SystemFailure()
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw SystemFailure(code: ENOTDIR) }
  }

  /// Makes names that were added, changed or removed in the folder last through a power cut, as far as the file
  /// system can.
  public static func settle(_ path: UnsafePointer<CChar>) {
    let folder = retrying { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  private static let dot = UInt8(ascii: ".")

  private static func kind(of type: Int) -> Entry.Kind {
    switch type {
    case DT_REG: .file
    case DT_DIR: .folder
    case DT_LNK: .link
    case DT_UNKNOWN: .unknown
    default: .other
    }
  }
}
