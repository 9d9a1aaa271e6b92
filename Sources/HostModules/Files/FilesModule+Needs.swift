import LuaHost
import Values

extension FilesModule {
  /// What a function does with an argument that is a path.
  private enum Use {
    case read(Int)
    case write(Int)
    /// To the entry itself, be it a link.
    case entry(Int)
    /// The same, only to look at it.
    case link(Int)
    /// To all that a pattern names.
    case search(Int)
    /// What `gzip` or `gunzip` makes of the first path, where the second is absent.
    case result(of: @Sendable ([UInt8]) -> [UInt8])
  }

  private static let uses: [String: [Use]] = [
    "read": [.read(0)], "chunk": [.read(0)], "list": [.read(0)], "glob": [.search(0)], "exists": [.read(0)],
    "stat": [.read(0)], "disk": [.read(0)],
    "write": [.write(0)], "append": [.write(0)], "mkdir": [.write(0)], "remove": [.entry(0)],
    "copy": [.read(0), .write(1)], "move": [.entry(0), .entry(1)], "chmod": [.write(0)],
    "scan": [.read(0)], "hash": [.read(0)], "symlink": [.entry(1)], "readlink": [.link(0)],
    "gzip": [.read(0), .result { $0 + gzipEnding }], "gunzip": [.read(0), .result { Array($0.dropLast(3)) }],
    "tar": [.read(0), .write(1)], "untar": [.read(0), .write(1)],
  ]

  /// What a call of the function needs; `nil` if that is not known.
  static func needs(of function: String) -> HostFunction.Needs? {
    guard let uses = uses[function] else { return nil }
    return { call in uses.compactMap { need($0, of: call) } }
  }

  /// To read the file that the first argument names, for functions of other modules.
  static let needsFirstPath: HostFunction.Needs = { call in [need(.read(0), of: call)].compactMap(\.self) }

  private static func need(_ use: Use, of call: HostCall) -> Capability? {
    let arguments = Arguments(call.arguments, of: "")
    func path(_ index: Int) -> [UInt8]? {
      // An absent path is the job's own folder.
      let given = arguments[index] == .null ? [UInt8(ascii: ".")] : LuaText.bytes(arguments[index])
      return given.map { FilePath.absolute($0, in: call.job.folder) }
    }
    switch use {
    case .read(let index): return path(index).map { Capability(.read, path: $0) }
    case .write(let index): return path(index).map { Capability(.write, path: $0) }
    case .link(let index): return path(index).map { Capability(.read, path: $0, followsLast: false) }
    case .result(let name):
      let given = arguments[1] == .null ? LuaText.bytes(arguments[0]).map(name) : LuaText.bytes(arguments[1])
      return given.map { Capability(.write, path: FilePath.absolute($0, in: call.job.folder)) }
    case .entry(let index): return path(index).map { Capability(.write, path: $0, followsLast: false) }
    case .search(let index): return path(index).map { Capability(.read, path: folder(ofPattern: $0)) }
    }
  }

  /// The part of a pattern's path before its first wildcard.
  private static func folder(ofPattern pattern: [UInt8]) -> [UInt8] {
    guard let wildcard = pattern.firstIndex(where: { "*?[".utf8.contains($0) }) else { return pattern }
    return Array(pattern[...(pattern[..<wildcard].lastIndex(of: UInt8(ascii: "/")) ?? 0)])
  }
}
