import LuaHost
import Values

/// `almanac.process`: programs, without a shell unless one is asked for.
///
/// The run waits without a thread. Each child leads a group of its own, which ends as a whole: at the
/// call's `timeout`, with the run, with the host, with the daemon. A program that cannot be started is
/// trouble; its exit code, or the signal that ended it, is an answer.
enum ProcessModule {
  static let functions = [
    // run{ program, arguments..., options }
    function("run") { call throws(Misuse) in
      guard case .table(var table) = call.arguments.first ?? .null, !table.items.isEmpty else {
        throw Misuse("process.run: a table is needed, as in process.run { \"ls\", \"-l\", cwd = \"/tmp\" }")
      }
      var words: [[UInt8]] = []
      for (index, item) in table.items.enumerated() {
        words.append(try word(item, index == 0 ? "the program" : "argument \(index)"))
      }
      table.items = []
      let options = try Options(.table(table), of: "process.run", known: ProcessPlan.options)
      return try ProcessPlan(words, shown: String(decoding: words[0], as: UTF8.self), options, in: call.job)
    },
    // shell(command, options)
    function("shell") { call throws(Misuse) in
      let arguments = Arguments(call.arguments, of: "process.shell")
      return try ProcessPlan(
        shell: try arguments.bytes(0, "the command"), try arguments.options(1, known: ProcessPlan.options),
        in: call.job)
    },
  ]

  private static func function(
    _ name: String, _ plan: @escaping @Sendable (HostCall) throws(Misuse) -> ProcessPlan
  ) -> HostFunction {
    HostFunction(name: name, isOutside: true, needs: { (try? plan($0))?.needs ?? [] }, inDryRun: .pretends) {
      call in
      reply(to: call, plan)
    }
  }

  private static func reply(
    to call: HostCall, _ plan: (HostCall) throws(Misuse) -> ProcessPlan
  ) -> HostReply {
    do throws(Misuse) {
      let plan = try plan(call)
      if let reply = pretended(call, plan) { return reply }
      // Where the run cannot wait, this raises; nothing is started.
      guard call.canWait else { return .waiting }
      let run = ProcessRun(plan, call, call.resource()) { result in
        switch result {
        case .failure(let trouble): .trouble(trouble.text)
        case .success(let end) where plan.checks && !end.isWell: .trouble(end.complaint(of: plan.shown))
        case .success(let end): .values([end.table])
        }
      }
      call.onCancel { run.stop() }
      BlockingWork.begin { run.begin() }
      return .waiting
    } catch {
      return .misuse(error.text)
    }
  }

  /// What a dry run answers: that all went well and nothing was written, unless a test says otherwise.
  private static func pretended(_ call: HostCall, _ plan: ProcessPlan) -> HostReply? {
    let words = plan.arguments.map { String(decoding: $0, as: UTF8.self) }
    let usual = DataValue.object([
      "code": 0, "stdout": "", "stderr": "", "duration": 0, "timed_out": false, "truncated": false,
      "dry": true,
    ])
    let reply = call.pretend("run \(words.joined(separator: " "))", returning: usual)
    guard case .values(let values) = reply, case .table(var end) = values.first else { return reply }
    if end.fields["signal"] != nil { end.fields["code"] = nil }
    let code = end.fields["code"]?.asInt
    if plan.checks, code != 0 {
      return .trouble(
        "\(plan.shown) \(code.map { "failed with exit code \($0)" } ?? "was ended by a signal")")
    }
    end.fields["ok"] = end.fields["ok"] ?? .bool(code == 0)
    return .values([.table(end)])
  }

  private static func word(_ value: DataValue, _ name: String) throws(Misuse) -> [UInt8] {
    guard let bytes = LuaText.bytes(value) else {
      throw Misuse("process.run: \(name) must be a string, not \(describe(value))")
    }
    guard !bytes.contains(0) else { throw Misuse("process.run: \(name) has a zero byte in it") }
    return bytes
  }
}
