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
  /// | `raise(message)` | raises with the line of the caller, past the host's own Lua functions |
  /// | `handle(id, t, metatable)` | a userdata that keeps the table `t`; see ``StateResource/released(_:)`` |
  /// | `handle_data(v)` | the table of a handle; nil for any other value |
  /// | `collect()` | has handles released now that nobody can use any more |
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
  /// What the job must be allowed to do for a call. `nil` where nobody has said so: then a job with an `allow`
  /// list cannot call it.
  public var needs: Needs?
  /// What becomes of it in a dry run; what may change the world is announced, unless its author says better.
  public let inDryRun: InDryRun
  /// Is called on a Lua worker, and must not block it.
  public let body: @Sendable (HostCall) -> HostReply

  /// What a call needs, read from its arguments. Of arguments that make no sense it need not say anything: such a
  /// call must do nothing but raise. Paths are those of
  /// ``Capability/init(_:path:followsLast:)``, and hosts have their port if it is written.
  public typealias Needs = @Sendable (HostCall) -> [Capability]

  public init(
    name: String, isOutside: Bool, needs: Needs? = nil, inDryRun: InDryRun? = nil,
    body: @escaping @Sendable (HostCall) -> HostReply
  ) {
    self.name = name
    self.isOutside = isOutside
    self.needs = needs
    self.inDryRun = inDryRun ?? (isOutside ? .isAnnounced : .isCalled)
    self.body = body
  }

  /// Concerns only the job itself: every job may call it.
  public static let needsNothing: Needs = { _ in [] }
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
