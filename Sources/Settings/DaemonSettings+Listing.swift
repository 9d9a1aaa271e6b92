import Jobs
import Scheduling
import Values

extension DaemonSettings {
  /// One setting, as a listing shows it.
  public struct Item: Sendable, Equatable {
    public var key: String
    public var value: DataValue
    public var origin: SettingOrigin
  }

  /// Every setting that is in force, in the order of the documents. Values that may be secret are `***`.
  ///
  /// - Parameter machineZone: the zone where none is set.
  public func listing(machineZone: Zone) -> [Item] {
    func item<Value>(_ key: String, _ setting: Setting<Value>, _ shown: (Value) -> DataValue) -> Item {
      Item(key: key, value: shown(setting.value), origin: setting.origin)
    }
    var items = [
      item("jobs", jobs) { .string($0) }, item("state", state) { .string($0) },
      item("time_zone", timeZone) { .string(($0 ?? machineZone).name) },
      item("hosts", hosts) { $0.map { .int(Int64($0)) } ?? "one a processor" },
      item("grace", grace) { .string($0.description) },
      item("idle_states", idleStates) { $0.map { .int(Int64($0)) } ?? "all" },
      item("retention.age", retentionAge) { .string($0?.description ?? "unlimited") },
      item("retention.runs", retentionRuns) { $0.map { .int(Int64($0)) } ?? "unlimited" },
      item("retention.bytes", retentionBytes) { .string($0.map(Self.size) ?? "unlimited") },
    ]
    for name in pools.keys.sorted() {
      if let pool = pools[name] { items.append(item("pools.\(name)", pool) { .int(Int64($0)) }) }
    }
    guard let file else { return items }
    items += Self.items(of: .table(defaults.table), "defaults", in: file)
    items += Self.items(of: file.table.fields["notify"] ?? .null, "notify", in: file)
    return items
  }

  /// A key of the file that holds a table, key by key.
  private static func items(of value: DataValue, _ key: String, in file: ConfigurationFile) -> [Item] {
    func item(_ place: String, _ value: DataValue) -> Item {
      Item(key: place, value: value, origin: .file(file.path, line: file.lines.line(of: place)))
    }
    if value == .null { return [] }
    guard let table = value.asTable else { return [item(key, value)] }
    return table.fields.sorted { $0.key < $1.key }.map { name, value in
      item(TableReader.place(of: name, in: key), withoutSecrets(value, of: name))
    }
  }

  /// Variables may hold anything; whoever knows a hook, a topic or a switch can use it.
  private static func withoutSecrets(_ value: DataValue, of key: String) -> DataValue {
    switch (key, value) {
    case (_, .bool): return value
    case ("env", .table(let table)): return .object(table.fields.mapValues { _ in "***" })
    case ("password", _): return "***"
    case ("webhook", .string(let text)), ("ntfy", .string(let text)), ("ping", .string(let text)):
      return .string(withoutPath(text))
    case (_, .table(var table)):
      table.items = table.items.map { withoutSecrets($0, of: key) }
      for (name, value) in table.fields { table.fields[name] = withoutSecrets(value, of: name) }
      return .table(table)
    default: return value
    }
  }

  /// `https://chat.example.com/***` of a URL, whatever user it names and path it has; `***` of anything else.
  private static func withoutPath(_ text: String) -> String {
    guard let scheme = text.firstRange(of: "://") else { return "***" }
    let host = text[scheme.upperBound...].prefix { !"/?#".contains($0) }
    return text[..<scheme.upperBound] + (host.split(separator: "@").last ?? "") + "/***"
  }

  /// "1GB", "1500KB".
  private static func size(_ bytes: Int) -> String {
    for (unit, shift) in [("GB", 30), ("MB", 20), ("KB", 10)] where bytes % (1 << shift) == 0 && bytes > 0 {
      return "\(bytes >> shift)\(unit)"
    }
    return "\(bytes)B"
  }
}
