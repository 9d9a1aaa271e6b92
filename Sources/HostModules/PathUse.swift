import LuaHost
import Values

/// What a function does with one of its arguments that is a path: what `allow` is asked.
enum PathUse: Sendable {
  /// With the file or folder that the argument at this index leads to. An absent one is the job's own folder.
  case read(Int)
  case write(Int)
  /// Changes the entry itself, be it a link.
  case change(Int)
  /// Reads what a pattern names.
  case search(Int)
  /// With an option of the table at this index; an absent one needs nothing.
  case readOption(Int, String)
  case writeOption(Int, String)

  fileprivate func need(of call: HostCall) -> Capability? {
    switch self {
    case .read(let index): Self.path(index, call).map { Capability(.read, path: $0) }
    case .write(let index): Self.path(index, call).map { Capability(.write, path: $0) }
    case .change(let index): Self.path(index, call).map { Capability(.write, path: $0, followsLast: false) }
    case .search(let index): Self.path(index, call).map { Capability(.read, path: Self.folder(of: $0)) }
    case .readOption(let index, let name):
      Self.path(Self.argument(index, call)[name], call).map { Capability(.read, path: $0) }
    case .writeOption(let index, let name):
      Self.path(Self.argument(index, call)[name], call).map { Capability(.write, path: $0) }
    }
  }

  private static func argument(_ index: Int, _ call: HostCall) -> DataValue {
    call.arguments.indices.contains(index) ? call.arguments[index] : .null
  }

  private static func path(_ index: Int, _ call: HostCall) -> [UInt8]? {
    let given = argument(index, call)
    return path(given == .null ? "." : given, call)
  }

  /// Absolute; `nil` for what is no path.
  private static func path(_ given: DataValue, _ call: HostCall) -> [UInt8]? {
    LuaText.bytes(given).map { FilePath.absolute($0, in: call.job.folder) }
  }

  /// The part of a pattern's path before its first wildcard.
  private static func folder(of pattern: [UInt8]) -> [UInt8] {
    guard let wildcard = pattern.firstIndex(where: { "*?[".utf8.contains($0) }) else { return pattern }
    return Array(pattern[...(pattern[..<wildcard].lastIndex(of: UInt8(ascii: "/")) ?? 0)])
  }
}

extension HostFunction {
  /// What a function needs that is given paths.
  static func needs(_ uses: PathUse...) -> Needs { needs(uses) }

  /// The same of a function by its name; `nil` if it is not in the table.
  static func needs(of name: String, in table: [String: [PathUse]]) -> Needs? {
    guard let uses = table[name] else { return nil }
    return needs(uses)
  }

  private static func needs(_ uses: [PathUse]) -> Needs {
    { call in uses.compactMap { $0.need(of: call) } }
  }
}
