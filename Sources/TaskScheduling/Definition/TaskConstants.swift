import Scheduling

/// The names of one enumeration, or one set of flags, of the object model, and their numbers.
///
/// A name may carry the prefix of the C headers (`TASK_TRIGGER_DAILY`), and its case does not count.
struct TaskConstants {
  private let prefixes: [String]
  private let names: [(name: String, value: Int)]
  private let isFlags: Bool
  /// The n-th name may be written as n.
  private let isCounted: Bool

  private init(
    _ prefixes: [String], _ names: [(String, Int)], isFlags: Bool = false, isCounted: Bool = false
  ) {
    self.prefixes = prefixes
    self.names = names.map { (name: $0.0, value: $0.1) }
    self.isFlags = isFlags
    self.isCounted = isCounted
  }

  /// The number of a constant, given its name or that number. A day, month or week of the month may be named by
  /// its number, as exports do.
  func value(of text: String) -> Int? {
    let wanted = normal(text)
    if let named = names.first(where: { normal($0.name) == wanted }) { return named.value }
    if isCounted, let ordinal = Int(text), names.indices.contains(ordinal - 1) {
      return names[ordinal - 1].value
    }
    guard let number = Int(number: text), isFlags || names.contains(where: { $0.value == number }) else {
      return nil
    }
    return number
  }

  /// Whether there are such flags, and at least one.
  func holds(_ flags: Int) -> Bool {
    flags > 0 && flags & ~names.reduce(0) { $0 | $1.value } == 0
  }

  /// Whether this is one of the names, as it stands.
  func hasName(_ text: String) -> Bool { names.contains { $0.name == text } }

  /// Whether a bare number could mean one thing as a name and another one as flags: `3` is March, and the first two months.
  func isAmbiguous(_ text: String) -> Bool {
    guard isCounted, let number = Int(text), names.indices.contains(number - 1) else { return false }
    return names[number - 1].value != number
  }

  var examples: String { names.prefix(3).map(\.name).joined(separator: ", ") }

  func objection(to text: String) -> String {
    let known = names.map(\.name)
    let hint = SlipFinder.nearest(to: text, in: known).map { "; did you mean \($0)?" } ?? ""
    let list = known.count > 16 ? "\(examples) ... \(known.last ?? "")" : known.joined(separator: ", ")
    return "\"\(text)\" is none of \(list)\(hint)"
  }

  private func normal(_ text: String) -> String {
    var text = text.uppercased()
    if let prefix = prefixes.first(where: { text.hasPrefix($0) }) { text.removeFirst(prefix.count) }
    return text.filter { $0 != "_" && $0 != " " }
  }

  // MARK: - The object model's

  static let triggerTypes = TaskConstants(
    ["TASK_TRIGGER_", "TASK_"],
    [
      ("EVENT", 0), ("TIME", 1), ("DAILY", 2), ("WEEKLY", 3), ("MONTHLY", 4), ("MONTHLYDOW", 5), ("IDLE", 6),
      ("REGISTRATION", 7), ("BOOT", 8), ("LOGON", 9), ("SESSION_STATE_CHANGE", 11), ("CUSTOM_TRIGGER_01", 12),
    ])
  static let actionTypes = TaskConstants(
    ["TASK_ACTION_"], [("EXEC", 0), ("COM_HANDLER", 5), ("SEND_EMAIL", 6), ("SHOW_MESSAGE", 7)])
  static let instances = TaskConstants(
    ["TASK_INSTANCES_"], [("PARALLEL", 0), ("QUEUE", 1), ("IGNORE_NEW", 2), ("STOP_EXISTING", 3)])
  static let compatibilities = TaskConstants(
    ["TASK_COMPATIBILITY_"],
    [("AT", 0), ("V1", 1), ("V2", 2), ("V2_1", 3), ("V2_2", 4), ("V2_3", 5), ("V2_4", 6)])
  static let logonTypes = TaskConstants(
    ["TASK_LOGON_"],
    [
      ("NONE", 0), ("PASSWORD", 1), ("S4U", 2), ("INTERACTIVE_TOKEN", 3), ("GROUP", 4),
      ("SERVICE_ACCOUNT", 5),
      ("INTERACTIVE_TOKEN_OR_PASSWORD", 6),
    ])
  static let runLevels = TaskConstants(
    ["TASK_RUNLEVEL_"], [("LUA", 0), ("HIGHEST", 1), ("LeastPrivilege", 0), ("HighestAvailable", 1)])
  static let stateChanges = TaskConstants(
    ["TASK_"],
    [
      ("CONSOLE_CONNECT", 1), ("CONSOLE_DISCONNECT", 2), ("REMOTE_CONNECT", 3), ("REMOTE_DISCONNECT", 4),
      ("SESSION_LOCK", 7), ("SESSION_UNLOCK", 8),
    ])
  static let daysOfWeek = TaskConstants(
    ["TASK_"],
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"].enumerated().map {
      ($1, 1 << $0)
    }, isFlags: true)
  static let daysOfMonth = TaskConstants(
    [], (1...31).map { (String($0), 1 << ($0 - 1)) } + [("Last", 1 << 31)], isFlags: true,
    isCounted: true)
  static let monthsOfYear = TaskConstants(
    ["TASK_"],
    [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
      "November", "December",
    ].enumerated().map { ($1, 1 << $0) }, isFlags: true, isCounted: true)
  static let weeksOfMonth = TaskConstants(
    ["TASK_"], [("First", 1), ("Second", 2), ("Third", 4), ("Fourth", 8), ("Last", 16)],
    isFlags: true, isCounted: true)
}
