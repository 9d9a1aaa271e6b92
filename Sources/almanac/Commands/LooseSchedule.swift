import Jobs
import Runner
import Scheduling

/// A schedule that was typed, without a job: evaluated and decoded as a job's is.
struct LooseSchedule {
  /// `--cron` or `--schedule`.
  let flag: String
  /// What was typed.
  let text: String
  let zone: Zone

  /// What comes before the text: on its first line, so that lines are counted as they were typed, and
  /// complete, so that nothing behind the text is ever what is wrong.
  private static let before = "function main() end schedule = "

  static func cron(_ expression: String, zone: Zone) throws -> Schedule {
    let bytes = expression.utf8.map { "\\x" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
    let loose = LooseSchedule(flag: "--cron", text: "{ cron = \"\(bytes.joined())\" }", zone: zone)
    let (definition, errors) = try loose.load()
    guard errors.isEmpty, let schedule = definition?.schedule else {
      throw CommandFailure(
        errors.map { "--cron: \($0.message)" }.joined(separator: "\n"), status: ExitStatus.usage)
    }
    return schedule
  }

  static func table(_ text: String, zone: Zone) throws -> Schedule {
    let example = "'{ every = \"10m\" }'"
    guard !text.allSatisfy(\.isWhitespace) else {
      throw CommandFailure(
        "--schedule: nothing stands here; write --schedule \(example)", status: ExitStatus.usage)
    }
    let loose = LooseSchedule(flag: "--schedule", text: text, zone: zone)
    let (definition, errors) = try loose.load()
    guard errors.isEmpty else {
      throw CommandFailure(
        try errors.map { try loose.pointed($0) }.joined(separator: "\n"), status: ExitStatus.usage)
    }
    guard let schedule = definition?.schedule else {
      throw CommandFailure(
        "--schedule: \"\(text)\" is nil, not a table; write --schedule \(example)", status: ExitStatus.usage)
    }
    guard !schedule.triggers.isEmpty else {
      throw CommandFailure(
        "--schedule: \"\(text)\" has no trigger, so that nothing is ever due; add one, such as every = \"10m\"",
        status: ExitStatus.usage)
    }
    return schedule
  }

  private func source(_ text: some StringProtocol, _ name: String) -> JobSource {
    JobSource(name: name, folder: absolutePath("."), mainPath: flag, main: Array((Self.before + text).utf8))
  }

  private func load() throws -> (definition: JobDefinition?, errors: [LoadError]) {
    let loaded = try DefinitionLoader.load([source(text, "schedule")], hosts: 1, zone: zone)
    return (loaded.definitions.first, loaded.errors)
  }

  // MARK: - Where Lua does not understand the text

  /// The error; where Lua does not understand the text, with the character and the line as typed.
  private func pointed(_ error: LoadError) throws -> String {
    guard let end = try placeOfSlip(error.message) else { return error.description }
    let typed = text[..<end.lowerBound]
    let start = typed.lastIndex(where: \.isNewline).map(text.index(after:)) ?? text.startIndex
    let line = text[start...].prefix { !$0.isNewline }
    let column = text.distance(from: start, to: end.lowerBound)
    let number = typed.count(where: \.isNewline) + 1
    let isColon = typed.last { !$0.isWhitespace } == ":" || text[end.lowerBound...].hasPrefix(":")
    let message =
      error.message.replacing("<eof>", with: "the end") + (isColon ? "; a key is written key = value" : "")
    return "\(flag):\(number): character \(column + 1): \(message)\n  \(line)\n  "
      + String(repeating: " ", count: column) + "^"
  }

  /// Where the word stands that Lua stopped at. Of several that read alike it is the first up to which the text
  /// gives the same error.
  private func placeOfSlip(_ message: String) throws -> Range<String.Index>? {
    guard let near = message.ranges(of: " near ").last else { return nil }
    let word = message[near.upperBound...]
    if word == "<eof>" {
      let end = text.lastIndex { !$0.isWhitespace }.map(text.index(after:)) ?? text.endIndex
      return end..<text.endIndex
    }
    guard word.count > 2, word.hasPrefix("'"), word.hasSuffix("'") else { return nil }
    let places = text.ranges(of: word.dropFirst().dropLast()).prefix(64)
    guard places.count > 1 else { return places.first }
    let sources = places.enumerated().map { source(text[..<$0.element.upperBound], "schedule\($0.offset)") }
    let errors = try DefinitionLoader.load(sources, hosts: 1, zone: zone).errors
    return places.enumerated().first { place in
      errors.contains { $0.job == "schedule\(place.offset)" && $0.message == message }
    }?.element
  }
}
