import Jobs

/// Why a job that was asked for by name could not be run.
public enum SingleRunError: Error, Sendable, Equatable, CustomStringConvertible {
  case noSuchJob(String, near: [String])
  case doesNotLoad([LoadError])

  public var description: String {
    switch self {
    case .noSuchJob(let name, let names): noSuchJobText(name, among: names)
    case .doesNotLoad(let errors): errors.map(\.description).joined(separator: "\n")
    }
  }
}
