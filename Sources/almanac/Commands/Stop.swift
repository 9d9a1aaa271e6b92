import ArgumentParser
import Glibc
import Runner
import Values

/// `almanac stop`: the daemon drains and ends.
struct Stop: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the daemon stop: nothing new starts, running jobs may end; waits until it is gone.")

  @OptionGroup var state: StateOptions

  func run() throws {
    let directory = try state.directory
    let daemon = try state.daemon()
    try daemon.send(.stop)
    let answer = try daemon.next()
    if let running = answer?["running"].asInt, running > 0 {
      Console.note("waiting for \(running) running job\(running == 1 ? "" : "s") to end")
    }
    // The daemon answers no more; that it is gone shows in the lock.
    while (try? daemon.next()) != nil {}
    while directory.holder() != nil { usleep(10_000) }
  }
}
