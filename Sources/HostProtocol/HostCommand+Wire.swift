import Values

extension HostCommand {
  /// Appends the command as one frame.
  public func encode(to writer: inout ByteWriter) {
    writer.appendFrame { writer in
      switch self {
      case .load(let state, let bundle):
        writer.append(byte: 1)
        writer.append(state)
        bundle.encode(to: &writer)
      case .initialize(let state, let settings):
        writer.append(byte: 2)
        writer.append(state)
        settings.encode(to: &writer)
      case .start(let state, let attempt):
        writer.append(byte: 3)
        writer.append(state)
        attempt.encode(to: &writer)
      case .stop(let run, let reason):
        writer.append(byte: 4)
        writer.append(run)
        writer.append(reason)
      case .close(let state):
        writer.append(byte: 5)
        writer.append(state)
      case .logCredit(let bytes):
        writer.append(byte: 6)
        writer.append(Int64(bytes))
      case .ping: writer.append(byte: 7)
      case .answer(let state, let number, let answer):
        writer.append(byte: 8)
        writer.append(state)
        writer.append(number)
        answer.encode(to: &writer)
      case .askWhen(let state, let number, let due, let run):
        writer.append(byte: 9)
        writer.append(state)
        writer.append(number)
        writer.append(due)
        writer.append(run)
      }
    }
  }

  /// Reads one frame's content.
  public init(from reader: inout ByteReader) throws(MalformedBytes) {
    switch try reader.byte() {
    case 1: self = .load(try reader.number(), try ScriptBundle(from: &reader))
    case 2: self = .initialize(try reader.number(), try StateSettings(from: &reader))
    case 3: self = .start(try reader.number(), try AttemptStart(from: &reader))
    case 4: self = .stop(run: try reader.number(), reason: try reader.string())
    case 5: self = .close(try reader.number())
    case 6: self = .logCredit(Int(try reader.number(Int64.self)))
    case 7: self = .ping
    case 8:
      self = .answer(try reader.number(), number: try reader.number(), try DaemonAnswer(from: &reader))
    case 9:
      self = .askWhen(
        try reader.number(), number: try reader.number(), due: try reader.string(), run: try reader.value())
    case let tag: throw MalformedBytes("unknown command \(tag)")
    }
  }
}

extension ScriptBundle {
  fileprivate func encode(to writer: inout ByteWriter) {
    writer.append(job)
    writer.append(folder)
    writer.append(outputFolder)
    writer.append(rocks ?? "")
    writer.append(byte: allowsNative ? 1 : 0)
    writer.append(byte: isToRun ? 1 : 0)
    writer.append(UInt32(1 + modules.count))
    for module in [main] + modules {
      writer.append(module.name)
      writer.append(module.path)
      writer.append(module.bytes)
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(MalformedBytes) {
    let (job, folder, outputFolder) = (try reader.string(), try reader.string(), try reader.string())
    let (rocks, allowsNative, isToRun) = (try reader.string(), try reader.byte() != 0, try reader.byte() != 0)
    var modules: [Module] = []
    for _ in 0..<(try reader.number(UInt32.self)) {
      modules.append(
        Module(name: try reader.string(), path: try reader.string(), bytes: try reader.data()))
    }
    guard let main = modules.first else { throw MalformedBytes("a job without a file") }
    self.init(
      job: job, folder: folder, outputFolder: outputFolder, main: main, modules: Array(modules.dropFirst()),
      rocks: rocks.isEmpty ? nil : rocks, allowsNative: allowsNative, isToRun: isToRun)
  }
}

extension StateSettings {
  fileprivate func encode(to writer: inout ByteWriter) {
    writer.append(memoryLimitBytes)
    writer.append(logLimitBytes)
    writer.append(cpuLimitNanoseconds)
    writer.append(UInt32(environment.count))
    for (key, value) in environment {
      writer.append(key)
      writer.append(value)
    }
    writer.append(UInt32(secrets.count))
    for name in secrets { writer.append(name) }
    writer.append(secretsFolder)
    writer.append(services)
    // One more than there are, so that none allowed and no list are two things.
    writer.append(UInt32(allowed.map { $0.count + 1 } ?? 0))
    for capability in allowed ?? [] { writer.append(capability.description) }
  }

  fileprivate init(from reader: inout ByteReader) throws(MalformedBytes) {
    self.init(
      memoryLimitBytes: try reader.number(), logLimitBytes: try reader.number(),
      cpuLimitNanoseconds: try reader.number(), environment: [:], secrets: [], secretsFolder: "")
    for _ in 0..<(try reader.number(UInt32.self)) {
      let key = try reader.string()
      environment[key] = try reader.string()
    }
    for _ in 0..<(try reader.number(UInt32.self)) { secrets.append(try reader.string()) }
    secretsFolder = try reader.string()
    services = try reader.value()
    let count = try reader.number(UInt32.self)
    guard count > 0 else { return }
    var capabilities: [Capability] = []
    for _ in 1..<count {
      let text = try reader.string()
      guard let capability = try? Capability(parsing: text) else {
        throw MalformedBytes("no capability: \(text)")
      }
      capabilities.append(capability)
    }
    allowed = capabilities
  }
}

extension AttemptStart {
  fileprivate func encode(to writer: inout ByteWriter) {
    writer.append(run)
    writer.append(slot)
    writer.append(argument)
    writer.append(timeLimitNanoseconds)
    writer.append(stopGraceNanoseconds)
    writer.append(dryAnswers)
  }

  fileprivate init(from reader: inout ByteReader) throws(MalformedBytes) {
    self.init(
      run: try reader.number(), slot: try reader.number(), argument: try reader.value(),
      timeLimitNanoseconds: try reader.number(), stopGraceNanoseconds: try reader.number(),
      dryAnswers: try reader.value())
  }
}
