import ArgumentParser
import Runner
import Settings
import Values

/// `almanac config`: what is in force, and where each value came from.
struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What a daemon started like this has in force, and where each value came from.",
    discussion: """
      Takes the flags of `almanac serve` that are settings. A flag goes before an ALMANAC_... variable, that before \
      the configuration file, and that before the default. Values that may be secret are shown as ***.
      """)

  @OptionGroup var daemon: DaemonOptions
  @OptionGroup var output: JSONFlag

  func run() throws {
    let settings = try daemon.settings()
    let listing = settings.listing(machineZone: try settings.zone())
    if output.json {
      return try Console.printJSON(
        listing.map { item in
          ["key": .string(item.key), "value": item.value, "from": .string(item.origin.description)]
        })
    }
    var table = Table(["SETTING", "VALUE", "FROM"])
    for item in listing {
      let isBuiltIn = item.origin == .builtIn
      table.add([
        Table.Cell(item.key), Table.Cell(try item.value.asString ?? item.value.json()),
        Table.Cell(item.origin.description, isBuiltIn ? .faint : nil),
      ])
    }
    table.print()
    let candidates = ConfigurationFile.candidates(besideJobs: absolutePath(settings.jobs.value + "/.."))
    if settings.file == nil {
      Console.note("there is no configuration file: looked for \(candidates.joined(separator: ", "))")
    }
  }
}
