import Glibc

/// The bytes of files, in as many calls as it takes.
public enum FileBytes {
  private static let pieceSize = 64 << 10
  /// A file that grows beyond this while it is read costs a few moves of what was read.
  private static let largestReserve = 64 << 20

  /// All of a file.
  public static func all(of path: String) throws(SystemFailure) -> [UInt8] {
    let file = retrying { open(path, O_RDONLY | O_CLOEXEC) }
    guard file >= 0 else { throw SystemFailure() }
    defer { close(file) }
    return try rest(of: file)
  }

  /// What an open file has from where it stands to its end, or the first `limit` bytes of that.
  ///
  /// What the file says of its size is not believed: those of `/proc` have none, and contents all the same.
  public static func rest(of file: Int32, limit: Int = .max) throws(SystemFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var status = stat()
    if fstat(file, &status) == 0 {
      bytes.reserveCapacity(min(max(0, Int(status.st_size)), limit, largestReserve))
    }
    var piece = [UInt8](repeating: 0, count: min(pieceSize, max(0, limit)))
    while bytes.count < limit {
      let wanted = min(piece.count, limit - bytes.count)
      let count = retrying { read(file, &piece, wanted) }
      guard count >= 0 else { throw SystemFailure() }
      if count == 0 { break }
      bytes += piece[..<count]
    }
    return bytes
  }

  /// Writes all of `bytes` where an open file stands.
  public static func write(_ bytes: ArraySlice<UInt8>, to file: Int32) throws(SystemFailure) {
    var rest = bytes
    while !rest.isEmpty {
      let count = retrying { rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) } }
      guard count >= 0 else { throw SystemFailure() }
      rest = rest.dropFirst(count)
    }
  }

  /// Gives a file these bytes: it has all of them, durably, or is as it was, whatever happens meanwhile.
  ///
  /// - Parameter path: Where a link leads is replaced, not what it leads to.
  public static func replace(_ path: String, with bytes: [UInt8]) throws(SystemFailure) {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[...$0]) } ?? ""
    let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
    // Hidden, so that nobody who watches the folder takes it for a file of its own.
    let beside = folder + ".almanac-" + suffix + ".tmp"
    let file = retrying { open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
    guard file >= 0 else { throw SystemFailure() }
    defer { close(file) }
    do throws(SystemFailure) {
      try write(bytes[...], to: file)
      guard retrying({ fsync(file) }) == 0, rename(beside, path) == 0 else { throw SystemFailure() }
    } catch {
      unlink(beside)
      throw error
    }
    Folder.settle(folder.isEmpty ? "." : folder)
  }
}
