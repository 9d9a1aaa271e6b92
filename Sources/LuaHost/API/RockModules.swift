import Files
import Glibc

/// The modules of a job's rocks: a tree of files as LuaRocks lays it out.
public struct RockModules: Sendable, Equatable {
  /// The tree's folder, absolute.
  public var tree: String
  /// Whether native modules may be loaded. They do in the process what they like, so it must be the job's own.
  public var allowsNative: Bool

  public init(tree: String, allowsNative: Bool) {
    self.tree = tree
    self.allowsNative = allowsNative
  }

  enum Found {
    case text(ScriptSource.File)
    /// A shared library, and the function in it that opens the module.
    case native(path: String, opener: String)
    /// It is there, and cannot be had; the text says why.
    case refused(String)
  }

  private var textFolder: String { tree + "/share/lua/5.4/" }
  private var nativeFolder: String { tree + "/lib/lua/5.4/" }

  /// Looks for a module where, and in the order in which, Lua's own `require` would.
  func find(_ name: String) -> Found? {
    guard !name.isEmpty, !name.utf8.contains(0) else { return nil }
    let path = name.replacing(".", with: "/")
    for file in ["\(path).lua", "\(path)/init.lua"].map({ textFolder + $0 }) where Self.isFile(file) {
      do throws(SystemFailure) {
        return .text(ScriptSource.File(path: file, bytes: try Self.read(file)))
      } catch {
        return .refused("cannot read \(file): \(error)")
      }
    }
    // A library may hold the modules below its name, too.
    let root = String(path.prefix { $0 != "/" })
    for file in [path, root].map({ "\(nativeFolder)\($0).so" }) where Self.isFile(file) {
      guard allowsNative else {
        return .refused(
          "it is native (\(file)), and a native module needs a host process of its own: "
            + "add host = \"own\" to the schedule")
      }
      return .native(path: file, opener: Self.opener(of: name))
    }
    return nil
  }

  /// `luaopen_a_b` for `a.b`, and for `v2-a.b`: what stands before a hyphen is a version.
  private static func opener(of name: String) -> String {
    let plain = name.firstIndex(of: "-").map { name[name.index(after: $0)...] } ?? name[...]
    return "luaopen_" + plain.replacing(".", with: "_")
  }

  private static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// The bytes of a file, up to one more than it may have.
  private static func read(_ path: String) throws(SystemFailure) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw SystemFailure() }
    defer { close(file) }
    return try FileBytes.rest(of: file, limit: ScriptSource.fileLimit + 1)
  }
}
