/// What is wrong with a job on disk, as the person who wrote it needs to read it.
public struct LoadError: Error, Sendable, Hashable {
  /// The job that this version of does not load; where a name cannot be a job's, that name as shown.
  public let job: String
  /// The file, as the user would name it: under the jobs folder as it was given.
  public let file: String
  public let line: Int?
  /// What was found and what would be right, without the place.
  public let message: String

  public init(job: String, file: String, line: Int? = nil, message: String) {
    self.job = job
    self.file = file
    self.line = line
    self.message = message
  }
}

extension LoadError: CustomStringConvertible {
  /// `file:line: message`.
  public var description: String {
    if let line { "\(file):\(line): \(message)" } else { "\(file): \(message)" }
  }
}

extension LoadError: Comparable {
  /// By file, then by line, then by what is said: the order of a listing.
  public static func < (left: LoadError, right: LoadError) -> Bool {
    (left.file, left.line ?? 0, left.message) < (right.file, right.line ?? 0, right.message)
  }
}

/// All that is wrong with one version of a job; never empty.
public struct LoadFailure: Error, Sendable, Equatable, CustomStringConvertible {
  public let errors: [LoadError]
  /// Whether the same files may well load a little later: what is missing comes from elsewhere.
  public let mayPass: Bool

  public init(_ errors: [LoadError], mayPass: Bool = false) {
    self.errors = errors
    self.mayPass = mayPass
  }

  public var description: String { errors.map(\.description).joined(separator: "\n") }
}
