import Values

/// `almanac.kv`: what a job keeps from run to run.
///
/// Reads are the daemon's, with what this run has written on top. Writes stay in the host until the run
/// has succeeded, and go into the ledger with the row that says so.
enum KeyValueModule {
  static let functions: [String: Functions.Entry] = [
    "get": function("kv.get") { state, call, key throws(Misuse) in
      if let written = state.book.with({ $0.keyValues.written(key) }) {
        return .values([value(written.value)])
      }
      return call.ask(.entry(key: key, withValue: true)) { [book = state.book] answer in
        guard case .entry(let found, let size, let used) = answer else { return refusal("kv.get", answer) }
        book.with { $0.keyValues.learn(key, size: size, used: used) }
        return .values([value(found)])
      }
    },
    "set": function("kv.set") { state, call, key throws(Misuse) in
      write(KeyValueWrite(key: key, value: try json(of: call, key: key)), "kv.set", state, call)
    },
    "delete": function("kv.delete") { state, call, key throws(Misuse) in
      write(KeyValueWrite(key: key, value: nil), "kv.delete", state, call)
    },
    "keys": Functions.Entry(isOutside: false) { state, call in
      if let misuse = unavailable("kv.keys", state, call) { return .reply(misuse) }
      let given = call.arguments.first ?? .null
      guard let prefix = given == .null ? "" : given.asString else {
        return .reply(.misuse("kv.keys: the prefix must be a string, not \(given.typeName)"))
      }
      return .reply(
        call.ask(.keys(prefix: prefix)) { [book = state.book] answer in
          guard case .keys(let stored) = answer else { return refusal("kv.keys", answer) }
          let keys = book.with { $0.keyValues.keys(prefix, stored: stored) }
          return .values([.list(keys.map { .string($0) })])
        })
    },
  ]

  /// A function whose first argument is a key.
  private static func function(
    _ name: String,
    _ body: @escaping @Sendable (LuaState, HostCall, _ key: String) throws(Misuse) -> HostReply
  ) -> Functions.Entry {
    Functions.Entry(isOutside: false) { state, call in
      if let misuse = unavailable(name, state, call) { return .reply(misuse) }
      do throws(Misuse) {
        return .reply(try body(state, call, try key(of: call)))
      } catch {
        return .reply(.misuse("\(name): \(error.text)"))
      }
    }
  }

  private static func unavailable(_ name: String, _ state: LuaState, _ call: HostCall) -> HostReply? {
    if !state.isConfigured {
      return .misuse("\(name) is not available at a file's top level: use it in main")
    }
    return nil
  }

  private static func key(of call: HostCall) throws(Misuse) -> String {
    let given = call.arguments.first ?? .null
    guard case .string(let key) = given else {
      throw Misuse(
        "the key must be a string\(given.asBytes == nil ? ", not \(given.typeName)" : " of valid UTF-8")")
    }
    guard (1...KeyValueBuffer.longestKey).contains(key.utf8.count), !key.utf8.contains(0) else {
      throw Misuse(
        "a key has 1 to \(KeyValueBuffer.longestKey) bytes and no zero among them; this one has \(key.utf8.count)"
      )
    }
    return key
  }

  /// What is to be kept, as JSON.
  private static func json(of call: HostCall, key: String) throws(Misuse) -> String {
    if call.arguments.count > 2, case .table = call.arguments[2] {
      throw Misuse("\"\(key)\": it takes no options")
    }
    let value = call.arguments.count > 1 ? call.arguments[1] : .null
    if value == .null {
      throw Misuse("\"\(key)\": there is no value; kv.delete removes a key")
    }
    let json: String
    do throws(JSONTrouble) { json = try value.json(during: .ofRun) } catch {
      throw Misuse("\"\(key)\": \(error)")
    }
    guard json.utf8.count <= KeyValueBuffer.longestValue else {
      throw Misuse(
        "\"\(key)\": the value has \(json.utf8.count) bytes as JSON, and may have "
          + "\(byteText(KeyValueBuffer.longestValue)); write it to a file in job.output(...)")
    }
    return json
  }

  private static func write(
    _ write: KeyValueWrite, _ name: String, _ state: LuaState, _ call: HostCall
  ) -> HostReply {
    guard call.run != nil else { return .misuse("\(name) belongs to a run: use it in main") }
    // A dry run takes the write for what it reads later, and keeps nothing in the end.
    if call.run?.dry == true { call.log(.info, "dry: would \(write.intent)") }
    if state.book.with({ $0.keyValues.knows(write.key) }) { return put(write, name, state.book) }
    return call.ask(.entry(key: write.key, withValue: false)) { [book = state.book] answer in
      guard case .entry(_, let size, let used) = answer else { return refusal(name, answer) }
      book.with { $0.keyValues.learn(write.key, size: size, used: used) }
      return put(write, name, book)
    }
  }

  private static func put(_ write: KeyValueWrite, _ name: String, _ book: RunBook) -> HostReply {
    book.with { $0.keyValues.put(write) }.map { .misuse("\(name): \"\(write.key)\": \($0)") } ?? .values([])
  }

  private static func value(_ json: String?) -> DataValue {
    json.flatMap { try? DataValue(json: Array($0.utf8)) } ?? .null
  }

  /// What is no answer to the question. It raises: a job must not take it for a key that is not there.
  static func refusal(_ name: String, _ answer: DaemonAnswer) -> HostReply {
    if case .failed(let why) = answer { return .misuse("\(name): \(why)") }
    return .misuse("\(name): the daemon's answer makes no sense")
  }
}

extension KeyValueWrite {
  /// What a dry run says of it.
  fileprivate var intent: String {
    guard let value else { return "delete \(key) from kv" }
    return "set \(key) in kv to \(value.utf8.count <= 200 ? value : "(\(value.utf8.count) bytes)")"
  }
}
