import Values

extension HostEvent {
  /// Appends the event as one frame.
  public func encode(to writer: inout ByteWriter) {
    writer.appendFrame { writer in
      switch self {
      case .hello(let build):
        writer.append(byte: 1)
        writer.append(build)
      case .alive: writer.append(byte: 8)
      case .loaded(let state, .schedule(let schedule)):
        writer.append(byte: 2)
        writer.append(state)
        writer.append(schedule)
      case .loaded(let state, .failed(let failure)):
        writer.append(byte: 3)
        writer.append(state)
        failure.encode(to: &writer)
      case .initialized(let state, .ready(let text)):
        writer.append(byte: 4)
        writer.append(state)
        writer.append(text)
      case .initialized(let state, .failed(let failure)):
        writer.append(byte: 5)
        writer.append(state)
        failure.encode(to: &writer)
      case .logged(let state, let entry):
        writer.append(byte: 6)
        writer.append(state)
        writer.append(entry.run)
        writer.append(entry.at)
        writer.append(byte: entry.level.rawValue)
        writer.append(entry.message)
        writer.append(entry.fields)
      case .stuck(let run):
        writer.append(byte: 9)
        writer.append(run)
      case .ended(let state, let report):
        writer.append(byte: 7)
        writer.append(state)
        report.encode(to: &writer)
      case .asked(let state, let run, let number, let question):
        writer.append(byte: 10)
        writer.append(state)
        writer.append(run)
        writer.append(number)
        question.encode(to: &writer)
      case .wrote(let state, let run, let writes):
        writer.append(byte: 11)
        writer.append(state)
        writer.append(run)
        writer.append(writes)
      case .whenAnswered(let state, let report):
        writer.append(byte: 12)
        writer.append(state)
        report.encode(to: &writer)
      }
    }
  }

  /// Reads one frame's content.
  public init(from reader: inout ByteReader) throws(MalformedBytes) {
    switch try reader.byte() {
    case 1: self = .hello(build: try reader.string())
    case 2: self = .loaded(try reader.number(), .schedule(try reader.value()))
    case 3: self = .loaded(try reader.number(), .failed(try ScriptFailure(from: &reader)))
    case 4: self = .initialized(try reader.number(), .ready(try reader.optionalString()))
    case 5: self = .initialized(try reader.number(), .failed(try ScriptFailure(from: &reader)))
    case 6:
      let state: StateID = try reader.number()
      let (run, at) = (try reader.optionalNumber(UInt64.self), try reader.number(Int64.self))
      guard let level = LogLevel(rawValue: try reader.byte()) else { throw MalformedBytes("unknown level") }
      self = .logged(
        state,
        LogEntry(
          run: run, at: at, level: level, message: try reader.string(), fields: try reader.optionalString()))
    case 7: self = .ended(try reader.number(), try AttemptReport(from: &reader))
    case 8: self = .alive
    case 9: self = .stuck(run: try reader.number())
    case 10:
      self = .asked(
        try reader.number(), run: try reader.optionalNumber(), number: try reader.number(),
        try DaemonQuestion(from: &reader))
    case 11: self = .wrote(try reader.number(), run: try reader.number(), try reader.keyValueWrites())
    case 12: self = .whenAnswered(try reader.number(), try WhenReport(from: &reader))
    case let tag: throw MalformedBytes("unknown event \(tag)")
    }
  }
}

extension ScriptFailure {
  fileprivate func encode(to writer: inout ByteWriter) {
    writer.append(file)
    writer.append(line)
    writer.append(message)
    writer.append(traceback)
  }

  fileprivate init(from reader: inout ByteReader) throws(MalformedBytes) {
    self.init(
      file: try reader.optionalString(), line: try reader.optionalNumber(), message: try reader.string(),
      traceback: try reader.optionalString())
  }
}

extension WhenReport {
  fileprivate func encode(to writer: inout ByteWriter) {
    writer.append(number)
    writer.append(stateLost)
    switch verdict {
    case .yes: writer.append(byte: 1)
    case .no(let reason):
      writer.append(byte: 2)
      writer.append(reason)
    case .failed(let failure):
      writer.append(byte: 3)
      failure.encode(to: &writer)
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(MalformedBytes) {
    let (number, stateLost) = (try reader.number(UInt64.self), try reader.flag())
    let verdict: Verdict
    switch try reader.byte() {
    case 1: verdict = .yes
    case 2: verdict = .no(try reader.optionalString())
    case 3: verdict = .failed(try ScriptFailure(from: &reader))
    case let tag: throw MalformedBytes("unknown verdict \(tag)")
    }
    self.init(number: number, verdict: verdict, stateLost: stateLost)
  }
}

extension AttemptReport {
  fileprivate func encode(to writer: inout ByteWriter) {
    writer.append(run)
    writer.append(stateLost)
    writer.append(peakMemoryBytes)
    writer.append(endedAt)
    switch end {
    case .succeeded(let result):
      writer.append(byte: 1)
      writer.append(result)
    case .failed(let failure):
      writer.append(byte: 2)
      failure.encode(to: &writer)
    case .skipped(let reason):
      writer.append(byte: 3)
      writer.append(reason)
    case .retryAfter(let microseconds, let reason):
      writer.append(byte: 4)
      writer.append(microseconds)
      writer.append(reason)
    case .fatal(let message):
      writer.append(byte: 5)
      writer.append(message)
    case .timedOut: writer.append(byte: 6)
    case .stopped(let reason):
      writer.append(byte: 7)
      writer.append(reason)
    case .overCPULimit: writer.append(byte: 8)
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(MalformedBytes) {
    let run: UInt64 = try reader.number()
    let stateLost = try reader.flag()
    let (peak, endedAt) = (try reader.number(Int64.self), try reader.number(Int64.self))
    let end: End
    switch try reader.byte() {
    case 1: end = .succeeded(try reader.optionalString())
    case 2: end = .failed(try ScriptFailure(from: &reader))
    case 3: end = .skipped(try reader.optionalString())
    case 4: end = .retryAfter(try reader.number(), try reader.optionalString())
    case 5: end = .fatal(try reader.string())
    case 6: end = .timedOut
    case 7: end = .stopped(try reader.string())
    case 8: end = .overCPULimit
    case let tag: throw MalformedBytes("unknown end \(tag)")
    }
    self.init(run: run, end: end, stateLost: stateLost, peakMemoryBytes: peak, endedAt: endedAt)
  }
}
