import ArgumentParser
import Glibc
import Runner

/// `almanac new NAME`: a commented job to start from.
struct New: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a commented job to start from.",
    discussion: """
      Writes NAME.lua into the folder of jobs (a name with slashes goes into its folders), and beside the \
      jobs what editors need to complete and check them: annotations and settings for the Lua language server \
      (.almanac-lua/, .luarc.json) and for luacheck (.luacheckrc). A job is never overwritten, nor is one of \
      these files when it has been edited.
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
    try TextFile.write(template.replacing("NAME", with: name), to: path)
    let edited = try EditorFiles(folder: folder).write()
    print("wrote \(path)")
    for file in edited {
      Console.note(
        "kept \(file), which has been edited; remove it, and the next `almanac new` writes today's")
    }
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
}
