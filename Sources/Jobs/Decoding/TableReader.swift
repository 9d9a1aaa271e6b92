import Scheduling
import Values

/// Takes the keys of one table by name and type, and notes what is wrong with them.
///
/// A key that is taken and wrong gives `nil`, like one that is not there: whoever decodes goes on, so
/// that everything wrong is found at once. ``close(_:)`` finds the keys that nobody took.
package struct TableReader {
  /// How the table is reached: `schedule.window`; empty for the top of a file.
  package let place: String
  package let problems: Problems
  private let table: DataTable
  private var taken: Set<String> = []

  package init(_ table: DataTable, at place: String, _ problems: Problems) {
    self.table = table
    self.place = place
    self.problems = problems
  }

  package func has(_ key: String) -> Bool { table.fields[key] != nil }

  package func place(of key: String) -> String { Self.place(of: key, in: place) }

  /// How a key of the table at `place` is reached.
  package static func place(of key: String, in place: String) -> String {
    let isName =
      !key.isEmpty
      && key.utf8.allSatisfy {
        $0 == UInt8(ascii: "_") || $0 >= 48 && $0 < 58 || $0 | 32 >= 97 && $0 | 32 < 123
      }
    if isName, Int(key) == nil { return place.isEmpty ? key : place + "." + key }
    return Int(key) != nil ? "\(place)[\(key)]" : "\(place)[\(Found.quoted(key))]"
  }

  package func report(_ key: String, _ message: String) { problems.add(place(of: key), message) }

  package mutating func value(_ key: String) -> DataValue? {
    taken.insert(key)
    return table.fields[key]
  }

  // MARK: - One value

  package mutating func flag(_ key: String) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.asBool else {
      report(key, Found.mismatch(value, "true or false"))
      return nil
    }
    return flag
  }

  /// - Parameter wanted: What it would have to be, with an example.
  package mutating func text(_ key: String, wanted: String) -> String? {
    value(key).flatMap { text($0, at: place(of: key), wanted: wanted) }
  }

  /// A string that something is read from.
  package mutating func parsed<Result>(
    _ key: String, wanted: String, _ parse: (String) throws(ScheduleError) -> Result
  ) -> Result? {
    guard let text = text(key, wanted: wanted) else { return nil }
    return attempt(at: place(of: key)) { () throws(ScheduleError) in try parse(text) }
  }

  package mutating func duration(_ key: String, positive: Bool = false) -> Interval? {
    guard let value = value(key) else { return nil }
    switch value {
    case .int, .double:
      let number = Found.number(value)
      report(key, "\(number) is a number; add a unit: \"\(number)m\", \"\(number)s\"")
      return nil
    default: break
    }
    let interval = parsed(key, wanted: "a duration (\"10m\", \"1h30m\", \"PT5M\")") {
      (text) throws(ScheduleError) in try Interval(parsing: text)
    }
    if let interval, positive, interval <= .zero {
      report(key, "\(Found.quoted(value.asString ?? "")) is no time at all; it has to be longer")
      return nil
    }
    return interval
  }

  package mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let value = value(key) else { return nil }
    guard value.asDouble != nil, let number = value.asInt, let result = Int(exactly: number) else {
      report(key, Found.mismatch(value, "a whole number"))
      return nil
    }
    guard range.contains(result) else {
      report(key, "\(result) is out of range (\(range.lowerBound) to \(range.upperBound))")
      return nil
    }
    return result
  }

  mutating func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.asDouble else {
      report(key, Found.mismatch(value, "a number"))
      return nil
    }
    guard range.contains(number) else {
      report(
        key,
        "\(Found.number(value)) is out of range (\(Found.number(.double(range.lowerBound))) to \(Found.number(.double(range.upperBound))))"
      )
      return nil
    }
    return number
  }

  /// One of a few words.
  mutating func choice(_ key: String, of words: [String]) -> String? {
    let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
    guard let word = text(key, wanted: "one of " + list) else { return nil }
    if words.contains(word) { return word }
    let near = SlipFinder.nearest(to: word, in: words).map { "; did you mean \"\($0)\"?" } ?? ""
    report(key, "\(Found.quoted(word)) is not one of \(list)\(near)")
    return nil
  }

  // MARK: - Several values

  /// A value, or the items of a list of them, each with its place; `nil` if there is none or it is no list.
  mutating func oneOrMore(_ key: String, wanted: String) -> [(place: String, value: DataValue)]? {
    guard let value = value(key) else { return nil }
    let place = place(of: key)
    guard let list = value.asTable else { return [(place, value)] }
    for name in list.fields.keys.sorted() {
      let inner = TableReader(list, at: place, problems)
      inner.report(name, "a list is expected here, of \(wanted)")
    }
    guard list.fields.isEmpty else { return nil }
    guard !list.items.isEmpty else {
      problems.add(place, "the list is empty; it needs at least one item: \(wanted)")
      return nil
    }
    return list.items.enumerated().map { ("\(place)[\($0.offset + 1)]", $0.element) }
  }

  /// What each string of a list says. Empty lists and lists with something wrong in them are `nil`.
  mutating func parsedList<Result>(
    _ key: String, wanted: String, _ parse: (String) throws(ScheduleError) -> Result
  ) -> [Result]? {
    guard let items = oneOrMore(key, wanted: wanted) else { return nil }
    let results = items.compactMap { item in
      text(item.value, at: item.place, wanted: wanted).flatMap { text in
        attempt(at: item.place) { () throws(ScheduleError) in try parse(text) }
      }
    }
    return results.count == items.count ? results : nil
  }

  /// A table of named keys.
  package mutating func table(_ key: String, example: String) -> TableReader? {
    guard let value = value(key) else { return nil }
    guard let inner = value.asTable else {
      report(key, Found.mismatch(value, "a table: \(example)"))
      return nil
    }
    return TableReader(inner, at: place(of: key), problems)
  }

  /// A table of named keys, or a list of such tables.
  mutating func tables(_ key: String, example: String) -> [TableReader]? {
    guard let value = value(key) else { return nil }
    guard let outer = value.asTable else {
      report(key, Found.mismatch(value, "a table: \(example)"))
      return nil
    }
    if outer.items.isEmpty, !outer.isList { return [TableReader(outer, at: place(of: key), problems)] }
    guard let items = oneOrMore(key, wanted: "tables like \(example)") else { return nil }
    return items.compactMap { item in
      if let inner = item.value.asTable { return TableReader(inner, at: item.place, problems) }
      problems.add(item.place, Found.mismatch(item.value, "a table: \(example)"))
      return nil
    }
  }

  // MARK: - What is left

  /// Reports every key that nobody took, and every item.
  ///
  /// - Parameter known: What the table may hold.
  package func close(_ known: KeyList) {
    for (index, item) in table.items.enumerated() {
      problems.add("\(place)[\(index + 1)]", "\(Found.phrase(item)) without a key; \(known.example)")
    }
    for key in table.fields.keys.sorted() where !taken.contains(key) {
      report(key, known.objection(to: key))
    }
  }

  // MARK: - Helpers

  private func text(_ value: DataValue, at place: String, wanted: String) -> String? {
    if case .string(let text) = value { return text }
    problems.add(place, Found.mismatch(value, wanted))
    return nil
  }

  func attempt<Result>(at place: String, _ body: () throws(ScheduleError) -> Result) -> Result? {
    do throws(ScheduleError) { return try body() } catch {
      problems.add(place, error.message)
      return nil
    }
  }
}

/// How an error says what stands in a table.
package enum Found {
  /// `10 is a number, not a time of day ("02:30")`.
  package static func mismatch(_ value: DataValue, _ wanted: String) -> String {
    "\(phrase(value)), not \(wanted)"
  }

  static func phrase(_ value: DataValue) -> String {
    switch value {
    case .null: "this is null"
    case .bool(let flag): "\(flag) is a boolean"
    case .int, .double: "\(number(value)) is a number"
    case .string(let text): "\(quoted(text)) is a string"
    case .bytes(let bytes): "\"\(NameRules.displayed(bytes))\" is a string that is not valid UTF-8"
    case .table: "this is a table"
    case .opaque(let name): "this is a \(name)"
    }
  }

  package static func quoted(_ text: String) -> String {
    "\"" + NameRules.displayed(text.count > 80 ? text.prefix(77) + "..." : text) + "\""
  }

  /// A number as a person writes it.
  static func number(_ value: DataValue) -> String {
    switch value {
    case .int(let number): return String(number)
    case .double(let number): return Int64(exactly: number).map { String($0) } ?? String(number)
    default: return ""
    }
  }
}
