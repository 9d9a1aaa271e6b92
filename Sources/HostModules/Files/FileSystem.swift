import Files
import Glibc
import Values

/// The system's calls on files and folders, blocking, with sentences for errors.
enum FileSystem {
  /// What is at `path`, following links; `nil` where there is nothing.
  static func status(_ path: JobPath, followingLinks: Bool = true) throws(Trouble) -> stat? {
    var status = stat()
    let result = path.withCString { followingLinks ? stat($0, &status) : lstat($0, &status) }
    if result == 0 { return status }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw .system("look at", path)
  }

  static func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

  /// The bytes of a file from `offset` on, at most `limit`.
  ///
  /// - Parameter refusing: What to say when the file has more than `limit` bytes, and how many, where that is
  ///   known; `nil` where that is all the caller wanted.
  static func read(
    _ path: JobPath, offset: Int = 0, limit: Int, refusing: ((_ size: Int?) -> String)? = nil
  ) throws(Trouble) -> [UInt8] {
    // Without O_NONBLOCK, opening a named pipe would wait for somebody to write to it.
    let descriptor = retrying { path.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) } }
    guard descriptor >= 0 else { throw .system("read", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system("read", path) }
    if isFolder(status) { throw .system("read", path, code: EISDIR) }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG || kind == S_IFCHR || kind == S_IFBLK else {
      throw Trouble("cannot read \(path.given): it is not a file")
    }
    let size = Int(status.st_size)
    if let refusing, size > limit, size - offset > limit { throw Trouble(refusing(size)) }
    if offset > 0 {
      guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw .system("read", path) }
    }
    let bytes: [UInt8]
    do throws(SystemFailure) {
      bytes = try FileBytes.rest(of: descriptor, limit: refusing == nil ? limit : limit + 1)
    } catch {
      throw .system("read", path, code: error.code)
    }
    if let refusing, bytes.count > limit { throw Trouble(refusing(nil)) }
    return bytes
  }

  /// Appends these bytes in one call, so that lines of several writers do not mix.
  static func append(_ bytes: [UInt8], to path: JobPath) throws(Trouble) {
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK
    let descriptor = retrying { path.withCString { open($0, flags, 0o666) } }
    guard descriptor >= 0 else { throw .creation(path) }
    defer { close(descriptor) }
    do throws(SystemFailure) {
      try FileBytes.write(bytes[...], to: descriptor)
    } catch {
      throw .system("write", path, code: error.code)
    }
  }

  /// The names in a folder, in order of their bytes, without `.` and `..`.
  static func names(in folder: JobPath) throws(Trouble) -> [[UInt8]] {
    do throws(SystemFailure) {
      let entries = try folder.withCString { (path) throws(SystemFailure) in try Folder.entries(in: path) }
      return entries.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
    } catch {
      throw .system("list", folder, code: error.code)
    }
  }

  /// Makes a folder and those above it; one that is there already is fine.
  static func makeFolder(_ path: JobPath) throws(Trouble) {
    var missing: [JobPath] = []
    var current = path
    while true {
      if let status = try status(current) {
        guard isFolder(status) else { throw Trouble("cannot make \(path.given): \(current.given) is a file") }
        break
      }
      missing.append(current)
      let above = current.parent
      if above == current || missing.count > 4096 { break }
      current = above
    }
    for folder in missing.reversed() {
      if folder.withCString({ mkdir($0, 0o777) }) != 0, errno != EEXIST { throw .system("make", path) }
    }
  }

  /// Removes a file, a link or an empty folder; with `recursive`, a folder and all that is in it.
  /// Links are removed and not followed.
  static func remove(
    _ path: JobPath, recursive: Bool, _ cancellation: Cancellation = Cancellation()
  ) throws(Trouble) {
    let entry = path.entry
    guard let status = try status(entry, followingLinks: false) else {
      throw .system("remove", path, code: ENOENT)
    }
    guard isFolder(status) else {
      guard entry.withCString({ unlink($0) }) == 0 else { throw .system("remove", path) }
      return
    }
    if recursive { return try FolderRemoval.remove(entry, cancellation) }
    if entry.withCString({ rmdir($0) }) == 0 { return }
    guard errno == ENOTEMPTY || errno == EEXIST else { throw .system("remove", path) }
    throw Trouble(
      "cannot remove \(path.given): the folder is not empty ({ recursive = true } removes it all)")
  }

  /// What a symbolic link says.
  static func link(_ path: JobPath) throws(Trouble) -> [UInt8] {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = path.withCString { readlink($0, &buffer, Int(PATH_MAX)) }
    guard count >= 0 else {
      if errno == EINVAL { throw Trouble("cannot read the link \(path.given): it is none") }
      throw .system("read the link", path)
    }
    return buffer.prefix(count).map { UInt8(bitPattern: $0) }
  }

  /// Makes a symbolic link, in place of one that has its name.
  static func makeLink(_ path: JobPath, to target: [UInt8]) throws(Trouble) {
    if let status = try status(path, followingLinks: false), status.st_mode & S_IFMT != S_IFLNK {
      throw .system("make the link", path, code: EEXIST)
    }
    let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
    let temporary = path.parent.appending(Array(".almanac-\(suffix).tmp".utf8))
    let text = (target + [0]).map { CChar(bitPattern: $0) }
    guard temporary.withCString({ symlink(text, $0) }) == 0 else { throw .creation(path) }
    guard temporary.withCString({ from in path.withCString { rename(from, $0) } }) == 0 else {
      let trouble = Trouble.system("make the link", path)
      _ = temporary.withCString { unlink($0) }
      throw trouble
    }
  }

  /// Copies a file's bytes and mode; the copy appears whole or not at all.
  static func copy(
    _ source: JobPath, to destination: JobPath, _ cancellation: Cancellation = Cancellation()
  ) throws(Trouble) {
    let input = try InputFile(source, for: "copy", hint: " ({ recursive = true } copies it)")
    let file = try AtomicFile(replacing: destination, cancellation)
    defer { file.abandon() }
    while let piece = try input.next() {
      try cancellation.check()
      try file.write(piece)
    }
    try file.commit(mode: input.status.st_mode & 0o7777)
  }

  /// Copies a folder and all that is in it, with modes and times; links stay links. The copy appears whole or
  /// not at all, and nothing may have its name.
  static func copyFolder(
    _ source: JobPath, to destination: JobPath, _ cancellation: Cancellation
  ) throws(Trouble) {
    guard try status(destination, followingLinks: false) == nil else {
      throw Trouble("cannot copy \(source.given) to \(destination.given): that is there already")
    }
    guard let from = source.resolved, let to = destination.parent.resolved else {
      throw .creation(destination)
    }
    guard !from.contains(to) else {
      throw Trouble("cannot copy \(source.given) to \(destination.given): that is in the folder itself")
    }
    let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
    let temporary = destination.parent.appending(Array(".almanac-\(suffix).tmp".utf8)).shown(as: destination)
    do throws(Trouble) {
      try fill(temporary, from: source, cancellation)
      try cancellation.check()
      guard temporary.withCString({ from in destination.withCString { rename(from, $0) } }) == 0 else {
        throw Trouble.system("write", destination)
      }
    } catch {
      // Also where the run was stopped: nothing half is left.
      try? remove(temporary, recursive: true)
      throw error
    }
  }

  private static func fill(
    _ target: JobPath, from source: JobPath, _ cancellation: Cancellation
  ) throws(Trouble) {
    let tree = try FolderTree(target)
    var pending: [(path: JobPath, name: [UInt8])] = [(source, [])]
    while let (path, text) = pending.popLast() {
      try cancellation.check()
      guard let name = FolderTree.Name(text), let status = try status(path, followingLinks: text.isEmpty)
      else {
        continue
      }
      let attributes = FolderTree.Attributes(mode: status.st_mode & 0o7777, modified: status.st_mtim)
      switch status.st_mode & S_IFMT {
      case S_IFDIR:
        try tree.makeFolder(name, attributes)
        for entry in try names(in: path).reversed() {
          pending.append((path.appending(entry), text.isEmpty ? entry : text + [UInt8(ascii: "/")] + entry))
        }
      case S_IFLNK: try tree.makeLink(name, to: try link(path), attributes)
      case S_IFREG:
        let input = try InputFile(path, for: "copy")
        let file = try tree.makeFile(name, attributes)
        var size = 0
        while let piece = try input.next() {
          try cancellation.check()
          try file.write(piece, at: size)
          size += piece.count
        }
        try file.commit(size: size)
      default: throw Trouble("cannot copy \(path.given): it is not a file")
      }
    }
    try tree.finish()
  }

  /// Gives a file or folder another name; a file that has it is replaced. What moves to another file system is
  /// copied there and then removed.
  static func move(
    _ source: JobPath, to destination: JobPath, _ cancellation: Cancellation
  ) throws(Trouble) {
    if source.withCString({ from in destination.withCString { rename(from, $0) } }) == 0 { return }
    guard errno == EXDEV else {
      throw Trouble("cannot move \(source.given) to \(destination.given): \(SystemFailure().reason)")
    }
    let isFolder = try status(source, followingLinks: false).map(isFolder) ?? false
    if isFolder {
      try copyFolder(source, to: destination, cancellation)
    } else {
      try copy(source, to: destination, cancellation)
    }
    try remove(source, recursive: isFolder, cancellation)
  }
}
