import ArgumentParser
import CResources
import FoundationEssentials
import Glibc
import Runner

/// `almanac new NAME`: a commented job to start from.
struct New: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a commented job to start from.",
    discussion: """
      Writes NAME.lua into the folder of jobs (a name with slashes goes into its folders), and beside the
      jobs what editors need to complete and check them. An existing file is never overwritten.
      """)

  @Argument(help: "The job's name: `backup`, or `myApp/daily_task`.")
  var name: String

  @OptionGroup var jobs: JobsOption
  @OptionGroup var config: ConfigOption

  func run() throws {
    guard Self.isJobName(name) else {
      throw CommandFailure(
        "\(name) cannot be a job's name: it is one or more of a-z, A-Z, 0-9, - and _, in folders if you like "
          + "(myApp/daily_task), and no part of it begins with _ or - or is `main`", status: ExitStatus.usage)
    }
    let folder = try config.settings(["jobs": jobs.jobs]).jobs.value
    let path = "\(folder)/\(name).lua"
    for taken in [path, "\(folder)/\(name)/main.lua"] where access(taken, F_OK) == 0 {
      throw CommandFailure("\(taken) is there already; choose another name")
    }
    guard let template = Resource.text("template.lua") else {
      throw CommandFailure("the template is missing from this build")
    }
    try makeFolders(of: path)
    try write(template.replacing("NAME", with: name), to: path)
    try writeAnnotations(to: folder)
    print("wrote \(path)")
    let flag = jobs.jobs.map { " --jobs \($0)" } ?? ""
    Console.note("run it now:          almanac run \(name)\(flag)")
    Console.note("run it on schedule:  almanac serve\(jobs.jobs.map { " \($0)" } ?? "")")
  }

  /// True for a name that makes a file which is a job, and is easy to type.
  private static func isJobName(_ name: String) -> Bool {
    name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.first, first != "_", first != "-", part != "main" else { return false }
      return part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }
  }

  /// Puts the annotation files into a folder that is no job, and points editors there.
  private func writeAnnotations(to folder: String) throws {
    let annotations = "\(folder)/.almanac-lua"
    for (name, text) in Resource.all(in: "annotations/") {
      let path = "\(annotations)/\(name)"
      try makeFolders(of: path)
      try write(text, to: path)
    }
    let settings = "\(folder)/.luarc.json"
    guard access(settings, F_OK) != 0 else { return }
    try write(
      """
      {
        "runtime.version": "Lua 5.4",
        "workspace.library": [".almanac-lua"],
        "diagnostics.globals": ["schedule", "initialize", "main"]
      }

      """, to: settings)
  }

  private func makeFolders(of path: String) throws {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    guard !folder.isEmpty else { return }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw CommandFailure("cannot make the folder \(folder): \(error)")
    }
  }

  private func write(_ text: String, to path: String) throws {
    do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch {
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
