import ArgumentParser
import HostProcess

/// `almanac host`: what the daemon starts to run Lua in; not for people.
struct Host: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "A host process of the daemon's.", shouldDisplay: false)

  func run() throws {
    let status = HostProcess.run()
    throw CommandFailure(nil, status: status)
  }
}
