import Glibc

/// The names on which it depends where a path leads: if one of them changes, it may lead elsewhere.
struct PathTrail {
  struct Step: Hashable {
    /// A real folder: no links in its path.
    let folder: String
    let name: String
    let isLink: Bool
  }

  private(set) var steps: [Step] = []

  /// Follows a path from the root, a component at a time, through every link, as far as it leads.
  init(of path: String) {
    follow(path.split(separator: "/").map(String.init), from: "/")
  }

  /// Follows a name in a folder: the links on the way, and where they end.
  init(ofLink name: String, in folder: String) {
    guard let buffer = realpath(folder, nil) else { return }
    defer { free(buffer) }
    follow([name], from: String(cString: buffer))
    if let last = steps.last { steps = steps.dropLast().filter(\.isLink) + [last] }
  }

  private mutating func follow(_ components: [String], from start: String) {
    var rest = Array(components.reversed())
    var folder = start
    // As many links as the kernel follows.
    var links = 0
    while let name = rest.popLast(), links <= 40 {
      if name == "." { continue }
      if name == ".." {
        folder = folder.splitLast.map { $0.folder.isEmpty ? "/" : $0.folder } ?? "/"
        continue
      }
      let path = folder == "/" ? "/" + name : folder + "/" + name
      let target = Self.target(path)
      steps.append(Step(folder: folder, name: name, isLink: target != nil))
      if let target {
        links += 1
        if target.hasPrefix("/") { folder = "/" }
        rest += target.split(separator: "/").reversed().map(String.init)
      } else {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        folder = path
      }
    }
  }

  /// What the symbolic link at `path` says; `nil` if there is none.
  private static func target(_ path: String) -> String? {
    let size = Int(PATH_MAX)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer -> String? in
      guard let base = buffer.baseAddress else { return nil }
      let length = readlink(path, base, size)
      guard length > 0 else { return nil }
      return String(
        decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<length]), as: UTF8.self)
    }
  }
}
