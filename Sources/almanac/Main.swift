import ArgumentParser
import Glibc

/// The composition root: reads the arguments, runs the command, turns what it throws into a message
/// and an exit status.
@main
enum Main {
  static func main() {
    exit(status(of: Array(CommandLine.arguments.dropFirst())))
  }

  private static func status(of arguments: [String]) -> Int32 {
    do {
      if let failure = UnknownCommand.failure(in: arguments) { throw failure }
      var command = try Almanac.parseAsRoot(arguments)
      try command.run()
      fflush(nil)
      return ExitStatus.success
    } catch let failure as CommandFailure {
      fflush(nil)
      if let message = failure.message { Console.complain(message) }
      return failure.status
    } catch {
      fflush(nil)
      let text = Almanac.fullMessage(for: error)
      guard Almanac.exitCode(for: error).isSuccess == false else {
        print(text)
        fflush(nil)
        return ExitStatus.success
      }
      if Almanac.exitCode(for: error) == .validationFailure {
        Console.complain(text.hasPrefix("Error: ") ? String(text.dropFirst(7)) : text)
        return ExitStatus.usage
      }
      Console.complain("\(error)")
      return ExitStatus.failed
    }
  }
}

/// The exit statuses of SPEC 6.
enum ExitStatus {
  static let success: Int32 = 0
  static let failed: Int32 = 1
  static let usage: Int32 = 2
  /// No such job, or it does not load.
  static let noJob: Int32 = 3
  static let timedOut: Int32 = 4
  /// Cancelled or interrupted.
  static let cut: Int32 = 5
}

/// Ends a command with a message on stderr, and a status.
struct CommandFailure: Error {
  var message: String?
  var status: Int32

  init(_ message: String?, status: Int32 = ExitStatus.failed) {
    self.message = message
    self.status = status
  }
}
