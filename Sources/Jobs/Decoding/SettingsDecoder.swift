import RunLifecycle
import Scheduling
import Values

/// The settings of a job (SPEC 4.2) that are no gates.
package enum SettingsDecoder {
  package static func zone(_ reader: inout TableReader) -> Zone? {
    reader.parsed("time_zone", wanted: "the name of a time zone (\"Europe/Berlin\")") {
      (text) throws(ScheduleError) in try Zone.named(text)
    }
  }

  static func decode(_ reader: inout TableReader, into definition: inout JobDefinition) {
    decodePolicy(&reader, into: &definition.policy)
    if let flag = reader.flag("fresh_state") { definition.freshState = flag }
    // Runs side by side cannot share a state.
    if case .parallel = definition.policy.overlap { definition.freshState = true }
    if let host = reader.choice("host", of: ["shared", "own"]) { definition.ownHost = host == "own" }
    if let limit = bytes("memory_limit", &reader, atLeast: 256 << 10) { definition.memoryLimit = limit }
    if let limit = bytes("log_limit", &reader, atLeast: 0) { definition.logLimit = limit }
    if let limit = reader.duration("cpu_limit", positive: true) { definition.cpuLimit = limit }
    if let env = environment(&reader) { definition.env = env }
    if let secrets = secrets(&reader) { definition.secrets = secrets }
    for name in definition.secrets where definition.env[name] != nil {
      reader.report("secrets", "\(Found.quoted(name)) stands in `env` too; a name is one or the other")
    }
    if let notify = NotifyDecoder.decode(&reader, "notify") { definition.notify = notify }
    if let allow = CapabilityDecoder.decode(&reader) { definition.allow = allow }
  }

  private static func decodePolicy(_ reader: inout TableReader, into policy: inout RunPolicy) {
    if let flag = reader.flag("enabled") { policy.enabled = flag }
    if let flag = reader.flag("testing") { policy.testing = flag }
    if let flag = reader.flag("run_on_startup") { policy.runOnStartup = flag }
    if let limit = reader.duration("time_limit") { policy.timeLimit = limit > .zero ? limit : nil }
    if let grace = reader.duration("stop_grace") { policy.stopGrace = grace }
    if let late = reader.duration("late_within") { policy.lateWithin = late }
    policy.overlap = overlap(&reader)
    policy.retry = retry(&reader)
    catchUp(&reader, into: &policy)
    if let priority = reader.integer("priority", in: 0...9) { policy.priority = priority }
    if let pool = reader.text("pool", wanted: "the name of a pool (\"database\")") {
      if pool.isEmpty { reader.report("pool", "is empty; it names a pool of the configuration") }
      policy.pool = pool
    }
    policy.requires = requirements(&reader)
    policy.hasWhen = hasWhen(&reader)
    if let after = reader.duration("archive_after") { policy.archiveAfter = after }
  }

  /// The function itself stays in the job's Lua state; of it comes only that it is there.
  private static func hasWhen(_ reader: inout TableReader) -> Bool {
    guard let value = reader.value("when") else { return false }
    if case .opaque("function") = value { return true }
    reader.report("when", Found.mismatch(value, "a function: when = function(due) return true end"))
    return false
  }

  /// `overlap` with the limits that belong to it.
  private static func overlap(_ reader: inout TableReader) -> Overlap? {
    let queueLimit = reader.integer("queue_limit", in: 1...1_000_000)
    let maxParallel = reader.integer("max_parallel", in: 1...1_000_000)
    let choice = reader.choice("overlap", of: ["skip", "queue", "parallel", "replace"])
    if reader.has("queue_limit"), choice != "queue" {
      reader.report("queue_limit", "is of use only with overlap = \"queue\"; add that, or take it out")
    }
    if reader.has("max_parallel"), choice != "parallel" {
      reader.report("max_parallel", "is of use only with overlap = \"parallel\"; add that, or take it out")
    }
    return switch choice {
    case "skip": .skip
    case "queue": .queue(limit: queueLimit ?? 1)
    case "parallel": .parallel(limit: maxParallel)
    case "replace": .replace
    default: nil
    }
  }

  /// `start_when_available`, `catch_up` and `catch_up_within`, which say one thing together.
  private static func catchUp(_ reader: inout TableReader, into policy: inout RunPolicy) {
    let isAvailable = reader.flag("start_when_available")
    let choice = reader.choice("catch_up", of: CatchUp.allCases.map(\.rawValue)).flatMap(CatchUp.init)
    let within = reader.duration("catch_up_within", positive: true)
    policy.catchUp = choice ?? (isAvailable == true ? .newest : .none)
    policy.catchUpWithin = within
    if isAvailable == false, let choice, choice != .none {
      reader.report("catch_up", "contradicts start_when_available = false; take one of them out")
    } else if isAvailable == true, choice == CatchUp.none {
      reader.report("catch_up", "contradicts start_when_available = true; take one of them out")
    }
    if within != nil, policy.catchUp == .none {
      reader.report(
        "catch_up_within",
        "says how old what is made up may be, and nothing is; add start_when_available = true")
    }
  }

  private static func requirements(_ reader: inout TableReader) -> Requirements? {
    guard var table = reader.table("requires", example: "requires = { network = true, wait = \"10m\" }")
    else {
      return nil
    }
    var requires = Requirements()
    requires.network = table.flag("network") ?? false
    requires.acPower = table.flag("ac_power") ?? false
    requires.idle = table.flag("idle") ?? false
    requires.freeDisk = bytes("free_disk", &table, atLeast: 0).map(Int64.init)
    requires.file = table.text("file", wanted: "a path (\"/mnt/backup/.mounted\")")
    if requires.file == "" { table.report("file", "is empty; write the path that has to be there") }
    requires.wait = table.duration("wait")
    table.close(.requires)
    if reader.value("requires")?.asTable?.fields.keys.allSatisfy({ $0 == "wait" }) == true {
      reader.report("requires", "names nothing that has to hold; \(KeyList.requires.example)")
    }
    return requires
  }

  private static func retry(_ reader: inout TableReader) -> RetryPolicy? {
    guard var table = reader.table("retry", example: "retry = { count = 2, interval = \"1m\" }") else {
      return nil
    }
    let count = table.integer("count", in: 0...1_000_000)
    let interval = table.duration("interval")
    let backoff = table.number("backoff", in: 1...1000)
    let longest = table.duration("max_interval")
    let jitter = table.duration("jitter")
    table.close(.retry)
    for key in ["count", "interval"] where !table.has(key) {
      table.report(key, "is missing; write retry = { count = 2, interval = \"1m\" }")
    }
    if let interval, let longest, longest < interval {
      table.report("max_interval", "\(longest) is shorter than the interval, \(interval)")
    }
    guard let count, let interval else { return nil }
    return RetryPolicy(
      count: count, interval: interval, backoff: backoff ?? 1, maxInterval: longest,
      jitter: jitter ?? .zero)
  }

  private static func environment(_ reader: inout TableReader) -> [String: String]? {
    guard var table = reader.table("env", example: "env = { KEY = \"value\" }"),
      let value = reader.value("env"),
      let fields = value.asTable?.fields
    else { return nil }
    var env: [String: String] = [:]
    for key in fields.keys.sorted() {
      guard let value = table.value(key) else { continue }
      switch value {
      case .string(let text): env[key] = text
      case .int(let number): env[key] = String(number)
      // How it should be written is not known: 1.20 arrives here as 1.2.
      case .double, .bool:
        let text = value.asBool.map { String($0) } ?? Found.number(value)
        table.report(key, "\(Found.phrase(value)); write it as a string: \"\(text)\"")
      default: table.report(key, Found.mismatch(value, "a string"))
      }
      if key.isEmpty || key.contains("=") || key.contains("\0") {
        table.report(key, "no variable can have this name: it is empty or has a \"=\" in it")
      }
    }
    table.close(KeyList(known: [], example: "write KEY = \"value\""))
    return env
  }

  private static func secrets(_ reader: inout TableReader) -> [String]? {
    let names = reader.parsedList("secrets", wanted: "the name of a secret (\"API_TOKEN\")") {
      (text) throws(ScheduleError) in
      let isName =
        text.utf8.first.map { $0 == 0x5f || $0 | 32 >= 97 && $0 | 32 < 123 } ?? false
        && text.utf8.allSatisfy { $0 == 0x5f || $0 | 32 >= 97 && $0 | 32 < 123 || $0 >= 48 && $0 < 58 }
      guard isName else {
        throw ScheduleError(
          "\(Found.quoted(text)) cannot be a secret's name: it is made of letters, digits and _ (\"API_TOKEN\")"
        )
      }
      return text
    }
    guard let names else { return nil }
    for name in Set(names) where names.count(where: { $0 == name }) > 1 {
      reader.report("secrets", "\(Found.quoted(name)) stands in the list twice")
    }
    return names
  }

  // MARK: - Amounts of memory

  /// Takes a size, as text with a unit.
  ///
  /// - Parameter needer: what the least size is for.
  package static func bytes(
    _ key: String, _ reader: inout TableReader, atLeast least: Int, for needer: String = "a Lua state"
  ) -> Int? {
    guard let value = reader.value(key) else { return nil }
    if value.asDouble != nil {
      let number = Found.number(value)
      reader.report(key, "\(number) is a number; add a unit: \"\(number)MB\", \"\(number)KB\"")
      return nil
    }
    let size = reader.parsed(key, wanted: "a size (\"64MB\", \"512KB\", \"1GB\")") {
      (text) throws(ScheduleError) in try ByteCount(parsing: text).bytes
    }
    guard let size, size < least else { return size }
    reader.report(
      key, "\(Found.quoted(value.asString ?? "")) is too little; \(needer) needs at least \(least >> 10)KB")
    return nil
  }
}
