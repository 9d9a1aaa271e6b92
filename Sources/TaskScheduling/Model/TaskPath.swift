import JobWriting

/// The name of a task with its folders: `\myApp\nightly`.
public struct TaskPath: Sendable, Hashable, CustomStringConvertible {
  /// The folders, then the task's own name; never empty.
  public let parts: [String]

  /// Reads a path with `\` or `/` between its parts, with or without one at its beginning.
  ///
  /// - Throws: where it names no task.
  public init(_ text: String) throws(TaskError) {
    let parts = Self.split(text)
    guard !parts.isEmpty, text.last.map({ !"\\/".contains($0) }) ?? false else {
      throw TaskError("\"\(text)\" names no task; write the path of one: \\myApp\\nightly")
    }
    guard !parts.contains(where: { $0 == "." || $0 == ".." }) else {
      throw TaskError("\"\(text)\": a task's path has no . or .. in it")
    }
    self.parts = parts
  }

  public var name: String { parts.last ?? "" }

  /// The folder: `\` for the root, else `\myApp`.
  public var folder: String { "\\" + parts.dropLast().joined(separator: "\\") }

  public var description: String { "\\" + parts.joined(separator: "\\") }

  /// The name of the job in its folder.
  var jobPart: String { JobName.part(name) }

  /// The folder as the folders of jobs have it: `myApp`; empty for the root.
  var jobFolder: String { JobName.of(Array(parts.dropLast())) }

  static func split(_ text: String) -> [String] {
    text.split { $0 == "\\" || $0 == "/" }.map(String.init)
  }
}
