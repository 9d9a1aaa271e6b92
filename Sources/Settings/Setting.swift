/// A setting's value, and where it came from.
public struct Setting<Value: Sendable>: Sendable {
  public var value: Value
  public var origin: SettingOrigin

  public init(_ value: Value, _ origin: SettingOrigin) {
    self.value = value
    self.origin = origin
  }
}

extension Setting: Equatable where Value: Equatable {}

/// Where a setting's value came from.
public enum SettingOrigin: Sendable, Equatable, CustomStringConvertible {
  /// The command line: `--grace`.
  case flag(String)
  /// The environment: `ALMANAC_GRACE`.
  case variable(String)
  case file(String, line: Int?)
  case builtIn

  public var description: String {
    switch self {
    case .flag(let name), .variable(let name): name
    case .file(let path, let line): path + (line.map { ":\($0)" } ?? "")
    case .builtIn: "default"
    }
  }
}

/// All that is wrong with the settings, a sentence each; never empty.
public struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
  public let problems: [String]

  public init(_ problems: [String]) { self.problems = problems }

  public var description: String { problems.joined(separator: "\n") }
}
