import Files
import Glibc

/// Makes files, folders and links below one folder, and nothing beside it: no name is followed through a link.
///
/// Each takes its name whole, in place of a file or link that had it. Use it from one thread at a time.
final class FolderTree {
  /// A path below the folder.
  struct Name: CustomStringConvertible {
    let parts: [[UInt8]]

    /// Nil for a path that leads out of the folder. Dots that lead nowhere are left out.
    init?(_ path: [UInt8]) {
      guard path.first != UInt8(ascii: "/") else { return nil }
      let parts = path.split(separator: UInt8(ascii: "/")).map(Array.init).filter { $0 != Array(".".utf8) }
      guard !parts.contains(Array("..".utf8)) else { return nil }
      self.parts = parts
    }

    /// Whether a link of this name, with this text, stays in the folder.
    func canLink(to target: [UInt8]) -> Bool {
      guard target.first != UInt8(ascii: "/"), !target.isEmpty else { return false }
      var depth = parts.count - 1
      for part in target.split(separator: UInt8(ascii: "/")) {
        if part.elementsEqual("..".utf8) { depth -= 1 } else if !part.elementsEqual(".".utf8) { depth += 1 }
        if depth < 0 { return false }
      }
      return true
    }

    var description: String { parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/") }
  }

  struct Attributes {
    var mode: mode_t
    var modified: timespec?
  }

  private let folder: JobPath
  private let root: Int32
  /// What folders get at the end: one that may not be written would hold up its own contents, and each entry
  /// changes the time.
  private var folders: [(name: Name, attributes: Attributes)] = []

  /// - Parameter folder: Is made where it is missing.
  init(_ folder: JobPath) throws(Trouble) {
    try FileSystem.makeFolder(folder)
    self.folder = folder
    root = retrying { folder.withCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } }
    guard root >= 0 else { throw .system("write", folder) }
  }

  deinit { close(root) }

  func makeFolder(_ name: Name, _ attributes: Attributes) throws(Trouble) {
    close(try openFolder(name.parts, name))
    folders.append((name, attributes))
  }

  func makeFile(_ name: Name, _ attributes: Attributes) throws(Trouble) -> NewFile {
    let parent = try parent(of: name)
    let temporary = Self.temporaryName()
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = retrying { Self.with(temporary) { openat(parent, $0, flags, 0o600) } }
    guard descriptor >= 0 else {
      let trouble = trouble(name)
      close(parent)
      throw trouble
    }
    return NewFile(self, name, attributes, parent: parent, temporary: temporary, descriptor: descriptor)
  }

  func makeLink(_ name: Name, to target: [UInt8], _ attributes: Attributes) throws(Trouble) {
    try place(name) { parent, temporary in
      guard Self.with(target, { target in Self.with(temporary) { symlinkat(target, parent, $0) } }) == 0
      else {
        return false
      }
      if let times = Self.times(attributes) {
        _ = Self.with(temporary) { utimensat(parent, $0, times, AT_SYMLINK_NOFOLLOW) }
      }
      return true
    }
  }

  func makeHardLink(_ name: Name, to other: Name) throws(Trouble) {
    let source = try parent(of: other)
    defer { close(source) }
    let last = other.parts.last ?? []
    try place(name) { parent, temporary in
      Self.with(last) { last in Self.with(temporary) { linkat(source, last, parent, $0, 0) } } == 0
    }
  }

  /// Gives the folders their modes and times.
  func finish() throws(Trouble) {
    for (name, attributes) in folders.reversed() {
      let descriptor = try openFolder(name.parts, name)
      defer { close(descriptor) }
      if let times = Self.times(attributes) { futimens(descriptor, times) }
      guard fchmod(descriptor, attributes.mode) == 0 else { throw trouble(name) }
    }
  }

  // MARK: - Steps

  /// Makes something under a temporary name, and gives it its own.
  private func place(_ name: Name, _ make: (_ parent: Int32, _ temporary: [UInt8]) -> Bool) throws(Trouble) {
    let parent = try parent(of: name)
    defer { close(parent) }
    let temporary = Self.temporaryName()
    guard make(parent, temporary) else { throw trouble(name) }
    try Self.rename(temporary, to: name, in: parent, self)
  }

  fileprivate static func rename(
    _ temporary: [UInt8], to name: Name, in parent: Int32, _ tree: FolderTree
  ) throws(Trouble) {
    let last = name.parts.last ?? []
    let result = with(temporary) { from in with(last) { renameat(parent, from, parent, $0) } }
    let code = errno
    // A rename between two names of one file leaves both.
    _ = with(temporary) { unlinkat(parent, $0, 0) }
    guard result == 0 else { throw tree.trouble(name, code: code) }
  }

  private func parent(of name: Name) throws(Trouble) -> Int32 { try openFolder(name.parts.dropLast(), name) }

  /// Opens a folder below, and makes what is missing of it.
  private func openFolder(_ parts: some Sequence<[UInt8]>, _ name: Name) throws(Trouble) -> Int32 {
    var current = dup(root)
    for part in parts {
      _ = Self.with(part) { mkdirat(current, $0, 0o777) }
      let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
      let next = retrying { Self.with(part) { openat(current, $0, flags) } }
      let code = errno
      close(current)
      guard next >= 0 else {
        throw code == ENOTDIR || code == ELOOP
          ? Trouble("cannot write \(folder.given)/\(name): a file or a link stands where a folder should be")
          : trouble(name, code: code)
      }
      current = next
    }
    return current
  }

  fileprivate func trouble(_ name: Name, code: Int32 = errno) -> Trouble {
    Trouble("cannot write \(folder.given)/\(name): \(SystemFailure(code: code).reason)")
  }

  private static func temporaryName() -> [UInt8] {
    Array(".almanac-\(String(UInt64.random(in: .min ... .max), radix: 16)).tmp".utf8)
  }

  fileprivate static func times(_ attributes: Attributes) -> [timespec]? {
    attributes.modified.map { [$0, $0] }
  }

  fileprivate static func with<Result>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    var text = name.map { CChar(bitPattern: $0) }
    text.append(0)
    return body(text)
  }
}

/// A file of a ``FolderTree`` that has not got its name yet. Without ``commit(size:)`` it is gone again.
final class NewFile {
  private let tree: FolderTree
  private let name: FolderTree.Name
  private let attributes: FolderTree.Attributes
  private let parent: Int32
  private let temporary: [UInt8]
  private let descriptor: Int32
  private var isCommitted = false

  fileprivate init(
    _ tree: FolderTree, _ name: FolderTree.Name, _ attributes: FolderTree.Attributes, parent: Int32,
    temporary: [UInt8], descriptor: Int32
  ) {
    (self.tree, self.name, self.attributes) = (tree, name, attributes)
    (self.parent, self.temporary, self.descriptor) = (parent, temporary, descriptor)
  }

  deinit {
    if !isCommitted { _ = FolderTree.with(temporary) { unlinkat(parent, $0, 0) } }
    close(descriptor)
    close(parent)
  }

  func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(Trouble) {
    let trouble = bytes.withUnsafeBytes { buffer -> Trouble? in
      guard let start = buffer.baseAddress else { return nil }
      do throws(Trouble) { try write(start, buffer.count, at: offset) } catch { return error }
      return nil
    }
    if let trouble { throw trouble }
  }

  func write(_ bytes: UnsafeRawPointer, _ count: Int, at offset: Int) throws(Trouble) {
    var done = 0
    while done < count {
      let written = retrying { pwrite(descriptor, bytes + done, count - done, off_t(offset + done)) }
      guard written >= 0 else { throw tree.trouble(name) }
      done += written
    }
  }

  /// Gives it its name.
  ///
  /// - Parameter size: Its length; a hole at the end was not written.
  func commit(size: Int) throws(Trouble) {
    guard ftruncate(descriptor, off_t(size)) == 0, fchmod(descriptor, attributes.mode) == 0 else {
      throw tree.trouble(name)
    }
    if let times = FolderTree.times(attributes) { futimens(descriptor, times) }
    try FolderTree.rename(temporary, to: name, in: parent, tree)
    isCommitted = true
  }
}
