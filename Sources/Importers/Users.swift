import Glibc

/// The users of a machine, as far as an import has to know them.
public struct Users: Sendable {
  /// Who is going to run the jobs.
  public var current: String
  private let homes: @Sendable (String) -> String?

  /// - Parameter homes: The home folder of a user, nil where there is no such user.
  public init(current: String, homes: @escaping @Sendable (String) -> String?) {
    self.current = current
    self.homes = homes
  }

  /// Those of this machine. Who imports is taken for who is going to run the jobs.
  public static let ofMachine = Users(
    current: getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "",
    homes: { name in getpwnam(name).map { String(cString: $0.pointee.pw_dir) } })

  /// The home folder of a user; nil where there is no such user.
  public func home(of name: String) -> String? { homes(name) }
}
