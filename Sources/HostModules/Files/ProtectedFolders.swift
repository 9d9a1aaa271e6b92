import Glibc
import LuaHost

/// The folders that no slip in a variable may take away: what is or holds one of them is neither removed with all
/// that is in it nor moved elsewhere. So are the folders right below the root, whatever they are.
struct ProtectedFolders {
  private struct Folder {
    let path: JobPath
    /// What is said of a folder that is or holds it.
    let reason: String
    /// Whether it may go itself, and only what lies above it stays.
    let isItselfFree: Bool
  }

  private var folders: [Folder] = []

  /// - Parameters:
  ///   - home: The user's; `nil` where there is none.
  ///   - workingDirectory: The one that the host runs in.
  init(
    of job: JobContext, home: [UInt8]? = FilePath.home, workingDirectory: [UInt8]? = Self.workingDirectory
  ) {
    add(Array(job.folder.utf8), "holds the job itself")
    if let home { add(home, "is or holds the user's home") }
    // A job may begin its own output anew; above it lies what the daemon keeps, and other jobs' output.
    add(Array(job.outputFolder.utf8), "holds what almanac keeps", isItselfFree: true)
    if let workingDirectory { add(workingDirectory, "is or holds the working directory") }
  }

  /// Why a folder stays where it is, in words that follow its name; `nil` for what may go, as every file may.
  func objection(to path: JobPath) -> String? {
    let entry = path.entry
    guard let status = try? FileSystem.status(entry, followingLinks: false),
      status.st_mode & S_IFMT != S_IFREG
    else {
      return nil
    }
    for folder in folders {
      let places = [folder.path.entry, folder.path.resolved].compactMap(\.self)
      if folder.isItselfFree, places.contains(where: { $0.bytes == entry.bytes }) { continue }
      if places.contains(where: entry.contains) { return folder.reason }
    }
    return entry.depth <= 1 ? "belongs to the system" : nil
  }

  private mutating func add(_ path: [UInt8], _ reason: String, isItselfFree: Bool = false) {
    // An empty name protects nothing.
    guard let path = try? JobPath(path, in: "/", of: "") else { return }
    folders.append(Folder(path: path, reason: reason, isItselfFree: isItselfFree))
  }

  private static var workingDirectory: [UInt8]? {
    guard let path = getcwd(nil, 0) else { return nil }
    defer { free(path) }
    return JobPath.bytes(of: path)
  }
}
