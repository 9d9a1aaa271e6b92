import Crypto
import Files
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
    do throws(SystemFailure) { return try FileBytes.rest(of: file) } catch {
      throw trouble("read", path, error)
    }
  }

  static func write(_ bytes: [UInt8], to path: String) throws(FolderSyncError) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw trouble("write", path) }
    defer { close(file) }
    do throws(SystemFailure) {
      try FileBytes.write(bytes[...], to: file)
    } catch {
      throw trouble("write", path, error)
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
    do throws(SystemFailure) {
      try Folder.make(path, mode: 0o755)
    } catch {
      throw trouble("make the folder", path, error)
    }
  }

  /// Removes a folder and the files in it; it holds no others.
  static func removeFolder(_ path: String) {
    for name in (try? Folder.names(in: path)) ?? [] { unlink(path + "/" + name) }
    rmdir(path)
  }

  static func digest(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(SHA256.hash(data: bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  private static func trouble(
    _ what: String, _ path: String, _ failure: SystemFailure = SystemFailure()
  ) -> FolderSyncError {
    FolderSyncError("cannot \(what) \(path): \(failure)")
  }
}
