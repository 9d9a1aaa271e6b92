import ArgumentParser

/// `almanac import SYSTEM PATH --into DIR`: what people have, as job files.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn what other schedulers have into job files.",
    discussion: """
      Writes one Lua file a job into a folder, to be read, changed and kept. What could not be carried over stands in \
      the file as a comment, and is printed. A file that is there already is never overwritten.
      """,
    subcommands: [ImportTaskScheduler.self])
}
