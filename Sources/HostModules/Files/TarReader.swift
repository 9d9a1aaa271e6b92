import CArchive
import Glibc

/// Unpacks an archive into a folder: tar of any kind, plain or packed by gzip, bzip2, xz or zstd. By libarchive,
/// but for the files themselves: its own writer changes the process' umask, which other threads would see.
///
/// The archive is read twice: first to the end, so that one that is damaged, or would write anywhere else than
/// into the folder, changes nothing.
final class TarReader {
  /// What was unpacked.
  private(set) var entries = 0
  private(set) var bytes = 0

  private let path: JobPath
  private let cancellation: Cancellation
  private let archive: OpaquePointer
  private let source: any ByteSource
  /// What libarchive reads from, until it asks again.
  private let piece: UnsafeMutablePointer<UInt8>
  /// Why the source could not go on.
  private var trouble: Trouble?

  static func unpack(
    _ path: JobPath, into folder: JobPath, _ cancellation: Cancellation
  ) throws(Trouble) -> TarReader {
    let locale = UTF8Locale()
    defer { locale.end() }
    let check = try TarReader(path, cancellation)
    while let entry = try check.nextEntry() { try check.data(of: entry) { (_, _, _) throws(Trouble) in } }
    let reader = try TarReader(path, cancellation)
    let tree = try FolderTree(folder)
    while let entry = try reader.nextEntry() {
      switch entry.kind {
      case .folder: try tree.makeFolder(entry.name, entry.attributes)
      case .link(let target): try tree.makeLink(entry.name, to: target, entry.attributes)
      case .hardLink(let other): try tree.makeHardLink(entry.name, to: other)
      case .file(let size):
        let file = try tree.makeFile(entry.name, entry.attributes)
        try reader.data(of: entry) { (bytes, count, offset) throws(Trouble) in
          try file.write(bytes, count, at: offset)
        }
        try file.commit(size: size)
        reader.bytes += size
      }
      reader.entries += 1
    }
    try tree.finish()
    return reader
  }

  private init(_ path: JobPath, _ cancellation: Cancellation) throws(Trouble) {
    let file = try InputFile(path, for: "unpack")
    (self.path, self.cancellation) = (path, cancellation)
    source = try Self.isGzip(path) ? GunzipSource(file) : file
    guard let archive = archive_read_new() else {
      throw Trouble("cannot unpack \(path.given): there is no memory for it")
    }
    self.archive = archive
    piece = .allocate(capacity: InputFile.pieceSize)
    archive_read_support_format_tar(archive)
    archive_read_support_filter_bzip2(archive)
    archive_read_support_filter_xz(archive)
    archive_read_support_filter_zstd(archive)
    let result = archive_read_open(
      archive, Unmanaged.passUnretained(self).toOpaque(), nil,
      { _, context, buffer in
        guard let context, let buffer else { return -1 }
        return Unmanaged<TarReader>.fromOpaque(context).takeUnretainedValue().give(buffer)
      }, nil)
    try check(result)
  }

  deinit {
    archive_read_free(archive)
    piece.deallocate()
  }

  private static func isGzip(_ path: JobPath) throws(Trouble) -> Bool {
    try FileSystem.read(path, limit: 2) == [0x1f, 0x8b]
  }

  /// Gives libarchive the next bytes: how many, 0 at the end, -1 for trouble.
  private func give(_ buffer: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
    do throws(Trouble) {
      try cancellation.check()
      guard let bytes = try source.next() else { return 0 }
      bytes.withUnsafeBufferPointer {
        if let start = $0.baseAddress { piece.update(from: start, count: $0.count) }
      }
      buffer.pointee = UnsafeRawPointer(piece)
      return bytes.count
    } catch {
      trouble = error
      return -1
    }
  }

  private func check(_ result: Int32) throws(Trouble) {
    if let trouble { throw trouble }
    // A warning tells of something that is not asked for here, such as an owner's name.
    guard result < ARCHIVE_WARN else { return }
    throw refusal(archive_error_string(archive).map { String(cString: $0) } ?? "it is damaged")
  }

  private func refusal(_ what: String) -> Trouble { Trouble("cannot unpack \(path.given): \(what)") }

  // MARK: - Entries

  struct Entry {
    enum Kind {
      case folder
      case file(size: Int)
      case link(to: [UInt8])
      case hardLink(to: FolderTree.Name)
    }

    let name: FolderTree.Name
    let kind: Kind
    let attributes: FolderTree.Attributes
  }

  /// The next entry that is more than the folder itself, or `nil` at the end.
  private func nextEntry() throws(Trouble) -> Entry? {
    while true {
      var pointer: OpaquePointer?
      let result = archive_read_next_header(archive, &pointer)
      if result == ARCHIVE_EOF { return nil }
      try check(result)
      guard let pointer else { throw refusal("it is damaged") }
      let name = try name(archive_entry_pathname(pointer))
      if name.parts.isEmpty { continue }
      return Entry(name: name, kind: try kind(of: pointer, name), attributes: .init(pointer))
    }
  }

  private func name(_ text: UnsafePointer<CChar>?) throws(Trouble) -> FolderTree.Name {
    guard let text else { throw refusal("an entry's name cannot be read") }
    guard let name = FolderTree.Name(JobPath.bytes(of: text)) else {
      throw refusal("its entry \(String(cString: text)) leads out of the folder")
    }
    return name
  }

  private func kind(of entry: OpaquePointer, _ name: FolderTree.Name) throws(Trouble) -> Entry.Kind {
    if let other = archive_entry_hardlink(entry) { return .hardLink(to: try self.name(other)) }
    switch archive_entry_filetype(entry) {
    case S_IFDIR: return .folder
    case S_IFREG: return .file(size: Int(archive_entry_size(entry)))
    case S_IFLNK:
      guard let text = archive_entry_symlink(entry) else { throw refusal("the link \(name) leads nowhere") }
      let target = JobPath.bytes(of: text)
      guard name.canLink(to: target) else {
        throw refusal("its link \(name) to \(String(cString: text)) leads out of the folder")
      }
      return .link(to: target)
    default: throw refusal("its entry \(name) is neither a file, a folder nor a link")
    }
  }

  /// Reads an entry's data, in pieces and where each belongs.
  private func data(
    of entry: Entry, _ body: (UnsafeRawPointer, _ count: Int, _ offset: Int) throws(Trouble) -> Void
  ) throws(Trouble) {
    guard case .file = entry.kind else { return }
    while true {
      var bytes: UnsafeRawPointer?
      var (count, offset) = (0, la_int64_t(0))
      let result = archive_read_data_block(archive, &bytes, &count, &offset)
      if result == ARCHIVE_EOF { return }
      try check(result)
      if let bytes { try body(bytes, count, Int(offset)) }
    }
  }
}

extension FolderTree.Attributes {
  init(_ entry: OpaquePointer) {
    self.init(
      mode: archive_entry_perm(entry) & 0o777,
      modified: archive_entry_mtime_is_set(entry) != 0
        ? timespec(tv_sec: archive_entry_mtime(entry), tv_nsec: archive_entry_mtime_nsec(entry)) : nil)
  }
}
