import Glibc

/// The kernel's notices about folders.
final class Inotify {
  /// Names a watched folder. Two paths to one folder have the same watch.
  typealias Watch = Int32

  struct Event {
    let watch: Watch
    let mask: UInt32
    /// Of the entry in the folder; empty for what concerns the folder itself.
    let name: [UInt8]

    func has(_ flags: Int32) -> Bool { mask & UInt32(bitPattern: flags) != 0 }

    /// Which notices were lost is unknown: the queue was full.
    var isOverflow: Bool { has(IN_Q_OVERFLOW) }
    var isFolder: Bool { mask & 0x4000_0000 != 0 }
    var appeared: Bool { has(IN_CREATE | IN_MOVED_TO) }
    var disappeared: Bool { has(IN_DELETE | IN_MOVED_FROM) }
  }

  /// What a folder of jobs is watched for. Files that have no name any more are nobody's.
  static let everything = names | UInt32(bitPattern: IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_EXCL_UNLINK)
  /// Names that come and go, and the folder itself.
  static let names = UInt32(
    bitPattern: IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

  let descriptor: Int32

  /// `nil` if this user has no more of them (`fs.inotify.max_user_instances`); `errno` says.
  init?() {
    descriptor = inotify_init1(O_NONBLOCK | O_CLOEXEC)
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// Watches the folder, for what it is watched for already as well.
  func add(_ path: String, for mask: UInt32) -> Result<Watch, FileTrouble.Code> {
    let watch = inotify_add_watch(descriptor, path, mask | UInt32(bitPattern: IN_ONLYDIR | IN_MASK_ADD))
    return watch >= 0 ? .success(watch) : .failure(FileTrouble.Code(errno))
  }

  func remove(_ watch: Watch) { _ = inotify_rm_watch(descriptor, watch) }

  /// Hands over what has happened, in order, until there is nothing more.
  func drain(_ body: (Event) -> Void) {
    let size = 64 << 10
    withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
      while true {
        let got = read(descriptor, buffer.baseAddress, size)
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { return }
        Self.parse(UnsafeRawBufferPointer(rebasing: buffer[..<got]), body)
      }
    }
  }

  /// `struct inotify_event`: watch, mask, cookie and length, four bytes each, then the name.
  private static func parse(_ buffer: UnsafeRawBufferPointer, _ body: (Event) -> Void) {
    var offset = 0
    while offset + 16 <= buffer.count {
      let length = Int(buffer.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
      let end = offset + 16 + length
      guard end <= buffer.count else { return }
      body(
        Event(
          watch: buffer.loadUnaligned(fromByteOffset: offset, as: Int32.self),
          mask: buffer.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
          name: Array(buffer[(offset + 16)..<end].prefix { $0 != 0 })))
      offset = end
    }
  }
}
