/// What somebody wrote down of a task, before it is understood: names with texts, lists and further names under them.
///
/// It comes from a file (``TaskDefinitions``), an export, or a literal:
///
/// ```swift
/// let definition: TaskDefinition = [
///   "Path": #"\myApp\nightly"#,
///   "Triggers": [["Type": "DAILY", "StartBoundary": "2026-01-01T02:00:00"]],
///   "Actions": [["Type": "EXEC", "Path": "/usr/local/bin/backup"]],
/// ]
/// ```
public struct TaskDefinition: Sendable, Equatable {
  public indirect enum Content: Sendable, Equatable {
    case nothing
    /// `isQuoted` tells `"15"`, a name, from `15`, a number.
    case text(String, isQuoted: Bool)
    case list([TaskDefinition])
    case table([Field])
  }

  public struct Field: Sendable, Equatable {
    public var name: String
    public var value: TaskDefinition

    public init(_ name: String, _ value: TaskDefinition) {
      self.name = name
      self.value = value
    }
  }

  public var content: Content
  /// Where it stands: `tasks.yaml:12`; empty for what stands in no file.
  public var place: String

  public init(_ content: Content, place: String = "") {
    self.content = content
    self.place = place
  }
}

extension TaskDefinition {
  /// All that it says, in one line: `StartBoundary: 2026-01-01T02:00:00, DaysOfWeek: [Monday]`.
  var summary: String {
    switch content {
    case .nothing: ""
    case .text(let text, _): text.trimmed
    case .list(let items): items.map(\.nestedSummary).joined(separator: ", ")
    case .table(let fields):
      fields.filter { $0.value.content != .nothing }
        .map { "\($0.name): \($0.value.nestedSummary)" }.joined(separator: ", ")
    }
  }

  private var nestedSummary: String {
    switch content {
    case .nothing, .text: summary
    case .list: "[\(summary)]"
    case .table: "{ \(summary) }"
    }
  }
}

extension TaskDefinition: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self.init(.text(value, isQuoted: true)) }
  public init(integerLiteral value: Int) { self.init(.text(String(value), isQuoted: false)) }
  public init(booleanLiteral value: Bool) { self.init(.text(value ? "true" : "false", isQuoted: false)) }
  public init(arrayLiteral elements: TaskDefinition...) { self.init(.list(elements)) }
  public init(dictionaryLiteral elements: (String, TaskDefinition)...) {
    self.init(.table(elements.map { Field($0.0, $0.1) }))
  }
}
