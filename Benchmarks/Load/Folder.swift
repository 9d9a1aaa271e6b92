import Foundation

/// A folder of thousands of files: how long until they are live, and how long until a change among them is.
enum Folder {
  static func run(_ daemon: Daemon, files: Int) throws {
    for number in 0..<files { try daemon.save(name(number), text("first")) }
    for start in ["first", "second"] {
      let began = Date()
      try daemon.launch()
      try daemon.waitForLog(" is ready: ")
      print("\(files) files live \(milliseconds(since: began)) after the \(start) start")
      if start == "first" { daemon.stop() }
    }
    var times: [Double] = []
    for turn in 0..<200 {
      let saved = Date()
      try daemon.save(name(turn * 7919 % files), text("turn \(turn)"))
      try daemon.waitForLog("the new version is live")
      times.append(Date().timeIntervalSince(saved) * 1000)
    }
    times.sort()
    print(
      "a change among them is live after \(String(format: "%.1f ms", times[100])), p99 "
        + String(format: "%.1f ms", times[198]))
    let checked = Date()
    try daemon.check()
    print("check of all of them: \(milliseconds(since: checked))")
  }

  private static func name(_ number: Int) -> String { "n\(number % 100)/job\(number).lua" }

  /// A job of twenty lines, due once a day.
  private static func text(_ version: String) -> String {
    """
    local log = require "almanac.log"
    schedule = { daily = { at = "03:00" }, time_limit = "5m", retry = { count = 2, interval = "1m" } }
    local function total(rows)
      local sum = 0
      for _, row in ipairs(rows) do
        if row.size and row.size > 0 then sum = sum + row.size end
      end
      return sum
    end
    function initialize() return "ready" end
    function main(run)
      local rows = {}
      for number = 1, 10 do rows[#rows + 1] = { name = "file" .. number, size = number * 100 } end
      log.info("counted", { rows = #rows, attempt = run.attempt })
      if total(rows) == 0 then return nil, "nothing there" end
      return string.format("%d bytes in %d files", total(rows), #rows)
    end
    -- \(version)

    """
  }

  private static func milliseconds(since start: Date) -> String {
    String(format: "%.0f ms", Date().timeIntervalSince(start) * 1000)
  }
}
