import CArchive
import Glibc
import Values

/// Packs a file or what is in a folder as tar: ustar, with pax headers for what that cannot say. By libarchive.
///
/// Modes, times, links and hard links are kept; owners by their numbers. What is neither file, folder nor link
/// (a socket, a device) is passed over, and told.
final class TarWriter {
  struct Options: Sendable {
    var isCompressed = false
    var level = 6
    /// A folder's name that is put before all names.
    var prefix: [UInt8] = []
    /// As in a shell; one without a slash goes for names in any folder.
    var excluded: [[UInt8]] = []
  }

  /// What was packed.
  private(set) var entries = 0
  private(set) var bytes = 0
  private(set) var skipped: [[UInt8]] = []

  private let options: Options
  private let cancellation: Cancellation
  private let destination: JobPath
  private let archive: OpaquePointer
  private let links: OpaquePointer
  /// The archive itself is not packed: the file that is being made, and the one that it will replace.
  private var own: [stat] = []

  /// Packs `source`. The archive appears whole or not at all.
  static func pack(
    _ source: JobPath, to destination: JobPath, _ options: Options, _ cancellation: Cancellation
  ) throws(Trouble) -> TarWriter {
    guard let status = try FileSystem.status(source) else { throw .system("pack", source, code: ENOENT) }
    let file = try AtomicFile(replacing: destination, cancellation)
    defer { file.abandon() }
    let old = try FileSystem.status(destination)
    let locale = UTF8Locale()
    defer { locale.end() }
    let writer = try TarWriter(file, destination, options, cancellation)
    writer.own = [file.status, old].compactMap(\.self)
    if FileSystem.isFolder(status) {
      try writer.addContents(of: source, as: options.prefix)
    } else {
      let name = source.bytes.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []
      try writer.add(source, as: Self.join(options.prefix, name))
    }
    try writer.check(archive_write_close(writer.archive))
    try file.commit()
    return writer
  }

  private init(
    _ file: AtomicFile, _ destination: JobPath, _ options: Options, _ cancellation: Cancellation
  ) throws(Trouble) {
    guard let archive = archive_write_new(), let links = archive_entry_linkresolver_new() else {
      throw Trouble("cannot pack \(destination.given): there is no memory for it")
    }
    (self.archive, self.links) = (archive, links)
    (self.options, self.cancellation, self.destination) = (options, cancellation, destination)
    try check(archive_write_set_format_pax_restricted(archive))
    archive_entry_linkresolver_set_strategy(links, archive_format(archive))
    if options.isCompressed {
      try check(archive_write_add_filter_gzip(archive))
      try check(archive_write_set_filter_option(archive, "gzip", "compression-level", "\(options.level)"))
      // The same files make the same archive.
      try check(archive_write_set_filter_option(archive, "gzip", "timestamp", nil))
    }
    try check(archive_write_open_fd(archive, file.descriptor))
  }

  deinit {
    archive_entry_linkresolver_free(links)
    // Else it would write zeros for what is still missing of an entry.
    archive_write_fail(archive)
    archive_write_free(archive)
  }

  private func check(_ result: Int32) throws(Trouble) {
    // A warning (a name that is not UTF-8) is no reason to give up.
    guard result < ARCHIVE_WARN else { return }
    let text = archive_error_string(archive).map { String(cString: $0) } ?? "it cannot be written"
    // All that is said of a full disk, for one.
    if text == "Write error" { throw .system("write", destination, code: archive_errno(archive)) }
    throw Trouble("cannot write \(destination.given): \(text)")
  }

  // MARK: - Entries

  private static func join(_ folder: [UInt8], _ name: [UInt8]) -> [UInt8] {
    folder.isEmpty ? name : folder + [UInt8(ascii: "/")] + name
  }

  private func addContents(of folder: JobPath, as name: [UInt8]) throws(Trouble) {
    var pending: [(path: JobPath, name: [UInt8])] = []
    func open(_ folder: JobPath, _ name: [UInt8]) throws(Trouble) {
      // The last is taken first.
      for entry in try FileSystem.names(in: folder).reversed() {
        pending.append((folder.appending(entry), Self.join(name, entry)))
      }
    }
    try open(folder, name)
    while let (path, name) = pending.popLast() {
      if isExcluded(name) { continue }
      if try add(path, as: name) { try open(path, name) }
    }
  }

  private func isExcluded(_ name: [UInt8]) -> Bool {
    let inside = Array(name.dropFirst(options.prefix.isEmpty ? 0 : options.prefix.count + 1))
    return options.excluded.contains { pattern in
      let isPath = pattern.contains(UInt8(ascii: "/"))
      let subject =
        isPath ? inside : inside.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? inside
      return Glob.matches(subject, pattern, FNM_PATHNAME)
    }
  }

  /// Writes the entry of what is at `path`.
  ///
  /// - Returns: Whether it is a folder, whose contents come next.
  @discardableResult private func add(_ path: JobPath, as name: [UInt8]) throws(Trouble) -> Bool {
    try cancellation.check()
    // What is gone by now was not there.
    guard var status = try FileSystem.status(path, followingLinks: false) else { return false }
    guard !own.contains(where: { $0.st_dev == status.st_dev && $0.st_ino == status.st_ino }) else {
      return false
    }
    guard let entry = archive_entry_new() else {
      throw Trouble("cannot pack \(path.given): there is no memory for it")
    }
    defer { archive_entry_free(entry) }
    archive_entry_copy_stat(entry, &status)
    archive_entry_unset_atime(entry)
    archive_entry_unset_ctime(entry)
    (name + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { archive_entry_set_pathname(entry, $0.baseAddress) }
    }
    let kind = status.st_mode & S_IFMT
    switch kind {
    case S_IFREG, S_IFDIR: break
    case S_IFLNK:
      let target = try FileSystem.link(path) + [0]
      target.withUnsafeBufferPointer { bytes in
        bytes.withMemoryRebound(to: CChar.self) { archive_entry_set_symlink(entry, $0.baseAddress) }
      }
    default:
      skipped.append(name)
      return false
    }
    // Opened first: one that may not be read leaves no entry behind.
    let input = kind == S_IFREG ? try InputFile(path, for: "pack") : nil
    // In tar the entry stays the one it is; a second name of a file loses its size.
    var current: OpaquePointer? = entry
    var deferred: OpaquePointer?
    archive_entry_linkify(links, &current, &deferred)
    try check(archive_write_header(archive, entry))
    entries += 1
    if let input, archive_entry_size(entry) > 0 { try write(input, size: Int(archive_entry_size(entry))) }
    return kind == S_IFDIR
  }

  /// Writes as many bytes as the header has said. What a file has grown since is left out.
  private func write(_ input: InputFile, size: Int) throws(Trouble) {
    var left = size
    while left > 0 {
      try cancellation.check()
      guard let piece = try input.next() else {
        throw Trouble("cannot pack \(input.path.given): it became shorter while it was read")
      }
      let part = piece.prefix(left)
      let written = part.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
      guard written == part.count else {
        try check(written < 0 ? Int32(ARCHIVE_FATAL) : Int32(ARCHIVE_OK))
        throw Trouble("cannot write \(destination.given): it cannot be written")
      }
      left -= part.count
    }
    bytes += size
  }
}

/// Has libarchive take names for UTF-8, on the calling thread. Else it takes no name beyond ASCII.
struct UTF8Locale {
  private let locale: locale_t?
  private let former: locale_t?

  init() {
    locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
    former = locale.map { uselocale($0) } ?? nil
  }

  func end() {
    guard let locale else { return }
    uselocale(former)
    freelocale(locale)
  }
}
