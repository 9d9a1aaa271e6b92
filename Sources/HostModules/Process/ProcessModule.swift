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
    HostFunction(name: "run", isOutside: true) { call in
      reply(to: call) { () throws(Misuse) in
        guard case .table(var table) = call.arguments.first ?? .null, !table.items.isEmpty else {
          throw Misuse("process.run: a table is needed, as in process.run { \"ls\", \"-l\", cwd = \"/tmp\" }")
        }
        var words: [[UInt8]] = []
        for (index, item) in table.items.enumerated() {
          words.append(try word(item, index == 0 ? "the program" : "argument \(index)"))
        }
        table.items = []
        let options = try Options(.table(table), of: "process.run", known: ProcessPlan.options)
        return try ProcessPlan(
          words, shown: String(decoding: words[0], as: UTF8.self), options, in: call.job)
      }
    },
    // shell(command, options)
    HostFunction(name: "shell", isOutside: true) { call in
      reply(to: call) { () throws(Misuse) in
        let arguments = Arguments(call.arguments, of: "process.shell")
        let command = try arguments.bytes(0, "the command")
        guard !command.contains(0) else { throw arguments.misuse("the command has a zero byte in it") }
        return try ProcessPlan(
          ["/bin/sh", "-c"].map { Array($0.utf8) } + [command], shown: shown(command),
          try arguments.options(1, known: ProcessPlan.options), in: call.job)
      }
    },
  ]

  private static func reply(
    to call: HostCall, _ plan: () throws(Misuse) -> ProcessPlan
  ) -> HostReply {
    do throws(Misuse) {
      let plan = try plan()
      // Where the run cannot wait, this raises; nothing is started.
      guard call.canWait else { return .waiting }
      let run = ProcessRun(plan, call, call.resource())
      call.onCancel { run.stop() }
      BlockingWork.begin { run.begin() }
      return .waiting
    } catch {
      return .misuse(error.text)
    }
  }

  private static func word(_ value: DataValue, _ name: String) throws(Misuse) -> [UInt8] {
    guard let bytes = LuaText.bytes(value) else {
      throw Misuse("process.run: \(name) must be a string, not \(describe(value))")
    }
    guard !bytes.contains(0) else { throw Misuse("process.run: \(name) has a zero byte in it") }
    return bytes
  }

  /// A command as messages show it: its first line, if it is not too long.
  private static func shown(_ command: [UInt8]) -> String {
    let text = String(decoding: command, as: UTF8.self)
    let line = text.split(separator: "\n").first.map(String.init) ?? ""
    let head = line.count > 60 ? line.prefix(60) + "..." : line + (line.count < text.count ? " ..." : "")
    return "`\(head)`"
  }
}
