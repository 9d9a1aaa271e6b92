#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension Zone {
  /// A text that is another one once the machine's zone is set anew, or the file of one of these zones is
  /// replaced.
  ///
  /// - Complexity: two system calls, and one for each zone. No file is read.
  public static func stamp(of zones: some Sequence<String>) -> String {
    let folder = ZoneFolder.standard.path
    var text = ""
    for path in ["/etc/localtime", "/etc/timezone"] { text += stamp(path, follows: false) }
    for name in zones { text += stamp("\(folder)/\(name)", follows: true) }
    return text
  }

  private static func stamp(_ path: String, follows: Bool) -> String {
    var status = stat()
    guard fstatat(AT_FDCWD, path, &status, follows ? 0 : AT_SYMLINK_NOFOLLOW) == 0 else { return "-;" }
    return "\(status.st_ino).\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec).\(status.st_size);"
  }
}
