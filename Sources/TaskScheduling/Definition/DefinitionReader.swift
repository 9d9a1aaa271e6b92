import Scheduling

/// What is wrong with one task so far, and what its properties say. One is shared by the readers of its parts.
final class DefinitionFindings {
  var problems: [TaskProblem] = []
  var given: [String: TaskDefinition] = [:]
  var task = ""
}

/// The properties of one object of a definition. What is taken is noted; what is left over is told by ``close(_:)``.
///
/// Names are found whatever their case, as that system finds them.
struct DefinitionReader {
  /// The object's key: `Triggers[2]`; empty for the task itself.
  let key: String
  let place: String
  let findings: DefinitionFindings
  private let fields: [TaskDefinition.Field]
  private var taken: Set<String> = []

  init(_ fields: [TaskDefinition.Field], key: String, place: String, _ findings: DefinitionFindings) {
    self.fields = fields
    self.key = key
    self.place = place
    self.findings = findings
  }

  func has(_ name: String) -> Bool { find(name) != nil }

  private func find(_ name: String) -> TaskDefinition? {
    let value = fields.first { $0.name.lowercased() == name.lowercased() }?.value
    if case .nothing = value?.content { return nil }
    return value
  }

  func fullKey(_ name: String) -> String { key.isEmpty ? name : key + "." + name }

  func report(_ name: String, _ message: String) {
    let field = fields.first { $0.name.lowercased() == name.lowercased() }
    findings.problems.append(
      TaskProblem(
        place: field?.value.place ?? place, task: findings.task, key: fullKey(name), message: message))
  }

  /// Takes a property, whatever it is.
  mutating func take(_ name: String) -> TaskDefinition? {
    taken.insert(name.lowercased())
    guard let value = find(name) else { return nil }
    findings.given[fullKey(name)] = value
    return value
  }

  /// Takes whatever is left, for what is told of as a whole.
  mutating func takeRest() {
    for field in fields { taken.insert(field.name.lowercased()) }
  }

  // MARK: - Texts and numbers

  mutating func text(_ name: String) -> String? {
    guard let value = take(name) else { return nil }
    guard case .text(let text, _) = value.content else {
      report(name, "\(value.kind) stands where a text belongs")
      return nil
    }
    return text
  }

  mutating func flag(_ name: String) -> Bool? {
    guard let text = text(name) else { return nil }
    switch text.trimmed.lowercased() {
    // YAML 1.1 has further words for them, which definitions that were written for it use.
    case "true", "yes", "on", "1", "-1": return true
    case "false", "no", "off", "0": return false
    default:
      report(name, "\"\(text)\" is neither true nor false")
      return nil
    }
  }

  mutating func number(_ name: String, in range: ClosedRange<Int>) -> Int? {
    guard let text = text(name) else { return nil }
    guard let number = Int(number: text), range.contains(number) else {
      report(name, "\"\(text)\" is not a whole number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  mutating func duration(_ name: String) -> Interval? {
    guard let text = text(name) else { return nil }
    do throws(ScheduleError) { return try Interval(taskDuration: text.trimmed) } catch {
      report(name, "\(error)")
      return nil
    }
  }

  mutating func boundary(_ name: String) -> TaskBoundary? {
    guard let text = text(name) else { return nil }
    do throws(ScheduleError) { return try TaskBoundary(parsing: text.trimmed) } catch {
      report(name, "\(error)")
      return nil
    }
  }

  /// A constant, by its name or its number.
  mutating func constant(_ name: String, _ constants: TaskConstants) -> Int? {
    guard let text = text(name) else { return nil }
    if let value = constants.value(of: text.trimmed) { return value }
    report(name, constants.objection(to: text))
    return nil
  }

  /// Flags: a list of names or numbers, one of them, or the sum of their numbers.
  mutating func flags(_ name: String, _ constants: TaskConstants) -> Int? {
    guard let value = take(name) else { return nil }
    let isList: Bool
    let items: [TaskDefinition]
    if case .list(let list) = value.content {
      (items, isList) = (list, true)
    } else {
      (items, isList) = ([value], false)
    }
    var sum = 0
    for item in items {
      guard case .text(let text, let isQuoted) = item.content else {
        report(name, "\(item.kind) stands where a name belongs (\(constants.examples))")
        return nil
      }
      // A day of the month is named by its number; of a month or a week, a number may be one flag or several.
      let isName = isQuoted || isList && constants.hasName(text.trimmed)
      if !isName, isList, constants.isAmbiguous(text.trimmed), let number = Int(text.trimmed) {
        report(
          name,
          "\(number) in a list could be a name or flags; write \"\(number)\" for the name, or "
            + "0x\(String(number, radix: 16, uppercase: true)) for the flags")
        return nil
      }
      let number = isName ? nil : Int(number: text)
      guard let flag = number ?? constants.value(of: text.trimmed), constants.holds(flag) else {
        report(name, constants.objection(to: text))
        return nil
      }
      sum |= flag
    }
    guard sum > 0 else {
      report(name, "names none; write some of \(constants.examples)")
      return nil
    }
    return sum
  }

  // MARK: - Objects

  mutating func object(_ name: String) -> DefinitionReader? {
    guard let value = take(name) else { return nil }
    guard case .table(let fields) = value.content else {
      report(name, "\(value.kind) stands where properties belong")
      return nil
    }
    return DefinitionReader(fields, key: fullKey(name), place: value.place, findings)
  }

  /// The objects of a list; one alone may stand without it.
  mutating func objects(_ name: String) -> [DefinitionReader] {
    guard let value = take(name) else { return [] }
    let items: [TaskDefinition]
    switch value.content {
    case .list(let list): items = list
    case .table: items = [value]
    default:
      report(name, "\(value.kind) stands where a list belongs")
      return []
    }
    return items.enumerated().compactMap { place, item in
      let key = "\(fullKey(name))[\(place + 1)]"
      findings.given[key] = item
      guard case .table(let fields) = item.content else {
        findings.problems.append(
          TaskProblem(
            place: item.place, task: findings.task, key: key,
            message: "\(item.kind) stands where properties belong"))
        return nil
      }
      return DefinitionReader(fields, key: key, place: item.place, findings)
    }
  }

  /// Reports what was not taken.
  ///
  /// - Parameter known: The names that the object may have, for the nearest one.
  func close(_ known: [String]) {
    var seen: Set<String> = []
    for field in fields {
      let name = field.name.lowercased()
      guard seen.insert(name).inserted else {
        findings.problems.append(
          TaskProblem(
            place: field.value.place, task: findings.task, key: fullKey(field.name),
            message: "stands there twice; the second says \(field.value.summary)"))
        continue
      }
      if taken.contains(name) { continue }
      let list = known.count > 8 ? "" : "; known are \(known.joined(separator: ", "))"
      let hint = SlipFinder.nearest(to: field.name, in: known).map { "; did you mean \($0)?" }
      findings.given[fullKey(field.name)] = field.value
      report(field.name, "there is no such property\(hint ?? list)")
    }
  }
}

extension TaskDefinition {
  /// What it is, for messages.
  var kind: String {
    switch content {
    case .nothing: "nothing"
    case .text(let text, _): "\"\(text)\""
    case .list: "a list"
    case .table: "a table"
    }
  }
}

extension String {
  /// Without blanks and line breaks around it.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}

extension Int {
  /// Reads `15` and `0x0F`.
  init?(number text: String) {
    let text = text.trimmed
    if text.lowercased().hasPrefix("0x") {
      self.init(text.dropFirst(2), radix: 16)
    } else {
      self.init(text)
    }
  }
}

extension Interval {
  /// Reads a duration as that system writes it: `PT5M`, `P1DT12H`, `P1M`. A month has 30 days, a year 365, for here
  /// they are only lengths.
  init(taskDuration text: String) throws(ScheduleError) {
    var rest = text.uppercased()
    guard rest.hasPrefix("P") else {
      throw ScheduleError("\"\(text)\" is not a duration (PT5M, PT1H30M, P3D)")
    }
    rest.removeFirst()
    var length = Interval.zero
    for (unit, days) in [("Y", Int64(365)), ("M", 30)] {
      let date = rest.prefix { $0 != "T" }
      guard let end = date.firstIndex(of: Character(unit)), let count = Int64(rest[..<end]), count >= 0 else {
        continue
      }
      length = length + .days(saturating(count, days))
      rest = String(rest[rest.index(after: end)...])
    }
    if length == .zero || !rest.isEmpty { length = length + (try Interval(parsing: "P" + rest)) }
    guard length <= .longest else {
      throw ScheduleError("\"\(text)\" is too long; the longest duration is 9999 years")
    }
    self = length
  }
}

private func saturating(_ count: Int64, _ days: Int64) -> Int64 {
  let (product, overflow) = count.multipliedReportingOverflow(by: days)
  return overflow ? .max : product
}
