import ArgumentParser
import Runner
import Values

/// `almanac reload`: the daemon looks at the whole jobs folder again.
struct Reload: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the daemon look at the whole jobs folder again; prints what does not load.")

  @OptionGroup var state: StateOptions

  func run() throws {
    let answer = try state.daemon().ask(.reload)
    let errors = answer["errors"].asTable?.items.compactMap(\.asString) ?? []
    for error in errors { print(error) }
    print("\(answer["live"].asInt ?? 0) jobs live, \(answer["refused"].asInt ?? 0) refused")
    if !errors.isEmpty { throw CommandFailure(nil) }
  }
}
