import FoundationEssentials
import Yams

/// Files of task definitions, in YAML or JSON.
///
/// A file holds a list of tasks, on its own or as `Tasks`, or one task. Times may be written without quotes, as YAML has them.
public enum TaskDefinitions {
  /// No list that a person wrote is larger.
  static let maximumBytes = 16 << 20

  /// Reads the definitions of a file.
  ///
  /// - Throws: ``TaskError``, with the line where the text is neither YAML nor JSON.
  public static func read(_ path: String) throws(TaskError) -> [TaskDefinition] {
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: path)) } catch {
      throw TaskError([TaskProblem(place: path, message: "cannot be read: \(error.reason)")])
    }
    return try parse(Array(data), name: path)
  }

  /// Reads the definitions of a text.
  ///
  /// - Parameter name: What messages call it.
  public static func parse(_ bytes: [UInt8], name: String) throws(TaskError) -> [TaskDefinition] {
    func refuse(_ message: String, line: Int? = nil) -> TaskError {
      TaskError([TaskProblem(place: line.map { "\(name):\($0)" } ?? name, message: message)])
    }
    guard bytes.count <= maximumBytes else { throw refuse("is larger than \(maximumBytes >> 20) MB") }
    guard var text = String(validating: bytes, as: UTF8.self) else { throw refuse("is not valid UTF-8") }
    // JSON may be indented by tabs, which YAML forbids; within a JSON text they cannot stand for themselves.
    if let first = text.first(where: { !$0.isWhitespace && $0 != "\u{FEFF}" }), "[{".contains(first) {
      text = text.replacing("\t", with: " ")
    }
    let root: Node?
    do { root = try compose(yaml: text) } catch {
      throw refuse(message(of: error), line: line(of: error))
    }
    guard let root else { return [] }
    var aliases = 0
    let whole = definition(root, name: name, depth: 0, &aliases)
    guard aliases < 100_000 else { throw refuse("grows without end by its aliases or its nesting") }
    switch whole.content {
    case .nothing: return []
    case .list(let items): return items
    case .table(let fields):
      // `Tasks:` with the list under it.
      if fields.count == 1, fields[0].name.lowercased() == "tasks",
        case .list(let items) = fields[0].value.content
      {
        return items
      }
      return [whole]
    case .text: throw refuse("holds no list of tasks; write `- Path: \\myApp\\task` and so on")
    }
  }

  private static func definition(
    _ node: Node, name: String, depth: Int, _ count: inout Int
  ) -> TaskDefinition {
    let place = node.mark.map { "\(name):\($0.line)" } ?? name
    count += depth > 64 ? 100_000 : 1
    guard count < 100_000 else { return TaskDefinition(.nothing, place: place) }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      if isPlain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
        return TaskDefinition(.nothing, place: place)
      }
      return TaskDefinition(.text(scalar.string, isQuoted: !isPlain), place: place)
    case .sequence(let items):
      return TaskDefinition(
        .list(items.map { definition($0, name: name, depth: depth + 1, &count) }), place: place)
    case .mapping(let pairs):
      var fields: [TaskDefinition.Field] = []
      for (key, value) in pairs {
        var value = definition(value, name: name, depth: depth + 1, &count)
        // A property stands where its name does.
        if let line = key.mark?.line { value.place = "\(name):\(line)" }
        fields.append(.init(key.string ?? "", value))
      }
      return TaskDefinition(.table(fields), place: place)
    case .alias:
      return TaskDefinition(.nothing, place: place)
    }
  }

  private static func message(of error: any Error) -> String {
    switch error {
    case YamlError.scanner(_, let problem, _, _), YamlError.parser(_, let problem, _, _),
      YamlError.composer(_, let problem, _, _):
      "is neither YAML nor JSON: \(problem)"
    case YamlError.duplicatedKeysInMapping(let keys, _):
      "the same name stands there twice: \(keys.sorted().joined(separator: ", "))"
    default: "is neither YAML nor JSON: \(error)"
    }
  }

  private static func line(of error: any Error) -> Int? {
    switch error {
    case YamlError.scanner(_, _, let mark, _), YamlError.parser(_, _, let mark, _),
      YamlError.composer(_, _, let mark, _):
      mark.line
    case YamlError.duplicatedKeysInMapping(_, let context): context.mark.line
    default: nil
    }
  }
}

extension Error {
  /// What the system said, without what is around it.
  var reason: String {
    guard let error = self as? CocoaError else { return "\(self)" }
    switch error.code {
    case .fileReadNoSuchFile, .fileNoSuchFile: return "there is no such file"
    case .fileReadNoPermission: return "permission denied"
    default: return "\(error)"
    }
  }
}
