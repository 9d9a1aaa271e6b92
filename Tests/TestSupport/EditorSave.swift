import Glibc

/// What programs do to save a file: the system calls of each, as strace shows them.
package enum EditorSave: String, CaseIterable, Sendable {
  case inPlace, renameOver, deleteAndCreate, vimBackup, vimCopy, vsCode, sed, rsync, gitCheckout, emacs
  case linkOver, unnamedThenLinked, writtenSlowly, jetBrains, truncatedFirst, ansible, scp, lateClose, kate,
    perl

  /// Whether there is a moment at which the file is closed, and empty: that content may go live, too.
  package var leavesEmpty: Bool { self == .truncatedFirst }

  /// Those that take no longer than they must.
  package static let quick = allCases.filter { ![.writtenSlowly, .lateClose].contains($0) }

  /// Saves the text, which is whole when this returns.
  package func perform(_ path: String, _ text: String) {
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let (parent, name) = (String(path[..<slash]), String(path[slash...]))
    switch self {
    case .inPlace, .vsCode: write(path, text)
    case .renameOver: writeAtomically(path, text, by: path + ".tmp")
    case .deleteAndCreate:
      unlink(path)
      usleep(5000)
      write(path, text)
    case .vimBackup:
      write(parent + "4913", "")
      unlink(parent + "4913")
      write(parent + "." + name + ".swp", "half")
      rename(path, path + "~")
      usleep(2000)
      write(path, text)
      chmod(path, 0o644)
      unlink(path + "~")
      unlink(parent + "." + name + ".swp")
    case .vimCopy:
      write(path + "~", "old")
      write(path, text)
      unlink(path + "~")
    case .sed: writeAtomically(path, text, by: parent + "sedAbC123")
    case .rsync: writeAtomically(path, text, by: parent + "." + name + ".AbC123")
    case .gitCheckout:
      unlink(path)
      write(path, text)
    case .emacs:
      symlink("somebody@host.123", parent + ".#" + name)
      rename(path, path + "~")
      write(path, text)
      unlink(parent + ".#" + name)
      write(parent + "#" + name + "#", "half")
    case .jetBrains:
      write(path + "___jb_tmp___", text)
      rename(path, path + "___jb_old___")
      rename(path + "___jb_tmp___", path)
      unlink(path + "___jb_old___")
    case .linkOver:
      write(path + ".tmp", text)
      unlink(path)
      link(path + ".tmp", path)
      unlink(path + ".tmp")
    case .unnamedThenLinked:
      // O_TMPFILE
      let file = open(parent, O_WRONLY | 0o20200000, 0o644)
      put(text, to: file)
      unlink(path)
      linkat(AT_FDCWD, "/proc/self/fd/\(file)", AT_FDCWD, path, 0x400)
      close(file)
    case .writtenSlowly:
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      for character in text {
        put(String(character), to: file)
        usleep(8000)
      }
      close(file)
    case .truncatedFirst:
      write(path, "")
      usleep(100)
      write(path, text)
    case .ansible:
      let temporary = parent + ".ansible_tmpx1y2" + name
      write(temporary, text)
      chmod(temporary, 0o600)
      rename(temporary, path)
      chmod(path, 0o644)
    case .scp:
      let file = open(path, O_WRONLY | O_CREAT, 0o644)
      ftruncate(file, 0)
      let middle = text.index(text.startIndex, offsetBy: text.count / 2)
      put(String(text[..<middle]), to: file)
      put(String(text[middle...]), to: file)
      fchmod(file, 0o644)
      close(file)
    case .lateClose:
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      put(text, to: file)
      usleep(150_000)
      close(file)
    case .kate: writeAtomically(path, text, by: path + ".AbC123")
    case .perl:
      // `perl -i`: the old one is open without a name while the new one is written.
      let old = open(path, O_RDONLY)
      unlink(path)
      write(path, text)
      close(old)
    }
  }

  private func writeAtomically(_ path: String, _ text: String, by temporary: String) {
    write(temporary, text)
    rename(temporary, path)
  }

  private func write(_ path: String, _ text: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    put(text, to: file)
    close(file)
  }

  private func put(_ text: String, to file: Int32) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(file, bytes, bytes.count)
  }
}
