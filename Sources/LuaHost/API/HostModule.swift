import Values

/// What a job can `require`: functions in Swift, and Lua around them.
public struct HostModule: Sendable {
  /// What `require` is given, such as `almanac.http`.
  public let name: String
  public let functions: [HostFunction]
  /// A Lua chunk that returns the module. It is called with a table of the module's ``functions`` by
  /// their names and, as second argument, what the host offers to Lua wrappers:
  ///
  /// | | |
  /// | --- | --- |
  /// | `null` | the value that stands for JSON's null inside tables |
  /// | `list(t)` | marks the table `t` as a list and returns it |
  /// | `is_list(t)` | whether it is marked |
  ///
  /// Without a source, `require` gives the table of functions.
  public let luaSource: [UInt8]?

  public init(name: String, functions: [HostFunction], luaSource: [UInt8]? = nil) {
    self.name = name
    self.functions = functions
    self.luaSource = luaSource
  }
}

/// A function in Swift that Lua code can call.
public struct HostFunction: Sendable {
  /// The name in the module's table of functions.
  public let name: String
  /// Whether a call may change the world: a run that has made one is not silently started again after its
  /// host has fallen.
  public let isOutside: Bool
  /// What becomes of it in a dry run; what may change the world is announced, unless its author says better.
  public let inDryRun: InDryRun
  /// Is called on a Lua worker, and must not block it.
  public let body: @Sendable (HostCall) -> HostReply

  public init(
    name: String, isOutside: Bool, inDryRun: InDryRun? = nil,
    body: @escaping @Sendable (HostCall) -> HostReply
  ) {
    self.name = name
    self.isOutside = isOutside
    self.inDryRun = inDryRun ?? (isOutside ? .isAnnounced : .isCalled)
    self.body = body
  }
}

/// What a ``HostFunction`` answers.
public enum HostReply: Sendable {
  /// The values that the call returns; `.null` among them is `nil`, inside tables `null`.
  case values([DataValue])
  /// Trouble from outside: the call returns `nil` and this text.
  case trouble(String)
  /// A mistake in the script: the call raises this text, with the line that made it.
  case misuse(String)
  /// ``HostCall/resume(_:)`` will bring the answer; the run waits without holding a thread.
  case waiting
}
