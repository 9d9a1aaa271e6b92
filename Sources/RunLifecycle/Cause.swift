import Scheduling

/// What made a run due. With the job, it makes a ledger row one of its kind (SPEC 5).
///
/// The text form, `clock:2026-11-21T02:00:00.000Z`, reads back as the same cause.
public enum Cause: Hashable, Sendable, CustomStringConvertible {
  /// A clock trigger's nominal due instant.
  case clock(Instant)
  /// The daemon's start of this id.
  case startup(String)
  /// A request by a person or a program.
  case manual(String)
  /// The machine's boot of this id.
  case boot(String)
  /// This content of the job's file went live.
  case load(String)
  /// That run ended.
  case after(RunID)
  case watch(String)
  case webhook(String)
  /// The daemon of this start drains.
  case shutdown(String)

  /// True for what comes with something that must not be lost: each is a run of its own, however late it is,
  /// and none takes another's place.
  public var bringsPayload: Bool {
    switch self {
    case .after, .watch, .webhook: true
    case .clock, .startup, .manual, .boot, .load, .shutdown: false
    }
  }

  /// What the request of a dry run ends with.
  public static let dryRequestSuffix = "-dry"

  /// The word before the colon.
  public var kind: String {
    switch self {
    case .clock: "clock"
    case .startup: "startup"
    case .manual: "manual"
    case .boot: "boot"
    case .load: "load"
    case .after: "after"
    case .watch: "watch"
    case .webhook: "webhook"
    case .shutdown: "shutdown"
    }
  }

  /// What stands behind the colon.
  public var detail: String {
    switch self {
    case .clock(let due): Self.text(of: due)
    case .startup(let id), .manual(let id), .boot(let id), .load(let id), .watch(let id), .webhook(let id),
      .shutdown(let id):
      id
    case .after(let run): run.description
    }
  }

  public var description: String { "\(kind):\(detail)" }

  /// Reads ``description``; `nil` for a text that is none.
  public init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    self.init(kind: String(text[..<colon]), detail: String(text[text.index(after: colon)...]))
  }

  public init?(kind: String, detail: String) {
    switch kind {
    case "clock":
      guard let due = Self.instant(from: detail) else { return nil }
      self = .clock(due)
    case "startup": self = .startup(detail)
    case "manual": self = .manual(detail)
    case "boot": self = .boot(detail)
    case "load": self = .load(detail)
    case "after":
      guard let id = Int64(detail) else { return nil }
      self = .after(RunID(id))
    case "watch": self = .watch(detail)
    case "webhook": self = .webhook(detail)
    case "shutdown": self = .shutdown(detail)
    default: return nil
    }
  }

  /// Milliseconds as everywhere, and where an instant is finer, what is left in microseconds: `...000Z+7us`.
  private static func text(of due: Instant) -> String {
    let rest = due.microseconds % 1000
    return rest == 0 ? due.description : "\(due)+\(rest < 0 ? rest + 1000 : rest)us"
  }

  private static func instant(from text: String) -> Instant? {
    var text = Substring(text)
    var rest: Int64 = 0
    if text.hasSuffix("us"), let plus = text.lastIndex(of: "+") {
      guard let number = Int64(text[text.index(after: plus)...].dropLast(2)) else { return nil }
      rest = number
      text = text[..<plus]
    }
    guard let whole = try? Instant(parsing: String(text), in: .utc) else { return nil }
    return whole + Interval(microseconds: rest)
  }
}
