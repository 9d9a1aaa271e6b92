/// A job file, put together from its parts: what it is, what could not be carried over, the modules it needs, its
/// schedule, and its code.
public struct JobText: Sendable, Equatable {
  /// What the job is and where it comes from: the comment at the top. Lines that get long are broken.
  public var title: [String]
  /// What could not be carried over; a comment too.
  public var notes: [ImportNote]
  /// The modules that the code uses, without `almanac.`: `process` becomes a local of that name.
  public var modules: [String]
  /// Nil for a job that runs on demand only.
  public var schedule: LuaTable?
  /// Functions, and whatever else; a blank line is put between them.
  public var code: [String]

  public init(
    title: [String], notes: [ImportNote] = [], modules: [String] = [], schedule: LuaTable?, code: [String]
  ) {
    self.title = title
    self.notes = notes
    self.modules = modules
    self.schedule = schedule
    self.code = code
  }

  /// The file, with a line break at its end.
  public var text: String {
    var blocks: [String] = []
    var header = title.flatMap { LuaText.comment($0) }
    if !notes.isEmpty {
      if !header.isEmpty { header.append("--") }
      header.append("-- Not carried over as it was:")
      for note in notes { header += LuaText.comment("  \(note.subject): \(note.reason)", hanging: 4) }
    }
    if !header.isEmpty { blocks.append(header.joined(separator: "\n")) }
    if !modules.isEmpty {
      blocks.append(
        modules.sorted().map { "local \($0) = require \"almanac.\($0)\"" }.joined(separator: "\n"))
    }
    if let schedule {
      let isShort = schedule.fields.count == 1 && schedule["triggers"] == nil
      let table = LuaText.of(.table(schedule), column: "schedule = ".count, broken: !isShort)
      blocks.append("schedule = " + table)
    }
    return (blocks + code).joined(separator: "\n\n") + "\n"
  }
}
