import Values

/// What `job.step` is made of: begin, keep, abandon. `job.lua` puts the call of the job's function in between.
enum StepFunctions {
  private static let longestName = 200
  /// As JSON.
  private static let longestResult = 1 << 20

  static let functions: [String: Functions.Entry] = [
    // `step_begin(name)`: true and the results, if an earlier attempt has done it; else false.
    "step_begin": Functions.Entry(isOutside: false) { state, call in .reply(begin(state, call)) },
    // `step_keep(...)`: the results, once they are durable.
    "step_keep": Functions.Entry(isOutside: false) { state, call in .reply(keep(state, call)) },
    // `step_abandon()`: nothing of the step in progress is kept.
    "step_abandon": Functions.Entry(isOutside: false) { state, _ in
      state.book.with { book in
        book.activeStep = nil
        book.keyValues.undoStep()
      }
      return .reply(.values([]))
    },
  ]

  private static func begin(_ state: LuaState, _ call: HostCall) -> HostReply {
    let given = call.arguments.first ?? .null
    guard case .string(let name) = given, (1...longestName).contains(name.utf8.count), !name.utf8.contains(0)
    else { return .misuse("job.step: a step's name is a string of 1 to \(longestName) bytes") }
    guard call.run != nil else { return .misuse("job.step belongs to a run: use it in main") }
    let objection: String? = state.book.with { book in
      if let active = book.activeStep {
        return "it begins inside of step \"\(active)\", and steps do not nest"
      }
      guard book.steps.contains(ExactText(name)) else { return nil }
      return "this attempt has done a step of that name: give each its own, such as \"\(name) \" .. i"
    }
    if let objection { return .misuse("job.step \"\(name)\": \(objection)") }
    let book = state.book
    return call.ask(.step(name)) { answer in
      guard case .step(let kept) = answer else { return KeyValueModule.refusal("job.step", answer) }
      book.with { book in
        book.steps.insert(ExactText(name))
        guard kept == nil else { return }
        book.activeStep = name
        book.keyValues.beginStep()
      }
      return .values(kept.map { [true] + results($0) } ?? [false])
    }
  }

  private static func keep(_ state: LuaState, _ call: HostCall) -> HostReply {
    guard let name = state.book.with({ $0.activeStep }) else {
      return .misuse("job.step: no step is in progress")
    }
    let json: String
    do throws(JSONTrouble) { json = try DataValue.list(call.arguments).json(during: .ofRun) } catch {
      return .misuse("job.step \"\(name)\": what it returned cannot be kept: \(error)")
    }
    guard json.utf8.count <= longestResult else {
      return .misuse(
        "job.step \"\(name)\": what it returned has \(json.utf8.count) bytes as JSON, and may have "
          + "\(byteText(longestResult)); write it to a file in job.output(...)")
    }
    if call.run?.dry == true {
      state.book.with { book in
        book.activeStep = nil
        book.keyValues.joinStep()
      }
      return .values(results(json))
    }
    let writes = state.book.with { $0.keyValues.stepWrites }
    return call.ask(.keepStep(name, result: json, writes: writes)) { [book = state.book] answer in
      guard case .kept = answer else { return KeyValueModule.refusal("job.step", answer) }
      book.with { book in
        book.activeStep = nil
        book.keyValues.keepStep()
      }
      return .values(results(json))
    }
  }

  private static func results(_ json: String) -> [DataValue] {
    (try? DataValue(json: Array(json.utf8)))?.asTable?.items ?? []
  }
}
