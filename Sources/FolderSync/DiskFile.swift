import Crypto
import Glibc
import Values

/// The few things that are done to files here, each durable when it returns, or an error in words.
enum DiskFile {
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The file's bytes; nil where there is none.
  static func read(_ path: String) throws(FolderSyncError) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw trouble("read", path)
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw FolderSyncError("\(path) is not a file; move it out of the way")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw trouble("read", path) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  static func write(_ bytes: [UInt8], to path: String) throws(FolderSyncError) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw trouble("write", path) }
    defer { close(file) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw trouble("write", path) }
      rest = rest.dropFirst(count)
    }
    guard fsync(file) == 0 else { throw trouble("write", path) }
  }

  /// Writes a value so that the file has all of it or is as it was.
  static func replace(_ path: String, with value: DataValue) throws(FolderSyncError) {
    let text: String
    do { text = try value.json(pretty: true) } catch { throw FolderSyncError("\(path): \(error)") }
    try write(Array(text.utf8) + [10], to: path + ".new")
    try move(path + ".new", to: path)
  }

  static func move(_ from: String, to path: String) throws(FolderSyncError) {
    guard rename(from, path) == 0 else { throw trouble("write", path) }
  }

  /// Gives the file a second name.
  static func link(_ path: String, as other: String) throws(FolderSyncError) {
    guard Glibc.link(path, other) == 0 else {
      // Not every file system has links.
      guard let bytes = try read(path) else { throw trouble("copy", path) }
      return try write(bytes, to: other)
    }
  }

  static func remove(_ path: String) throws(FolderSyncError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw trouble("remove", path) }
  }

  /// Makes the folder and those that it lies in.
  static func makeFolder(_ path: String) throws(FolderSyncError) {
    if mkdir(path, 0o755) == 0 { return }
    if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try makeFolder(String(path[..<slash]))
      if mkdir(path, 0o755) == 0 { return }
    }
    var status = stat()
    guard errno == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw trouble("make the folder", path)
    }
  }

  /// Removes a folder and the files in it; it holds no others.
  static func removeFolder(_ path: String) {
    for name in names(in: path) { unlink(path + "/" + name) }
    rmdir(path)
  }

  static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if let name = String(validating: bytes, as: UTF8.self), name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Names that were added, moved or removed are so after a power cut too.
  static func settle(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  static func digest(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(SHA256.hash(data: bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  private static func trouble(_ what: String, _ path: String) -> FolderSyncError {
    FolderSyncError("cannot \(what) \(path): \(String(cString: strerror(errno)))")
  }
}
