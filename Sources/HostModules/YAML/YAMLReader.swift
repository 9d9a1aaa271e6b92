import LuaHost
import Values

/// Reads YAML texts: the core schema, anchors and aliases, merge keys (`<<`).
struct YAMLReader {
  /// What an anchor stands for.
  private struct Anchored {
    let value: DataValue
    let weight: Int
    let depth: Int
  }

  /// How much a text may grow by its aliases, in bytes as they are counted here.
  private static let weightLimit = 64 << 20
  /// What a value weighs beside its text.
  private static let valueWeight = 16
  private static let tagPrefix = "tag:yaml.org,2002:"
  static let tooDeep = "nested deeper than \(ByteReader.maximumDepth) levels"

  private let events: YAMLEvents
  private var anchors: [String: Anchored] = [:]
  private var weight = 0
  /// How deep the deepest value below the current one is.
  private var deepest = 0

  private init(_ text: [UInt8]) throws(YAMLDamage) { events = try YAMLEvents(text) }

  /// The one document of a text; null where it is empty.
  static func document(_ text: [UInt8]) throws(YAMLDamage) -> DataValue {
    var reader = try YAMLReader(text)
    guard let value = try reader.nextDocument()?.value else { return .null }
    if let next = try reader.nextDocument() {
      throw YAMLDamage(mark: next.mark, what: "a second document begins; yaml.decode_all reads several")
    }
    return value
  }

  /// All documents of a text, which `---` parts.
  static func documents(_ text: [UInt8]) throws(YAMLDamage) -> [DataValue] {
    var reader = try YAMLReader(text)
    var documents: [DataValue] = []
    while let document = try reader.nextDocument() { documents.append(document.value) }
    return documents
  }

  private mutating func nextDocument() throws(YAMLDamage) -> (value: DataValue, mark: YAMLDamage.Mark)? {
    while true {
      let event = try events.next()
      switch event.kind {
      case .streamEnd: return nil
      case .documentStart:
        anchors = [:]
        return (try value(try events.next(), depth: 0), event.mark)
      default: continue
      }
    }
  }

  private mutating func value(_ event: YAMLEvents.Event, depth: Int) throws(YAMLDamage) -> DataValue {
    let before = weight
    var value: DataValue
    // Siblings do not count for each other's anchors.
    let outer = deepest
    deepest = depth
    switch event.kind {
    case .alias(let name):
      guard let anchored = anchors[name] else {
        throw YAMLDamage(mark: event.mark, what: "there is no anchor &\(name) before it")
      }
      try add(weight: anchored.weight, event)
      try check(depth: depth + anchored.depth, event)
      value = anchored.value
      deepest = depth + anchored.depth
    case .scalar(let text, let isPlain):
      try add(weight: Self.valueWeight + text.utf8.count, event)
      value = try scalar(text, isPlain: isPlain, event)
    case .sequenceStart:
      try check(depth: depth + 1, event)
      try add(weight: Self.valueWeight, event)
      value = try sequence(depth: depth + 1)
    case .mappingStart:
      try check(depth: depth + 1, event)
      try add(weight: Self.valueWeight, event)
      value = try mapping(depth: depth + 1)
    default: throw YAMLDamage(mark: event.mark, what: "a value is missing")
    }
    if let anchor = event.anchor {
      anchors[anchor] = Anchored(value: value, weight: weight - before, depth: deepest - depth)
    }
    deepest = max(deepest, outer)
    return value
  }

  private func check(depth: Int, _ event: YAMLEvents.Event) throws(YAMLDamage) {
    guard depth <= ByteReader.maximumDepth else {
      throw YAMLDamage(mark: event.mark, what: Self.tooDeep)
    }
  }

  private mutating func add(weight more: Int, _ event: YAMLEvents.Event) throws(YAMLDamage) {
    weight += more
    guard weight <= Self.weightLimit else {
      throw YAMLDamage(
        mark: event.mark, what: "with its aliases it has more than \(Self.weightLimit >> 20) MB")
    }
  }

  private mutating func sequence(depth: Int) throws(YAMLDamage) -> DataValue {
    var items: [DataValue] = []
    while true {
      let event = try events.next()
      if case .sequenceEnd = event.kind { return .list(items) }
      items.append(try value(event, depth: depth))
    }
  }

  private mutating func mapping(depth: Int) throws(YAMLDamage) -> DataValue {
    var fields: [String: DataValue] = [:]
    var merged: [[String: DataValue]] = []
    while true {
      let event = try events.next()
      if case .mappingEnd = event.kind { break }
      if case .scalar("<<", isPlain: true) = event.kind {
        merged += try mappingsToMerge(depth: depth)
        continue
      }
      let key = try key(event)
      let value = try value(try events.next(), depth: depth)
      guard fields.updateValue(value, forKey: key) == nil else {
        throw YAMLDamage(mark: event.mark, what: "the key \"\(key)\" stands twice in one mapping")
      }
    }
    // The mapping's own keys win, then those of the mapping that was merged first.
    for other in merged { fields.merge(other) { own, _ in own } }
    return .object(fields)
  }

  /// Source: https://yaml.org/type/merge.html
  private mutating func mappingsToMerge(depth: Int) throws(YAMLDamage) -> [[String: DataValue]] {
    let event = try events.next()
    let value = try value(event, depth: depth)
    let tables = value.asTable.map { $0.isList ? $0.items.map(\.asTable) : [$0] } ?? [nil]
    var mappings: [[String: DataValue]] = []
    for table in tables {
      guard let table, !table.isList else {
        throw YAMLDamage(mark: event.mark, what: "<< merges a mapping, or a list of mappings")
      }
      mappings.append(table.fields)
    }
    return mappings
  }

  /// A key as text: `8080: web` has the key "8080".
  private mutating func key(_ event: YAMLEvents.Event) throws(YAMLDamage) -> String {
    switch event.kind {
    case .scalar(let text, _):
      try add(weight: Self.valueWeight + text.utf8.count, event)
      if let anchor = event.anchor {
        anchors[anchor] = Anchored(
          value: .string(text), weight: Self.valueWeight + text.utf8.count, depth: 0)
      }
      return text
    case .alias(let name):
      if let value = anchors[name]?.value, let bytes = LuaText.bytes(value) {
        try add(weight: Self.valueWeight + bytes.count, event)
        return String(decoding: bytes, as: UTF8.self)
      }
    default: break
    }
    throw YAMLDamage(mark: event.mark, what: "a key must be text or a number, not a list or a mapping")
  }

  private func scalar(
    _ text: String, isPlain: Bool, _ event: YAMLEvents.Event
  ) throws(YAMLDamage) -> DataValue {
    func wrong(_ kind: String) -> YAMLDamage {
      YAMLDamage(mark: event.mark, what: "\"\(text.prefix(60))\" is not \(kind)")
    }
    // A tag of somebody's own says nothing here: the value stands as it looks.
    guard let tag = event.tag, tag.hasPrefix(Self.tagPrefix) else {
      return isPlain && event.tag != "!" ? YAMLScalar.plain(text) : .string(text)
    }
    switch tag.dropFirst(Self.tagPrefix.count) {
    case "str": return .string(text)
    case "int":
      guard case .int(let number)? = YAMLScalar.number(text) else { throw wrong("an integer") }
      return .int(number)
    case "float":
      guard let number = YAMLScalar.number(text)?.asDouble else { throw wrong("a number") }
      return .double(number)
    case "bool":
      guard case .bool(let flag) = YAMLScalar.plain(text) else { throw wrong("true or false") }
      return .bool(flag)
    case "null": return .null
    case "binary":
      do throws(BinaryText.Damage) { return .bytes(try BinaryText.bytes(base64: Array(text.utf8))) } catch {
        throw YAMLDamage(mark: event.mark, what: error.text)
      }
    default: return isPlain ? YAMLScalar.plain(text) : .string(text)
    }
  }
}
