import LuaHost
import Values

extension HostFunction {
  /// What a ``blocking(_:of:shownAs:takes:changes:needs:_:)`` function does when its arguments have been read.
  typealias Work = @Sendable () throws(Trouble) -> [DataValue]
  /// The same, with something to ask between two pieces of it.
  typealias LongWork = @Sendable (Cancellation) throws(Trouble) -> [DataValue]

  /// A function that changes nothing and answers at once, on the Lua worker.
  ///
  /// - Parameters:
  ///   - module: What messages put before the function's name: `crypto`.
  ///   - takes: As in ``blocking(_:of:shownAs:takes:changes:needs:_:)``.
  static func immediate(
    _ name: String, of module: String, takes: Int? = nil,
    _ body: @escaping @Sendable (Arguments, JobContext) throws(Misuse) -> HostReply
  ) -> HostFunction {
    HostFunction(name: name, isOutside: false, needs: needsNothing) { call in
      let arguments = Arguments(call.arguments, of: "\(module).\(name)")
      do throws(Misuse) {
        if let takes { try arguments.refuseOptions(after: takes) }
        return try body(arguments, call.job)
      } catch {
        return .misuse(error.text)
      }
    }
  }

  /// A function in two steps: reading its arguments on the Lua worker, its work on a thread that may block.
  ///
  /// - Parameters:
  ///   - module: What messages put before the function's name: `fs`.
  ///   - shown: The function that the script called, where this one is only a part of it.
  ///   - takes: How many arguments it takes, none of them a table of options: one behind them is refused.
  ///     `nil` for a function that reads its options.
  ///   - changes: Whether it changes the world outside.
  ///   - needs: What the job must be allowed to do for a call.
  static func blocking(
    _ name: String, of module: String, shownAs shown: String? = nil, takes: Int? = nil, changes: Bool,
    needs: Needs? = nil,
    _ prepare: @escaping @Sendable (Arguments, JobContext) throws(Misuse) -> Work
  ) -> HostFunction {
    long(name, of: module, shownAs: shown, takes: takes, changes: changes, needs: needs) {
      arguments, job throws(Misuse) in
      let work = try prepare(arguments, job)
      return { _ throws(Trouble) in try work() }
    }
  }

  /// As ``blocking(_:of:shownAs:takes:changes:needs:_:)``, with work so long that it must end when the run is stopped.
  static func long(
    _ name: String, of module: String, shownAs shown: String? = nil, takes: Int? = nil, changes: Bool,
    needs: Needs? = nil,
    _ prepare: @escaping @Sendable (Arguments, JobContext) throws(Misuse) -> LongWork
  ) -> HostFunction {
    HostFunction(name: name, isOutside: changes, needs: needs, inDryRun: .pretends) { call in
      let arguments = Arguments(call.arguments, of: "\(module).\(shown ?? name)")
      do throws(Misuse) {
        let work = try prepare(arguments, call.job)
        if let takes { try arguments.refuseOptions(after: takes) }
        if call.run?.dry == true {
          let intent = intent(shown ?? name, arguments)
          let reply = changes ? call.pretend(intent, returning: true) : call.givenAnswer(to: intent)
          if let reply { return reply }
        }
        let cancellation = Cancellation()
        call.onCancel { cancellation.cancel() }
        return BlockingWork.reply(to: call) {
          do throws(Trouble) {
            // It may have waited for a thread for longer than the run lasted.
            try cancellation.check()
            return .success(try work(cancellation))
          } catch { return .failure(error) }
        }
      } catch {
        return .misuse(error.text)
      }
    }
  }

  /// What a call would do, in words: `move a.txt to b.txt`.
  private static func intent(_ name: String, _ arguments: Arguments) -> String {
    let hasTwoPaths = !["write", "append"].contains(name)
    let paths = [arguments[0], hasTwoPaths ? arguments[1] : .null].compactMap(\.asString)
    return "\(name) \(paths.joined(separator: " to "))"
  }
}
