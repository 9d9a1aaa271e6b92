import Glibc
import LuaHost

/// Finds the files that a pattern names: `*`, `?` and `[a-z]` within a name, `**` for any number of
/// folders.
///
/// As in a shell, `*`, `?` and `**` leave out names that begin with a dot, a backslash makes the next
/// character plain, and a folder that may not be read has no matches.
struct Glob {
  private let components: [[UInt8]]
  private let start: JobPath
  /// What each result begins with: `/`, or nothing for a pattern relative to the job's folder.
  private let prefix: [UInt8]

  private static let slash = UInt8(ascii: "/")
  private static let anyDepth = Array("**".utf8)
  /// How many names a search looks at before it is taken for a mistake.
  private static let visitLimit = 1_000_000

  /// - Parameter folder: Where a relative pattern starts.
  init(_ pattern: [UInt8], in folder: String, of function: String) throws(Misuse) {
    let path = try JobPath(pattern, in: folder, of: function, name: "pattern")
    // A leading `~/` has been made absolute by now.
    let isRelative = pattern[0] != Self.slash && path.bytes.suffix(pattern.count) == pattern[...]
    components = (isRelative ? pattern : path.bytes).split(separator: Self.slash).map(Array.init)
    prefix = isRelative ? [] : [Self.slash]
    start = try JobPath(isRelative ? Array(".".utf8) : [Self.slash], in: folder, of: function)
  }

  /// The paths that match, in order of their bytes.
  func matches(_ cancellation: Cancellation = Cancellation()) throws(Trouble) -> [[UInt8]] {
    var found: Set<[UInt8]> = []
    var visits = 0
    var pending: [(path: JobPath, text: [UInt8], rest: ArraySlice<[UInt8]>)] = [
      (start, prefix, components[...])
    ]
    while let (path, text, rest) = pending.popLast() {
      guard let component = rest.first else {
        found.insert(text)
        continue
      }
      let after = rest.dropFirst()
      guard Self.isMagic(component) else {
        let next = path.appending(Self.plain(component))
        if Self.exists(next) { pending.append((next, Self.join(text, Self.plain(component)), after)) }
        continue
      }
      let isAnyDepth = component == Self.anyDepth
      // `a/**` means all that is below `a`; in `a/**/b`, `b` may stand in `a` itself.
      if isAnyDepth, !after.isEmpty { pending.append((path, text, after)) }
      for name in (try? FileSystem.names(in: path)) ?? [] {
        try cancellation.check()
        visits += 1
        guard visits <= Self.visitLimit else {
          throw Trouble("the pattern looks at more than \(Self.visitLimit) names: begin it with a folder")
        }
        guard Self.matches(name, isAnyDepth ? [UInt8(ascii: "*")] : component) else { continue }
        let next = path.appending(name)
        let nextText = Self.join(text, name)
        if isAnyDepth {
          if after.isEmpty { found.insert(nextText) }
          if Self.isFolder(next) { pending.append((next, nextText, rest)) }
        } else {
          pending.append((next, nextText, after))
        }
      }
    }
    return found.sorted { $0.lexicographicallyPrecedes($1) }
  }

  private static func isMagic(_ component: [UInt8]) -> Bool {
    component.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
  }

  /// A component without magic, its backslashes taken away.
  private static func plain(_ component: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var isEscaped = false
    for byte in component {
      if byte == UInt8(ascii: "\\"), !isEscaped {
        isEscaped = true
      } else {
        isEscaped = false
        result.append(byte)
      }
    }
    return result
  }

  private static func join(_ text: [UInt8], _ name: [UInt8]) -> [UInt8] {
    text.isEmpty || text.last == slash ? text + name : text + [slash] + name
  }

  /// Whether a name matches a pattern as a shell has it.
  ///
  /// - Parameter flags: Of `fnmatch`.
  static func matches(_ name: [UInt8], _ pattern: [UInt8], _ flags: Int32 = FNM_PERIOD) -> Bool {
    let name = (name + [0]).map { CChar(bitPattern: $0) }
    let pattern = (pattern + [0]).map { CChar(bitPattern: $0) }
    return fnmatch(pattern, name, flags) == 0
  }

  private static func exists(_ path: JobPath) -> Bool {
    (try? FileSystem.status(path, followingLinks: false)) != nil
  }

  /// Whether `**` goes into it: links are not followed, so that a circle of them ends.
  private static func isFolder(_ path: JobPath) -> Bool {
    guard let status = try? FileSystem.status(path, followingLinks: false) else { return false }
    return FileSystem.isFolder(status)
  }
}
