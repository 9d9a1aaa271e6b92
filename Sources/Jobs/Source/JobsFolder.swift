import Glibc

/// A folder of Lua files, read as jobs.
///
/// | on disk | job |
/// | --- | --- |
/// | `backup.lua` | `backup` |
/// | `myApp/daily_task.lua` | `myApp/daily_task`; a plain folder is a namespace |
/// | `SpotifyBackup/main.lua` | `SpotifyBackup`; its folder's other Lua files, in subfolders too, are its modules |
///
/// It reads bytes and looks at names; nothing is evaluated. It holds no state: each call looks anew.
public struct JobsFolder: Sendable, Hashable {
  /// The folder as the user gave it, without a closing `/`: what messages show.
  public let path: String
  /// The same from the root. Symbolic links stay, so that one that is switched over takes effect.
  public let absolutePath: String

  /// - Parameter path: Relative to the current folder, unless it starts with `/`.
  public init(path: String) {
    var trimmed = Substring(path)
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.path = trimmed.isEmpty ? "." : String(trimmed)
    absolutePath = Self.absolute(self.path)
  }

  /// Reads every job there is.
  ///
  /// - Complexity: Reads every Lua file under the folder.
  public func scan() -> FolderScan { read([.everything]) }

  /// Reads the jobs that these changes concern, and no others: for a file, its job; for a module or
  /// a `main.lua`, its folder's; for a tree, all in it.
  public func read(_ changes: [FolderChange]) -> FolderScan { read(changes, leavingBusyFiles: false) }

  /// The same. Files that somebody is writing may be left for later: the scan names them.
  func read(_ changes: [FolderChange], leavingBusyFiles: Bool) -> FolderScan {
    var scanner = FolderScanner(folder: self, leavesBusyFiles: leavingBusyFiles)
    if changes.contains(.everything) {
      scanner.readEverything()
    } else {
      for change in changes {
        switch change {
        case .file(let path): scanner.readJob(containing: path)
        case .tree(let path): scanner.readTree(path)
        case .everything: break
        }
      }
    }
    return scanner.finish()
  }

  /// Reads the job that a file belongs to.
  ///
  /// - Parameter path: Relative to the folder.
  public func read(jobContaining path: String) -> FolderScan { read([.file(path)]) }

  /// Reads one job by its name. If the folder holds no such job, the scan lists neither a source nor
  /// an error.
  public func read(job name: String) -> FolderScan {
    var scanner = FolderScanner(folder: self)
    scanner.readJob(named: name)
    return scanner.finish()
  }

  /// A relative path as messages show it: under the folder as it was given.
  public func displayPath(of relative: String) -> String {
    if relative.isEmpty { return path }
    if path == "." { return relative }
    return path == "/" ? "/" + relative : path + "/" + relative
  }

  /// A relative path from the root.
  func absolutePath(of relative: String) -> String {
    relative.isEmpty ? absolutePath : absolutePath == "/" ? "/" + relative : absolutePath + "/" + relative
  }

  private static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let buffer = getcwd(nil, 0) else { return path }
    defer { free(buffer) }
    let current = String(cString: buffer)
    var rest = Substring(path)
    while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
    if rest.isEmpty || rest == "." { return current }
    return current == "/" ? "/" + rest : current + "/" + rest
  }
}
