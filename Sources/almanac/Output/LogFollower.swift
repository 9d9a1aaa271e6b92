import Glibc
import Logging
import RunLifecycle
import RunStore
import RunStoreSQLite
import Scheduling
import Values

/// Reads a log on from where it was.
final class LogPrinter {
  private let logs: any LogStore
  private var query: LogQuery
  private let print: (LogLine) -> Void

  init(logs: any LogStore, query: LogQuery, print: @escaping (LogLine) -> Void = LogPrinter.toStderr) {
    self.logs = logs
    self.query = query
    self.print = print
  }

  /// Prints the lines that have come.
  ///
  /// - Returns: How many these were.
  @discardableResult func printNew() throws -> Int {
    var count = 0
    while true {
      let lines = try logs.lines(query)
      for line in lines { print(line) }
      count += lines.count
      guard let last = lines.last else { return count }
      query.after = last.seq
    }
  }

  static func toStderr(_ line: LogLine) { Console.writeError(text(line, colours: Console.hasColour(2))) }

  static func text(_ line: LogLine, colours: Bool) -> String {
    let levels: [String: Logger.Level] = ["debug": .debug, "warn": .warning, "error": .error]
    return ConsoleLogHandler.line(
      at: line.at, level: levels[line.level] ?? .info, job: nil, run: line.run?.description,
      message: line.message + (line.fields.map { " " + $0 } ?? ""), colours: colours)
  }
}

enum LogFollower {
  /// Prints new lines until `poll` has an answer, and those that came before it.
  static func follow(_ printer: LogPrinter, until poll: () throws -> DataValue?) throws -> DataValue {
    while true {
      let answer = try poll()
      try printer.printNew()
      if let answer { return answer }
    }
  }
}
