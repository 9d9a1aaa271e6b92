import FoundationEssentials
import JobWriting

/// Turns what was exported from Task Scheduler, or written down for it, into jobs.
///
/// Whatever a file holds, it becomes a job with notes of what could not be read or carried over, or a problem; nothing
/// is left out in silence.
public enum TaskImporter {
  /// No task that a person wrote is larger.
  static let maximumBytes = 16 << 20

  /// Reads a file, or all that a folder and those in it hold.
  ///
  /// A file is XML, as `schtasks /query /xml`, `Export-ScheduledTask` and that system's own folder of tasks have it, or
  /// YAML or JSON definitions. In a folder, files that are none of these are passed over.
  public static func read(_ path: String) -> Imported {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return Imported(problems: ["\(path): there is no such file or folder"])
    }
    guard isFolder else { return read(file: path, name: lastPart(of: path), isAlone: true) }
    var imported = Imported()
    let names = ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).sorted()
    for name in names where !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
      let full = path + "/" + name
      let kind = (try? FileManager.default.attributesOfItem(atPath: full))?[.type] as? FileAttributeType
      guard kind == .typeRegular else { continue }
      let found = read(file: full, name: name, isAlone: false)
      imported.jobs += found.jobs
      imported.problems += found.problems
    }
    if imported.jobs.isEmpty, imported.problems.isEmpty {
      imported.problems = ["\(path): holds no exported task"]
    }
    return imported
  }

  private static func lastPart(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// - Parameters:
  ///   - name: What a task is called that does not say it itself, with the file's suffix.
  ///   - isAlone: The file was asked for by name, so that something has to come of it.
  private static func read(file: String, name: String, isAlone: Bool) -> Imported {
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: file)) } catch {
      return Imported(problems: ["\(file): cannot be read: \(error.reason)"])
    }
    return read(Array(data), file: file, name: name, isAlone: isAlone)
  }

  /// - Parameter file: What messages call it.
  static func read(_ bytes: [UInt8], file: String, name: String, isAlone: Bool) -> Imported {
    let kind = name.lowercased().split(separator: ".").last.map(String.init) ?? ""
    guard bytes.count <= maximumBytes else {
      return Imported(problems: isAlone ? ["\(file): is larger than \(maximumBytes >> 20) MB"] : [])
    }
    let isDefinition = ["yaml", "yml", "json"].contains(kind)
    let text = isDefinition ? "" : ExportText.decode(bytes)
    guard isDefinition || isAlone || kind == "xml" || text.contains("<Task") else { return Imported() }
    do throws(TaskError) {
      return jobs(
        try isDefinition ? TaskDefinitions.parse(bytes, name: file) : exported(text, file: file, name: name))
    } catch {
      return Imported(problems: error.problems.map(\.description))
    }
  }

  private static func jobs(_ definitions: [TaskDefinition]) -> Imported {
    var imported = Imported()
    for definition in definitions {
      let (task, problems) = TaskDecoder.decode(definition)
      if let task {
        imported.jobs.append(
          TaskTranslation.job(task, named: JobName.of(task.path.parts), findings: problems))
      } else {
        imported.problems += problems.map(\.description)
      }
    }
    return imported
  }

  // MARK: - XML

  private static func exported(
    _ text: String, file: String, name: String
  ) throws(TaskError) -> [TaskDefinition] {
    let root: ExportElement
    do throws(TaskProblem) { root = try ExportElement.read(text) } catch {
      throw TaskError([TaskProblem(place: "\(file):\(error.place)", message: error.message)])
    }
    let tasks = root.all(named: "Task")
    guard !tasks.isEmpty else {
      throw TaskError([
        TaskProblem(place: file, message: "holds no Task element, so that it is no exported task")
      ])
    }
    var stem = name
    if let dot = stem.lastIndex(of: "."), stem[dot...].lowercased() == ".xml" { stem = String(stem[..<dot]) }
    return tasks.enumerated().map { place, task in
      // What lists tasks puts their paths before them.
      let listed = task.comment.flatMap { $0.trimmed.hasPrefix("\\") ? $0 : nil }
      let own = [task.child("RegistrationInfo")?.child("URI")?.text, listed].lazy
        .compactMap { $0?.trimmed }.first { (try? TaskPath($0)) != nil }
      let number = tasks.count > 1 && own == nil ? " \(place + 1)" : ""
      return ExportedTask(file: file).definition(task, path: own ?? fallback(stem) + number)
    }
  }

  /// A path from the name of a file, whatever that is.
  private static func fallback(_ stem: String) -> String { (try? TaskPath(stem)) == nil ? "task" : stem }
}
