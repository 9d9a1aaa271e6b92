/// Something that a job with an `allow` list may do to the world: `http:api.example.com`, `fs:write:/srv`.
///
/// | kind | target |
/// | --- | --- |
/// | `http` | a host: `api.example.com`, `api.example.com:8443`, or `*.example.com` for all below it |
/// | `fs:read`, `fs:write` | a file or a folder with all that is in it |
/// | `process` | a program, as the job names it |
/// | `notify` | none |
///
/// Without a target, it is for all of them.
public struct Capability: Sendable, Hashable {
  public enum Kind: String, Sendable, CaseIterable {
    case http
    case read = "fs:read"
    case write = "fs:write"
    case process
    case notify
  }

  public var kind: Kind
  /// What it is limited to; `nil` for no limit.
  public var target: String?

  public init(_ kind: Kind, _ target: String? = nil) {
    self.kind = kind
    self.target = target
  }

  /// Reads what a job has written.
  ///
  /// - Throws: What is wrong with it, and what would be right.
  public init(parsing text: String) throws(CapabilityError) {
    guard let kind = Kind.allCases.first(where: { text == $0.rawValue || text.hasPrefix($0.rawValue + ":") })
    else { throw CapabilityError(Self.objection(to: text)) }
    self.kind = kind
    guard text != kind.rawValue else { return }
    let target = String(text.dropFirst(kind.rawValue.count + 1))
    if let objection = kind.objection(to: target) { throw CapabilityError(objection) }
    self.target = kind == .http ? target.lowercased() : target
  }

  private static func objection(to text: String) -> String? {
    guard text == "fs" || text.hasPrefix("fs:") else { return nil }
    let path = text.hasPrefix("fs:") ? text.dropFirst(2) : ""
    guard path.isEmpty || path.hasPrefix(":/") || path.hasPrefix(":.") || path.hasPrefix(":~") else {
      return nil
    }
    return "says not what; write \"fs:read\(path)\", \"fs:write\(path)\" or both"
  }
}

extension Capability: CustomStringConvertible {
  /// As it is written in `allow`.
  public var description: String { kind.rawValue + (target.map { ":" + $0 } ?? "") }
}

extension Capability.Kind {
  /// Why the text cannot be what it is limited to; `nil` if it can.
  fileprivate func objection(to target: String) -> String? {
    if self == .notify { return "takes nothing after it; write \"notify\"" }
    if target.isEmpty { return "ends in a colon; write \"\(rawValue)\", or what it is limited to after it" }
    if target.utf8.contains(0) { return "has a zero byte in it" }
    guard self == .http else { return nil }
    guard let scheme = target.firstRange(of: "://") else {
      return target.contains("/") ? "a host is expected, without a path: \"http:\(host(target))\"" : nil
    }
    return "a host is expected, not a URL: \"http:\(host(target[scheme.upperBound...]))\""
  }

  private func host(_ text: some StringProtocol) -> String { String(text.prefix { $0 != "/" }) }
}

/// Why a text is no ``Capability``.
public struct CapabilityError: Error, Sendable, Equatable {
  /// What is wrong and what would be right; `nil` if there is no capability of that name.
  public let objection: String?

  init(_ objection: String?) { self.objection = objection }
}
