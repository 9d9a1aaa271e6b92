/// A job that was made from what another system had.
public struct ImportedJob: Sendable, Equatable {
  /// Its name in the folder that it goes into; it may have folders of its own.
  public var name: String
  /// Its Lua file.
  public var text: String
  /// What could not be carried over.
  public var notes: [ImportNote]

  public init(name: String, text: String, notes: [ImportNote]) {
    self.name = name
    self.text = text
    self.notes = notes
  }
}

/// All that came of an import.
public struct Imported: Sendable, Equatable {
  public var jobs: [ImportedJob]
  /// What could not be read at all, each with its place: `tasks.xml:3: ...`.
  public var problems: [String]

  public init(jobs: [ImportedJob] = [], problems: [String] = []) {
    self.jobs = jobs
    self.problems = problems
  }

  /// The same jobs, those of one name told apart by numbers: `backup`, `backup_2`.
  ///
  /// Case does not count, so that the files can be copied anywhere.
  public var distinct: Imported {
    var taken: Set<String> = []
    var copy = self
    for place in copy.jobs.indices {
      let name = copy.jobs[place].name
      var number = 1
      while !taken.insert(copy.jobs[place].name.lowercased()).inserted {
        number += 1
        copy.jobs[place].name = "\(name)_\(number)"
      }
    }
    return copy
  }
}
