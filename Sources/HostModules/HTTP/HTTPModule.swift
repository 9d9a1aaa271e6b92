import LuaHost
import Values

/// `almanac.http`: requests to servers.
///
/// The run waits without a thread. A refused connection, an unknown name, a timeout give `nil, err`; an
/// answer of any status is an answer. A request ends with its run.
enum HTTPModule {
  /// One primitive, `exchange(name, url, options)`; `http.lua` makes `get`, `post` and `request` of it.
  static let functions = [
    HostFunction(
      name: "exchange", isOutside: true,
      needs: { call in (try? plan(call.arguments, folder: call.job.folder))?.needs ?? [] }, body: exchange)
  ]

  private static func exchange(_ call: HostCall) -> HostReply {
    let plan: HTTPPlan
    do throws(Misuse) { plan = try Self.plan(call.arguments, folder: call.job.folder) } catch {
      return .misuse(error.text)
    }
    // Where the run cannot wait, this raises; nothing is sent.
    guard call.canWait else { return .waiting }
    let task = Task {
      do throws(Trouble) {
        call.resume(.values([try await HTTPExchange(plan: plan).run().value]))
      } catch {
        call.resume(.trouble(error.text))
      }
    }
    call.onCancel { task.cancel() }
    return .waiting
  }

  static func plan(_ values: [DataValue], folder: String) throws(Misuse) -> HTTPPlan {
    let arguments = Arguments(values, of: "http." + (values.first?.asString ?? "request"))
    let options = try arguments.options(2, known: HTTPPlan.options)
    switch arguments.function {
    case "http.get": return try HTTPPlan(options, url: arguments[1], method: "GET", folder: folder)
    case "http.post": return try HTTPPlan(options, url: arguments[1], method: "POST", folder: folder)
    default: return try HTTPPlan(options, url: nil, method: nil, folder: folder)
    }
  }
}
