import LuaHost
import Notifying
import Values

/// `almanac.notify`: messages to people and to other machines.
///
/// The run waits without a thread until the message is taken. What does not get through gives `nil, err`.
enum NotifyModule {
  static let functions = [
    function("webhook", webhook), function("email", email), function("ntfy", ntfy), function("ping", ping),
  ]

  private typealias Sending = @Sendable () async throws(NotifyTrouble) -> Void

  /// - Parameter read: Reads the arguments, and returns what sends the message.
  private static func function(
    _ name: String, _ read: @escaping @Sendable (HostCall) throws(Misuse) -> Sending
  ) -> HostFunction {
    HostFunction(name: name, isOutside: true, needs: { _ in [Capability(.notify)] }) { call in
      let send: Sending
      do throws(Misuse) { send = try read(call) } catch { return .misuse(error.text) }
      // Where the run cannot wait, this raises; nothing is sent.
      guard call.canWait else { return .waiting }
      let task = Task {
        do throws(NotifyTrouble) {
          try await send()
          call.resume(.values([true]))
        } catch {
          call.resume(.trouble(error.description))
        }
      }
      call.onCancel { task.cancel() }
      return .waiting
    }
  }

  private static func webhook(_ call: HostCall) throws(Misuse) -> Sending {
    let arguments = Arguments(call.arguments, of: "notify.webhook")
    let url = try text(arguments, 0, "url")
    let seconds = try arguments.options(2, known: ["timeout"]).seconds("timeout") ?? 30
    let hook = try understood(arguments) { () throws(NotifyMistake) in
      try Webhook(url: url, data: arguments[1] == .null ? .object([:]) : arguments[1])
    }
    return { () async throws(NotifyTrouble) in try await hook.send(within: seconds) }
  }

  private static func email(_ call: HostCall) throws(Misuse) -> Sending {
    let options = try Arguments(call.arguments, of: "notify.email").options(0, known: MailOptions.known)
    let (email, server, seconds) = try MailOptions.read(
      options, folder: call.job.folder, configured: call.job.services["smtp"])
    return { () async throws(NotifyTrouble) in try await email.send(through: server, within: seconds) }
  }

  private static func ping(_ call: HostCall) throws(Misuse) -> Sending {
    let arguments = Arguments(call.arguments, of: "notify.ping")
    let url = try text(arguments, 0, "url")
    let word = arguments[1] == .null ? "success" : try text(arguments, 1, "kind")
    guard let kind = Ping.Kind(rawValue: word) else {
      throw arguments.misuse("kind must be \"start\", \"success\" or \"fail\", not \(describe(arguments[1]))")
    }
    let said = arguments[2] == .null ? "" : try text(arguments, 2, "text")
    let ping = try understood(arguments) { () throws(NotifyMistake) in try Ping(url: url, kind, text: said) }
    return { () async throws(NotifyTrouble) in try await ping.send() }
  }

  /// The second argument is the message, or a table with it.
  private static func ntfy(_ call: HostCall) throws(Misuse) -> Sending {
    let arguments = Arguments(call.arguments, of: "notify.ntfy")
    let target = try text(arguments, 0, "topic")
    let isText = LuaText.bytes(arguments[1]) != nil
    let options = try Options(
      isText ? .object(["message": arguments[1]]) : arguments[1], of: arguments.function,
      known: ["message", "title", "priority", "tags", "click", "timeout"])
    guard let message = try options.text("message") else { throw options.misuse("message is missing") }
    let (title, click) = (try options.text("title"), try options.text("click"))
    let (priority, tags) = (try options.count("priority", in: 1...5), try options.texts("tags"))
    let ntfy = try understood(arguments) { () throws(NotifyMistake) in
      try Ntfy(target: target, message: message, title: title, priority: priority, tags: tags, click: click)
    }
    let seconds = try options.seconds("timeout") ?? 30
    return { () async throws(NotifyTrouble) in try await ntfy.send(within: seconds) }
  }

  private static func text(_ arguments: Arguments, _ index: Int, _ name: String) throws(Misuse) -> String {
    String(decoding: try arguments.bytes(index, name), as: UTF8.self)
  }

  private static func understood<Value>(
    _ arguments: Arguments, _ body: () throws(NotifyMistake) -> Value
  ) throws(Misuse) -> Value {
    do throws(NotifyMistake) { return try body() } catch { throw arguments.misuse(error.description) }
  }
}

extension Options {
  /// A string, or a list of them; absent, none.
  func texts(_ name: String) throws(Misuse) -> [String] {
    if let text = LuaText.bytes(self[name]) { return [String(decoding: text, as: UTF8.self)] }
    if case .null = self[name] { return [] }
    guard let table = self[name].asTable, table.fields.isEmpty else {
      throw misuse("\(name) must be a string or a list of them, not \(describe(self[name]))")
    }
    var texts: [String] = []
    for item in table.items {
      guard let bytes = LuaText.bytes(item) else {
        throw misuse("\(name) must be a list of strings, and one of its items is \(describe(item))")
      }
      texts.append(String(decoding: bytes, as: UTF8.self))
    }
    return texts
  }
}
