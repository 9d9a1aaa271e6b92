import LuaHost
import Values
import WebClient

/// `almanac.http`: requests to servers.
///
/// The run waits without a thread. A refused connection, an unknown name, a timeout give `nil, err`; an
/// answer of any status is an answer. A request ends with its run.
enum HTTPModule {
  /// One primitive, `exchange(name, url, options)`; `http.lua` makes `get`, `post`, `request` and so on of it.
  static let functions = [
    HostFunction(
      name: "exchange", isOutside: true,
      needs: { call in (try? plan(call.arguments, folder: call.job.folder))?.needs ?? [] },
      inDryRun: .pretends, body: exchange)
  ]

  private static func exchange(_ call: HostCall) -> HostReply {
    let plan: HTTPPlan
    do throws(Misuse) { plan = try Self.plan(call.arguments, folder: call.job.folder) } catch {
      return .misuse(error.text)
    }
    if call.run?.dry == true, let reply = pretended(call, plan) { return reply }
    // Where the run cannot wait, this raises; nothing is sent.
    guard call.canWait else { return .waiting }
    let task = Task {
      do throws(Trouble) {
        let exchange = HTTPExchange(plan: plan) { call.refusal(of: Capability(.http, $0.authority)) }
        call.resume(.values([try await exchange.run().value]))
      } catch {
        call.resume(.trouble(error.text))
      }
    }
    call.onCancel { task.cancel() }
    return .waiting
  }

  /// What a dry run answers; `nil` for a request that changes nothing, unless a test has an answer.
  private static func pretended(_ call: HostCall, _ plan: HTTPPlan) -> HostReply? {
    let usual = DataValue.object([
      "status": 200, "headers": .object([:]), "url": .string(plan.address.url), "body": "", "elapsed": 0,
      "dry": true,
    ])
    let target = "\(plan.method) \(plan.address.url)"
    let isHarmless = ["GET", "HEAD"].contains(plan.method) && plan.file == nil
    let reply =
      isHarmless
      ? call.givenAnswer(to: target, over: usual)
      : call.pretend(plan.file.map { "\(target) into \($0.given)" } ?? target, returning: usual)
    guard case .values(let values) = reply, case .table(var answer) = values.first else { return reply }
    // What follows from the rest need not be said.
    if let json = answer.fields["json"] { answer.fields["body"] = (try? json.json()).map { .string($0) } }
    let status = answer.fields["status"]?.asInt ?? 0
    answer.fields["ok"] = answer.fields["ok"] ?? .bool((200..<300).contains(status))
    answer.fields["size"] = .int(Int64(answer.fields["body"]?.asBytes?.count ?? 0))
    if let file = plan.file { answer.fields["file"] = .string(file.given) }
    return .values([.table(answer)])
  }

  static func plan(_ values: [DataValue], folder: String) throws(Misuse) -> HTTPPlan {
    let arguments = Arguments(values, of: "http." + (values.first?.asString ?? "request"))
    let options = try arguments.options(2, known: HTTPPlan.options)
    guard let method = methods[arguments.function] else {
      return try HTTPPlan(options, url: nil, method: nil, folder: folder)
    }
    return try HTTPPlan(options, url: arguments[1], method: method, folder: folder)
  }

  /// The functions that are named after a method.
  private static let methods = [
    "http.get": "GET", "http.head": "HEAD", "http.post": "POST", "http.put": "PUT", "http.patch": "PATCH",
    "http.delete": "DELETE",
  ]
}
