import CResources
import Crypto
import Files
import Glibc

/// What editors need to complete and check jobs, beside the jobs: annotation files in `.almanac-lua/`, and settings
/// for the Lua language server and for luacheck.
///
/// A later version of the program brings them up to date. What somebody has edited since is left as it is.
struct EditorFiles {
  /// The folder of jobs.
  let folder: String

  /// What the folder has of a file.
  private enum Standing {
    /// Not there, or as this program has left it.
    case ours
    case current
    case edited
  }

  /// Files by their path in the folder of jobs.
  private static var files: [(path: String, text: String)] {
    Resource.all(in: "annotations/").map { (".almanac-lua/" + $0.name, $0.text) }
      + Resource.all(in: "editors/").map { ($0.name, $0.text) }
  }

  /// Writes the files, and takes away those of a former version that are no longer needed.
  ///
  /// - Returns: The paths of files that are out of date and were left so, because they have been edited.
  func write() throws -> [String] {
    let written = written()
    var (digests, edited): ([String: String], [String]) = ([:], [])
    for (path, text) in Self.files {
      switch standing(of: path, written[path], current: text) {
      case .current: digests[path] = Self.digest(text)
      case .ours:
        try TextFile.write(text, to: "\(folder)/\(path)")
        digests[path] = Self.digest(text)
      case .edited:
        digests[path] = written[path]
        edited.append("\(folder)/\(path)")
      }
    }
    for (path, digest) in written where !Self.files.contains(where: { $0.path == path }) {
      if case .ours = standing(of: path, digest, current: nil) { unlink("\(folder)/\(path)") }
    }
    try writeList(digests)
    return edited
  }

  private func standing(of path: String, _ written: String?, current: String?) -> Standing {
    guard let text = TextFile.read("\(folder)/\(path)") else { return .ours }
    if text == current { return .current }
    return Self.digest(text) == written ? .ours : .edited
  }

  // MARK: What was written

  private var listPath: String { "\(folder)/.almanac-lua/SHA256SUMS" }

  /// The digests of what this program has written, by path.
  private func written() -> [String: String] {
    let lines = (TextFile.read(listPath) ?? "").split(separator: "\n")
    let pairs = lines.compactMap { line -> (String, String)? in
      guard let separator = line.firstRange(of: "  "), !line.contains("..") else { return nil }
      return (String(line[separator.upperBound...]), String(line[..<separator.lowerBound]))
    }
    return Dictionary(pairs, uniquingKeysWith: { $1 })
  }

  private func writeList(_ digests: [String: String]) throws {
    let lines = digests.sorted { $0.key < $1.key }.map { "\($0.value)  \($0.key)\n" }
    if TextFile.read(listPath) != lines.joined() { try TextFile.write(lines.joined(), to: listPath) }
  }

  private static func digest(_ text: String) -> String {
    SHA256.hash(data: Array(text.utf8)).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}

/// Text files, whole.
enum TextFile {
  static func read(_ path: String) -> String? {
    (try? FileBytes.all(of: path)).flatMap { String(validating: $0, as: UTF8.self) }
  }

  /// Writes the file, and makes the folders that it lies in.
  static func write(_ text: String, to path: String) throws(CommandFailure) {
    do throws(SystemFailure) {
      if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
        try Folder.make(String(path[..<slash]), mode: 0o777)
      }
      try FileBytes.replace(path, with: Array(text.utf8))
    } catch {
      throw CommandFailure("cannot write \(path): \(error)")
    }
  }
}

/// Files that are embedded in the program.
enum Resource {
  static func text(_ name: String) -> String? {
    guard let file = cresources_find(name) else { return nil }
    return text(file.pointee)
  }

  /// The files below a path, by the rest of their names.
  static func all(in folder: String) -> [(name: String, text: String)] {
    (0..<cresources_count()).compactMap { place in
      guard let file = cresources_at(place)?.pointee else { return nil }
      let name = String(cString: file.name)
      return name.hasPrefix(folder) ? (String(name.dropFirst(folder.count)), text(file)) : nil
    }
  }

  private static func text(_ file: cresources_file) -> String {
    String(decoding: UnsafeBufferPointer(start: file.bytes, count: file.length), as: UTF8.self)
  }
}
