import ArgumentParser
import FoundationEssentials
import Glibc
import JobWriting

/// What every import takes, and what it does with the jobs that came of it.
struct ImportOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("The folder that gets the job files; it is made if need be.", valueName: "dir"))
  var into: String

  @Flag(name: .customLong("dry-run"), help: "Print what would be written, and write nothing.")
  var dryRun = false

  @Flag(name: .long, help: "Exit 1 if anything could not be carried over.")
  var strict = false

  /// Writes the jobs, prints what was written, and on stderr what was not carried over.
  ///
  /// Nothing is written where one of the files is there already. The exit status is 1 where something could not be
  /// read, and with `--strict` where there is a note.
  func finish(_ imported: Imported) throws {
    let imported = imported.distinct
    let paths = imported.jobs.map { "\(folder)/\($0.name).lua" }
    try refuseTaken(imported.jobs)
    for (job, path) in zip(imported.jobs, paths) {
      if !dryRun { try TextFile.write(job.text, to: path) }
      print("\(dryRun ? "would write" : "wrote") \(path.shown)")
      for note in job.notes { Console.note("\(note)") }
    }
    for problem in imported.problems { Console.complain(problem) }
    let count = imported.jobs.count
    let notes = imported.jobs.reduce(0) { $0 + $1.notes.count }
    var summary = "\(count) job\(count == 1 ? "" : "s")"
    if notes > 0 { summary += ", \(notes) note\(notes == 1 ? "" : "s") on what is not as it was" }
    if !imported.problems.isEmpty { summary += ", \(imported.problems.count) not read" }
    Console.note(summary)
    if !imported.problems.isEmpty || strict && notes > 0 { throw CommandFailure(nil) }
  }

  /// Without a slash at its end, but for the root.
  private var folder: String {
    var path = into[...]
    while path.count > 1, path.last == "/" { path.removeLast() }
    return path == "/" ? "" : String(path)
  }

  private func refuseTaken(_ jobs: [ImportedJob]) throws {
    let taken = jobs.flatMap { job -> [String] in
      ["\(folder)/\(job.name).lua", "\(folder)/\(job.name)/main.lua"].filter { access($0, F_OK) == 0 }
    }
    guard let first = taken.first else { return }
    let others = taken.count == 1 ? "" : " (and \(taken.count - 1) more)"
    throw CommandFailure(
      "\(first)\(others) is there already, so that nothing was written; remove it, or name another folder with --into"
    )
  }
}
