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
    for (key, value) in defaults.table.fields.sorted(by: { $0.key < $1.key }) {
      let key = TableReader.place(of: key, in: "defaults")
      let origin = SettingOrigin.file(file?.path ?? "", line: file?.lines.line(of: key))
      items.append(Item(key: key, value: Self.withoutSecrets(value, at: key), origin: origin))
    }
    return items
  }

  /// Variables may hold anything.
  private static func withoutSecrets(_ value: DataValue, at key: String) -> DataValue {
    guard key == "defaults.env", let table = value.asTable else { return value }
    return .object(table.fields.mapValues { _ in "***" })
  }

  /// "1GB", "1500KB".
  private static func size(_ bytes: Int) -> String {
    for (unit, shift) in [("GB", 30), ("MB", 20), ("KB", 10)] where bytes % (1 << shift) == 0 && bytes > 0 {
      return "\(bytes >> shift)\(unit)"
    }
    return "\(bytes)B"
  }
}
