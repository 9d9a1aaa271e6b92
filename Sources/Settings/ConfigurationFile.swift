import Glibc
import Jobs
import Values
import Yams

/// `almanac.yaml` as data, with the lines on which its keys stand.
///
/// Plain scalars are read as YAML 1.2's core schema has it: `true` and `false`, whole and decimal
/// numbers, `null`; all else is text, so that `02:00` and `no` are what they look like.
public struct ConfigurationFile: Sendable {
  public static let name = "almanac.yaml"

  /// Absolute.
  public let path: String
  let table: DataTable
  let lines: PlaceLines

  /// Where the relative paths in it start.
  var folder: String {
    let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
    return folder.isEmpty ? "/" : String(folder)
  }

  /// The file that was asked for by name, else the one in this folder, else the machine's; `nil` where
  /// there is none.
  ///
  /// - Parameters:
  ///   - named: a path that was asked for, which must be there, and how it was: `--config`.
  ///   - folder: absolute; the one that holds the folder of jobs.
  public static func find(
    named: (path: String, by: String)?, besideJobs folder: String
  ) throws(SettingsError) -> ConfigurationFile? {
    if let named {
      let bytes: [UInt8]
      do throws(FileTrouble) { bytes = try SourceFile.read(named.path) } catch {
        throw SettingsError(["\(named.by): \(named.path) \(error.message)"])
      }
      return try ConfigurationFile(path: named.path, bytes: bytes)
    }
    for path in candidates(besideJobs: folder) {
      let bytes: [UInt8]
      do throws(FileTrouble) { bytes = try SourceFile.read(path) } catch {
        if error.isGone { continue }
        throw SettingsError(["\(path): \(error.message)"])
      }
      return try ConfigurationFile(path: path, bytes: bytes)
    }
    return nil
  }

  /// Where a file is looked for that nobody named.
  public static func candidates(besideJobs folder: String) -> [String] {
    [(folder == "/" ? "" : folder) + "/" + name, "/etc/" + name]
  }

  init(path: String, bytes: [UInt8]) throws(SettingsError) {
    self.path = path
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SettingsError(["\(path): the file is not valid UTF-8"])
    }
    var reading = Reading()
    do {
      // A file of comments alone says nothing.
      table = try compose(yaml: text).map { try reading.top($0) } ?? DataTable()
      lines = reading.lines
    } catch let problem as Problem {
      throw SettingsError([Self.place(path, problem.line) + problem.message])
    } catch let error as YamlError {
      let (line, message) = Self.explain(error)
      throw SettingsError([Self.place(path, line) + message])
    } catch {
      throw SettingsError(["\(path): \(error)"])
    }
  }

  private static func place(_ path: String, _ line: Int?) -> String {
    path + (line.map { ":\($0)" } ?? "") + ": "
  }

  private static func explain(_ error: YamlError) -> (line: Int?, message: String) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      (mark.line, "this is not YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      (context.mark.line, "the key \(keys.sorted().joined(separator: ", ")) stands here twice")
    case .reader(let problem, _, _, _): (nil, "this is not YAML: \(problem)")
    default: (nil, "this is not YAML: \(error)")
    }
  }

  // MARK: - From nodes to data

  private struct Problem: Error {
    let line: Int?
    let message: String
  }

  private struct Reading {
    /// More values than anybody writes by hand: aliases of aliases can make any number of a few lines.
    private static let most = 100_000

    var lines = PlaceLines()
    private var count = 0

    mutating func top(_ node: Node) throws(Problem) -> DataTable {
      switch try value(node, at: "") {
      case .table(let table) where table.items.isEmpty && !table.isList: return table
      case .null: return DataTable()
      default: throw Problem(line: node.mark?.line, message: "settings are written as `key: value`")
      }
    }

    private mutating func value(_ node: Node, at place: String) throws(Problem) -> DataValue {
      count += 1
      guard count <= Self.most else {
        throw Problem(line: node.mark?.line, message: "there are more than \(Self.most) values in this file")
      }
      switch node {
      case .scalar(let scalar): return plain(scalar)
      case .mapping(let mapping):
        var fields: [String: DataValue] = [:]
        for (key, inner) in mapping {
          guard let name = key.scalar?.string else {
            throw Problem(line: key.mark?.line, message: "a key has to be a word")
          }
          let place = TableReader.place(of: name, in: place)
          if let line = key.mark?.line { lines.note(line, of: place) }
          fields[name] = try value(inner, at: place)
        }
        return .object(fields)
      case .sequence(let sequence):
        var items: [DataValue] = []
        for item in sequence {
          let place = "\(place)[\(items.count + 1)]"
          if let line = item.mark?.line { lines.note(line, of: place) }
          items.append(try value(item, at: place))
        }
        return .list(items)
      case .alias: throw Problem(line: node.mark?.line, message: "an alias of nothing")
      }
    }

    private func plain(_ scalar: Node.Scalar) -> DataValue {
      let text = scalar.string
      guard scalar.style == .plain else { return .string(text) }
      switch text {
      case "", "~", "null", "Null", "NULL": return .null
      case "true", "True", "TRUE": return true
      case "false", "False", "FALSE": return false
      default: return number(text) ?? .string(text)
      }
    }

    private func number(_ text: String) -> DataValue? {
      guard text.utf8.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) }) else { return nil }
      if let whole = Int64(text) { return .int(whole) }
      return Double(text).flatMap { $0.isFinite ? .double($0) : nil }
    }
  }
}
