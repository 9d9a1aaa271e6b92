import ArgumentParser
import Scheduling

/// Words that stand in the place of a command, and are none.
enum UnknownCommand {
  /// What to say of the first one; `nil` where there is none.
  static func failure(in arguments: [String]) -> CommandFailure? {
    failure(in: arguments[...], of: Almanac.self, typed: "almanac")
  }

  private static func failure(
    in words: ArraySlice<String>, of command: any ParsableCommand.Type, typed: String
  ) -> CommandFailure? {
    let commands = named(command.configuration.subcommands)
    guard !commands.isEmpty, let word = words.first, !word.hasPrefix("-") else { return nil }
    if word == "help" { return failure(in: words.dropFirst(), of: command, typed: typed) }
    if let next = commands.first(where: { $0.name == word }) {
      return failure(in: words.dropFirst(), of: next.type, typed: "\(typed) \(word)")
    }
    let shown = commands.filter { $0.type.configuration.shouldDisplay }.map(\.name)
    let near = SlipFinder.nearest(to: word, in: shown).map { "did you mean `\(typed) \($0)`?" }
    return CommandFailure(
      "there is no command `\(typed) \(word)`; \(near ?? "`\(typed) --help` lists them")",
      status: ExitStatus.usage)
  }

  private static func named(
    _ commands: [any ParsableCommand.Type]
  ) -> [(name: String, type: any ParsableCommand.Type)] {
    commands.map { ($0._commandName, $0) }
  }
}
