import Scheduling

/// What a job's Lua files say of themselves that cannot be meant, though they load: names that nothing sets,
/// modules that are not there, a schedule that nobody reads.
///
/// Pure: it reads the text and runs nothing. Where a file reaches its globals in ways that the text does not name
/// (`_G[name]`, `load`), it is silent about them; where a global is asked whether it is there, it only warns.
///
/// - Complexity: O(length of the job's files), about a microsecond for ten bytes.
public struct SourceCheck {
  private struct File {
    let path: String
    let outline: LuaOutline
  }

  /// What the host looks for in the outermost level of a job's main file.
  private static let entries = ["schedule", "initialize", "main"]

  private let source: JobSource
  private let hostModules: [String: Set<String>]
  /// Those that can be read; the main file, if it can be, is the first.
  private let files: [File]

  /// - Parameter hostModules: The modules that every job can require, each with its fields; with none where they are
  ///   not known.
  public init(_ source: JobSource, hostModules: [String: Set<String>]) {
    self.source = source
    self.hostModules = hostModules
    let texts = [(source.mainPath, source.main)] + source.modules.map { ($0.path, $0.bytes) }
    files = texts.compactMap { path, bytes in LuaOutline(of: bytes).map { File(path: path, outline: $0) } }
  }

  public var findings: [CheckFinding] {
    misplacedEntries + unknownGlobals + files.flatMap(unknownFields) + missingModules
  }

  // MARK: - Globals

  private var unknownGlobals: [CheckFinding] {
    guard !files.contains(where: \.outline.isOpaque) else { return [] }
    let sets = files.reduce(into: LuaGlobals.names) { $0.formUnion($1.outline.sets) }
    return files.flatMap { file in
      Dictionary(grouping: file.outline.reads.filter { !sets.contains($0.name) }, by: \.name).compactMap {
        name, reads in reads.first.map { finding(of: $0, in: file, count: reads.count, sets: sets) }
      }
    }
  }

  private func finding(
    of read: LuaOutline.Read, in file: File, count: Int, sets: Set<String>
  ) -> CheckFinding {
    // A rock may set it; and who asks whether it is there expects that it is not.
    let isTested = file.outline.tested.contains(read.name)
    let advice: String
    if isTested {
      advice = ""
    } else if hostModules["almanac." + read.name] != nil {
      advice = "; write: local \(read.name) = require \"almanac.\(read.name)\""
    } else if let now = Self.formerGlobals[read.name] {
      advice = "; since Lua 5.2 it is `\(now)`"
    } else if file.outline.locals[read.name] != nil {
      advice = "; the local of that name is not known here"
    } else {
      advice = Self.hint(read.name, among: sets.union(file.outline.locals.keys))
    }
    let others = count > 1 ? " (\(count) times in this file)" : ""
    return finding(
      isTested || source.rocks != nil ? .warning : .error, file, read.line,
      "nothing sets the global `\(read.name)` that is read here\(others)\(advice)")
  }

  /// What Lua 5.1 had, and where it has gone.
  private static let formerGlobals = ["unpack": "table.unpack", "loadstring": "load"]

  // MARK: - Fields

  private func unknownFields(_ file: File) -> [CheckFinding] {
    let outline = file.outline
    return outline.fieldReads.compactMap { read in
      guard let fields = fields(of: read, in: outline), !fields.isEmpty, !fields.contains(read.field),
        !files.contains(where: { $0.outline.fieldSets.contains(read.table + "." + read.field) })
      else { return nil }
      // A rock may add to Lua's own.
      return finding(
        source.rocks == nil || read.isLocal ? .error : .warning, file, read.line,
        "`\(read.table)` has no `\(read.field)`\(Self.hint(read.field, among: fields))")
    }
  }

  /// What is known to be in the table: a library of Lua's, or a module of the host's in a local that is nothing else.
  private func fields(of read: LuaOutline.FieldRead, in outline: LuaOutline) -> Set<String>? {
    if read.isLocal {
      guard outline.locals[read.table] == 1, let module = outline.moduleLocals[read.table] else { return nil }
      return hostModules[module]
    }
    return files.contains { $0.outline.sets.contains(read.table) } ? nil : LuaGlobals.libraries[read.table]
  }

  // MARK: - Modules

  private var missingModules: [CheckFinding] {
    // What a rock brings along, only its tree tells.
    guard source.rocks == nil, !files.contains(where: { $0.outline.sets.contains("require") }) else {
      return []
    }
    let own = Set(source.modules.map(\.name))
    let known = own.union(hostModules.keys).union(LuaGlobals.libraries.keys).union(["_G"])
    let preloads = files.contains {
      $0.outline.fieldReads.contains { $0.table == "package" && $0.field == "preload" }
    }
    guard !preloads else { return [] }
    return files.flatMap { file in
      file.outline.requirements.compactMap { requirement in
        guard !known.contains(requirement.module) else { return nil }
        return finding(
          .error, file, requirement.line,
          "there is no module \"\(requirement.module)\"" + Self.hint(requirement.module, among: known))
      }
    }
  }

  // MARK: - What the host looks for

  private var misplacedEntries: [CheckFinding] {
    guard let main = files.first, main.path == source.mainPath, !main.outline.isOpaque else { return [] }
    let outline = main.outline
    let missing = Self.entries.filter { !outline.sets.contains($0) }
    var findings: [CheckFinding] = []
    for local in outline.localDefinitions where local.isLiteral && missing.contains(local.name) {
      findings.append(
        finding(
          .error, main, local.line,
          "`\(local.name)` is local here, where nobody looks for it; write `\(local.name)` without `local`"))
    }
    let read = Set(outline.reads.map(\.name))
    for definition in outline.definitions where definition.isLiteral && !read.contains(definition.name) {
      guard !Self.entries.contains(definition.name),
        let meant = SlipFinder.nearest(to: definition.name, in: missing)
      else { continue }
      findings.append(
        finding(
          .error, main, definition.line, "nothing reads `\(definition.name)`; did you mean `\(meant)`?"))
    }
    return findings
  }

  // MARK: - Words

  private func finding(
    _ severity: CheckFinding.Severity, _ file: File, _ line: Int, _ message: String
  ) -> CheckFinding {
    CheckFinding(
      severity,
      LoadError(job: source.name, file: file.path, line: line, message: NameRules.displayed(message)))
  }

  private static func hint(_ word: String, among known: Set<String>) -> String {
    SlipFinder.nearest(to: word, in: known.sorted()).map { "; did you mean `\($0)`?" } ?? ""
  }
}
