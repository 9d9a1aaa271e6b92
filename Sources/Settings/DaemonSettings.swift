import Jobs
import RunStore
import Scheduling
import Values

/// How the daemon is set up: from the command line, else the environment, else ``ConfigurationFile``, else
/// what is built in (SPEC 9).
///
/// Whatever is wrong in any of them is told at once, also where another source has the last word.
public struct DaemonSettings: Sendable {
  /// The file that was read, if there is one.
  public let file: ConfigurationFile?
  /// The folder of jobs.
  public var jobs: Setting<String>
  /// The state directory.
  public var state: Setting<String>
  /// The zone of jobs that name none; `nil`: the machine's.
  public var timeZone: Setting<Zone?>
  /// How many host processes jobs share; `nil`: one a processor.
  public var hosts: Setting<Int?>
  /// How long running jobs have to end when the daemon drains.
  public var grace: Setting<Interval>
  /// How many idle Lua states are kept; `nil`: all.
  public var idleStates: Setting<Int?>
  public var retentionAge: Setting<Interval?>
  public var retentionRuns: Setting<Int?>
  public var retentionBytes: Setting<Int?>
  /// The sizes of the concurrency pools, by name.
  public var pools: [String: Setting<Int>]
  /// Settings of every job that does not say otherwise.
  public var defaults: JobDefaults
  /// Whom to tell what of runs, where neither the job nor `defaults` says.
  public var notify: NotifySettings

  public var retention: RetentionPolicy {
    RetentionPolicy(age: retentionAge.value, runs: retentionRuns.value, bytes: retentionBytes.value)
  }

  /// The environment variables that are settings, by what follows `ALMANAC_` in lower case.
  private static let variables = [
    "jobs", "state", "listen", "store", "time_zone", "hosts", "grace", "idle_states",
  ]
  private static let retentionKeys = ["age", "runs", "bytes"]
  /// Keys whose values are numbers where they are written as text.
  private static let numbers: Set = ["hosts", "idle_states", "runs"]

  /// - Parameters:
  ///   - flags: what the command line says, by the keys of the file.
  ///   - environment: variables; empty ones count as unset.
  public init(
    flags: [String: String] = [:], environment: [String: String] = [:], file: ConfigurationFile? = nil
  ) throws(SettingsError) {
    self.file = file
    var layers = [
      SettingLayer(.flags, DataTable(fields: Dictionary(uniqueKeysWithValues: flags.map(Self.typed)))),
      SettingLayer(.variables, Self.table(of: environment)),
    ]
    if let file { layers.append(SettingLayer(.file(file), file.table)) }
    var reader = SettingsReader(layers: layers)

    jobs = reader.path("jobs", builtIn: "jobs")
    state = reader.path("state", builtIn: ".almanac")
    timeZone = reader.optional("time_zone") { reader, _ in SettingsDecoder.zone(&reader) }
    hosts = reader.optional("hosts") { $0.integer($1, in: 1...256) }
    grace = reader.setting("grace", builtIn: .seconds(30)) { $0.duration($1) }
    idleStates = reader.optional("idle_states") { $0.integer($1, in: 0...100_000_000) }
    let standard = RetentionPolicy.standard
    retentionAge = reader.bound("age", builtIn: standard.age) { $0.duration($1, positive: true) }
    retentionRuns = reader.bound("runs", builtIn: standard.runs) { $0.integer($1, in: 1...1_000_000_000_000) }
    retentionBytes = reader.bound("bytes", builtIn: standard.bytes) {
      SettingsDecoder.bytes($1, &$0, atLeast: 1 << 20, for: "the history")
    }
    pools = reader.pools()
    defaults = reader.defaults(zone: timeZone.value ?? .utc, pools: pools.keys.sorted())
    notify = reader.notify()
    try reader.close()
  }

  private static func typed(_ key: String, _ text: String) -> (String, DataValue) {
    (key, numbers.contains(key) ? Int64(text).map { .int($0) } ?? .string(text) : .string(text))
  }

  private static func table(of environment: [String: String]) -> DataTable {
    func fields(_ keys: [String], _ prefix: String) -> [String: DataValue] {
      var fields: [String: DataValue] = [:]
      for key in keys {
        guard let text = environment[prefix + key.uppercased()], !text.isEmpty else { continue }
        fields[key] = typed(key, text).1
      }
      return fields
    }
    var table = DataTable(fields: fields(variables, "ALMANAC_"))
    let retention = fields(retentionKeys, "ALMANAC_RETENTION_")
    if !retention.isEmpty { table.fields["retention"] = .object(retention) }
    return table
  }
}

extension KeyList {
  fileprivate static let configuration = KeyList(
    known: [
      "jobs", "state", "time_zone", "hosts", "grace", "idle_states", "retention", "pools", "defaults",
      "notify",
    ],
    later: [
      "listen": "there is no HTTP API; leave it out",
      "store": "there is no shared store; leave it out, and the ledger is in the state directory",
    ],
    elsewhere: [
      "age": "belongs into `retention: { age: ... }`", "runs": "belongs into `retention: { runs: ... }`",
      "bytes": "belongs into `retention: { bytes: ... }`",
    ].merging(
      ["time_limit", "retry", "memory_limit", "log_limit", "window", "overlap", "env", "late_within"].map {
        ($0, "is a setting of jobs; it belongs into `defaults: { \($0): ... }`")
      }, uniquingKeysWith: { first, _ in first }),
    otherNames: ["timezone": "time_zone", "tz": "time_zone", "state_directory": "state", "workers": "hosts"],
    example: "settings are written as `key: value`")

  fileprivate static let retention = KeyList(
    known: ["age", "runs", "bytes"],
    otherNames: ["days": "age", "count": "runs", "rows": "runs", "size": "bytes"],
    example: "write age: 90d, runs: 1000000 or bytes: 1GB")
}

/// Takes settings from several layers: the first that has one decides, and all are checked.
private struct SettingsReader {
  var layers: [SettingLayer]

  mutating func setting<Value: Sendable>(
    _ key: String, in section: String? = nil, builtIn: Value,
    _ decode: (inout TableReader, String) -> Value?
  ) -> Setting<Value> {
    var found: Setting<Value>?
    for index in layers.indices {
      let value = layers[index].take(key, in: section, decode)
      found = found ?? value
    }
    return found ?? Setting(builtIn, .builtIn)
  }

  /// A setting that is `nil` unless it is set.
  mutating func optional<Value: Sendable>(
    _ key: String, _ decode: (inout TableReader, String) -> Value?
  ) -> Setting<Value?> {
    setting(key, builtIn: nil) { (reader: inout TableReader, key) -> Value?? in
      decode(&reader, key).map { .some($0) }
    }
  }

  mutating func path(_ key: String, builtIn: String) -> Setting<String> {
    var found: Setting<String>?
    for index in layers.indices {
      let layer = layers[index]
      let value = layers[index].take(key, in: nil) { (reader: inout TableReader, key) -> String? in
        let path = reader.text(key, wanted: "a path (\"/srv/almanac/\(key)\")")
        if path == "" { reader.report(key, "is empty; name a folder") }
        return path.map { layer.rooted($0) }
      }
      found = found ?? value
    }
    return found ?? Setting(builtIn, .builtIn)
  }

  /// A bound of the retention, or `unlimited`.
  mutating func bound<Value: Sendable>(
    _ key: String, builtIn: Value?, _ decode: (inout TableReader, String) -> Value?
  ) -> Setting<Value?> {
    setting(key, in: "retention", builtIn: builtIn) { (reader: inout TableReader, key) -> Value?? in
      if reader.has(key), reader.value(key)?.asString == "unlimited" { return .some(nil) }
      return decode(&reader, key).map { .some($0) }
    }
  }

  /// Pools are the file's alone.
  mutating func pools() -> [String: Setting<Int>] {
    var pools: [String: Setting<Int>] = [:]
    for index in layers.indices {
      guard case .file(let file) = layers[index].source,
        var reader = layers[index].top.table("pools", example: "pools: { database: 2 }")
      else { continue }
      for name in file.table.fields["pools"]?.asTable?.fields.keys.sorted() ?? [] {
        guard let size = reader.integer(name, in: 1...1_000_000) else { continue }
        pools[name] = Setting(size, layers[index].origin(of: reader.place(of: name)))
      }
      reader.close(KeyList(known: [], example: "write database: 2"))
    }
    return pools
  }

  /// - Parameter pools: those that the default one may be of.
  mutating func defaults(zone: Zone, pools: [String]) -> JobDefaults {
    for index in layers.indices {
      guard case .file(let file) = layers[index].source else { continue }
      let defaults = JobDefaults(
        &layers[index].top, zone: zone, file: file.path, folder: file.folder, lines: file.lines)
      if case .string(let pool)? = defaults.table.fields["pool"],
        let objection = JobSurroundings.objection(to: pool, among: pools)
      {
        layers[index].problems.add("defaults.pool", objection)
      }
      return defaults
    }
    return .none
  }

  /// The file's alone: its values are tables, and some of them secret.
  mutating func notify() -> NotifySettings {
    for index in layers.indices {
      guard case .file = layers[index].source else { continue }
      return NotifyDecoder.decode(&layers[index].top, "notify") ?? NotifySettings()
    }
    return NotifySettings()
  }

  func close() throws(SettingsError) {
    for layer in layers { layer.close(.configuration, sections: ["retention": .retention]) }
    let messages = layers.flatMap(\.messages)
    if !messages.isEmpty { throw SettingsError(messages) }
  }
}
