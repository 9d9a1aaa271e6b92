import Values

// The one place where `allow` is looked at.
extension HostCall {
  /// Why a job that is allowed no more than this may not make the call, with the line that would let it.
  func refusal(of needs: HostFunction.Needs?, allowed: [Capability]) -> String? {
    guard let needs else {
      return "a job with schedule.allow cannot call this: it is not known what it does to the world"
    }
    return needs(self).lazy.compactMap { self.refusal(of: $0, allowed: allowed) }.first
  }

  /// The same for something that turns out to be needed only later, such as the host that a server sends
  /// the request on to. From any thread.
  public func refusal(of need: Capability) -> String? {
    job.allowed.flatMap { refusal(of: need, allowed: $0) }
  }

  private func refusal(of need: Capability, allowed: [Capability]) -> String? {
    let granted = allowed.filter { $0.kind == need.kind }
    let isCovered: Bool
    var suggestion = need
    switch need.kind {
    case .http:
      isCovered = granted.contains { $0.coversHost(need.target) }
      suggestion.target = need.host
    case .read, .write:
      let path = FolderPath(resolved: need.target ?? "/")
      let own = need.kind == .read ? [job.folder, job.outputFolder] : [job.outputFolder]
      isCovered =
        own.contains { FolderPath($0, in: job).holds(path) }
        || granted.contains { $0.target.map { FolderPath($0, in: job).holds(path) } ?? true }
      suggestion.target = path.folder
    case .process: isCovered = granted.contains { $0.target == nil || $0.target == need.target }
    case .notify: isCovered = !granted.isEmpty
    }
    return isCovered ? nil : "this job may not \(need.words): add \"\(suggestion)\" to schedule.allow"
  }
}

extension Capability {
  /// To read or write what a path leads to.
  ///
  /// - Parameters:
  ///   - path: Absolute.
  ///   - followsLast: `false` if it is the link itself that is meant where the path's last name is one's.
  public init(_ kind: Kind, path: [UInt8], followsLast: Bool = true) {
    self.init(kind, String(decoding: FilePath.resolved(path, followsLast: followsLast), as: UTF8.self))
  }

  /// The host without its port.
  fileprivate var host: String? { target.map { Self.host(of: $0) } }

  private static func host(of authority: String) -> String {
    guard let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") else {
      return authority
    }
    return String(authority[..<colon])
  }

  fileprivate func coversHost(_ authority: String?) -> Bool {
    guard let target else { return true }
    guard let authority = authority?.lowercased() else { return false }
    let host = Self.host(of: authority)
    if target.hasPrefix("*.") { return host.hasSuffix(target.dropFirst()) }
    return target == host || target == authority
  }

  /// What a job may not do, in words.
  fileprivate var words: String {
    switch kind {
    case .http: "send requests to \(target ?? "any host")"
    case .read: "read \(target ?? "files")"
    case .write: "write \(target ?? "files")"
    case .process: "run \(target ?? "programs")"
    case .notify: "send notifications"
    }
  }
}

/// A path of a file or folder with its links followed, as of now.
private struct FolderPath {
  private let bytes: [UInt8]
  private static let slash = UInt8(ascii: "/")

  init(resolved path: String) { bytes = Array(path.utf8) }

  /// - Parameter path: Relative ones count from the job's folder.
  init(_ path: String, in job: JobContext) {
    bytes = FilePath.resolved(FilePath.absolute(Array(path.utf8), in: job.folder))
  }

  /// Whether `other` is this or lies below it.
  func holds(_ other: FolderPath) -> Bool {
    other.bytes == bytes || other.bytes.starts(with: bytes.last == Self.slash ? bytes : bytes + [Self.slash])
  }

  /// The folder that the path lies in.
  var folder: String {
    let parent = bytes[..<(bytes.lastIndex(of: Self.slash) ?? 0)]
    return parent.isEmpty ? "/" : String(decoding: parent, as: UTF8.self)
  }
}
