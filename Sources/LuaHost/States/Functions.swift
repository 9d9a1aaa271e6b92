import Values

/// What Lua gets from a call: an answer, or the end of the run.
enum CallResult {
  case reply(HostReply)
  case end(RunEnd)
}

/// All functions that Lua can call, by their number, and the modules they belong to.
///
/// The first two numbers are known to `prelude.lua`.
struct Functions: Sendable {
  typealias Body = @Sendable (LuaState, HostCall) -> CallResult

  struct Entry: Sendable {
    let isOutside: Bool
    var needs: HostFunction.Needs? = HostFunction.needsNothing
    let body: Body
  }

  /// A module as `require` finds it.
  struct Module: Sendable {
    let source: [UInt8]?
    let functions: [String: DataValue]
  }

  private(set) var entries: [Entry]
  private(set) var modules: [String: Module] = [:]

  init(modules: [HostModule]) {
    entries = [
      Entry(isOutside: false) { state, call in .reply(state.findModule(call)) },
      Entry(isOutside: false) { state, call in .reply(LogModule.write(state, call, shownAs: "print")) },
    ]
    add(
      "almanac.job", source: EmbeddedSource.bytes("almanac/job.lua"),
      JobModule.functions.merging(StepFunctions.functions) { $1 })
    add("almanac.kv", source: EmbeddedSource.bytes("almanac/kv.lua"), KeyValueModule.functions)
    add("almanac.log", source: EmbeddedSource.bytes("almanac/log.lua"), LogModule.functions)
    for module in modules {
      var bodies: [String: Entry] = [:]
      for function in module.functions {
        let title = "\(module.name.split(separator: ".").last ?? "").\(function.name)"
        bodies[function.name] = Entry(isOutside: function.isOutside, needs: function.needs) { _, call in
          if case .isAnnounced = function.inDryRun, call.run?.dry == true {
            return .reply(call.announce(title))
          }
          return .reply(function.body(call))
        }
      }
      add(module.name, source: module.luaSource, bodies)
    }
  }

  private mutating func add(_ name: String, source: [UInt8]?, _ bodies: [String: Entry]) {
    var numbers: [String: DataValue] = [:]
    for (name, entry) in bodies {
      numbers[name] = .int(Int64(entries.count))
      entries.append(entry)
    }
    modules[name] = Module(source: source, functions: numbers)
  }
}
