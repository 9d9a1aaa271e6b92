import Values

/// How much of its log limit a run has used, and what it said beyond.
struct LogMeter {
  /// What a line takes beside its text: a flood of empty ones meets the limit, too.
  static let lineOverhead = 32

  /// The run whose lines are taken; `nil` while the state loads.
  var run: RunKey?
  var isOpen = false
  var left = 0
  var droppedLines = 0
  var droppedBytes = 0
}

extension LuaState {
  func beginLog(run: RunKey?) {
    log.withLock { $0 = LogMeter(run: run, isOpen: true, left: limits.logLimit) }
  }

  /// Tells how much was dropped, and `remark`; what comes later (from a call that was cancelled, say) is
  /// not taken.
  func endLog(_ remark: String? = nil) {
    log.withLock { meter in
      if meter.droppedLines > 0 {
        let text =
          "log limit of \(byteText(limits.logLimit)) reached: \(meter.droppedLines) lines "
          + "(\(meter.droppedBytes) bytes) were dropped"
        host.delegate.logged(id, meter.run, level: .warn, message: text, fields: .null)
      }
      if let remark { host.delegate.logged(id, meter.run, level: .warn, message: remark, fields: .null) }
      meter.isOpen = false
    }
  }

  /// Hands a line to the delegate, if the run that says it is in progress and has not used its limit up.
  func write(_ level: ScriptLogLevel, _ message: String, fields: DataValue, of run: RunKey?) {
    let mask = mask.withLock { $0 }
    let message = mask.isEmpty ? message : mask.mask(message)
    let fields = mask.isEmpty ? fields.asLogFields : mask.mask(fields.asLogFields)
    let length = message.utf8.count + fields.roughSize
    let cost = length + LogMeter.lineOverhead
    log.withLock { meter in
      guard meter.isOpen, meter.run == run else { return }
      guard meter.left >= cost, meter.droppedLines == 0 else {
        meter.droppedLines += 1
        meter.droppedBytes += length
        return
      }
      meter.left -= cost
      host.delegate.logged(id, run, level: level, message: message, fields: fields)
    }
  }
}

extension DataValue {
  /// The same with nothing in it that JSON cannot say.
  var asLogFields: DataValue {
    switch self {
    case .opaque(let type): return .string("(a \(type))")
    case .bytes: return .string(asString ?? "")
    case .double(let number) where !number.isFinite: return .string("\(number)")
    case .table(var table):
      table.items = table.items.map(\.asLogFields)
      table.fields = table.fields.mapValues(\.asLogFields)
      if !table.items.isEmpty, !table.fields.isEmpty {
        for (index, item) in table.items.enumerated() { table.fields["\(index + 1)"] = item }
        table.items = []
      }
      return .table(table)
    default: return self
    }
  }
}
