import LuaHost
import Values

/// What a function does with one of its arguments that is a path: what `allow` is asked.
enum PathUse: Sendable {
  /// With the file or folder that the argument at this index leads to. An absent one is the job's own folder.
  case read(Int)
  case write(Int)
  /// Changes the entry itself, be it a link.
  case change(Int)
  /// Looks at the entry itself.
  case look(Int)
  /// Writes to one argument, or without it to the other's path with or without the ending `.gz`.
  case packed(Int, of: Int)
  case unpacked(Int, of: Int)
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
    case .look(let index): Self.path(index, call).map { Capability(.read, path: $0, followsLast: false) }
    case .packed(let index, let other):
      Self.path(index, else: other, call) { $0 + ".gz".utf8 }.map { Capability(.write, path: $0) }
    case .unpacked(let index, let other):
      Self.path(index, else: other, call) { $0.dropLast(3) }.map { Capability(.write, path: $0) }
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

  private static func path(
    _ index: Int, else other: Int, _ call: HostCall, _ change: ([UInt8]) -> [UInt8]
  ) -> [UInt8]? {
    argument(index, call) == .null ? path(other, call).map(change) : path(index, call)
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

  /// The function with what the table says of it by its name, if it is there.
  func needing(_ table: [String: [PathUse]]) -> HostFunction {
    var function = self
    if let uses = table[name] { function.needs = Self.needs(uses) }
    return function
  }

  private static func needs(_ uses: [PathUse]) -> Needs {
    { call in uses.compactMap { $0.need(of: call) } }
  }
}
