/// A job of the campaign: what it is, and what must be true of its rows and calls afterwards.
///
/// Each call of `main` leaves lines in a file of the job's own, which no crash of the program can take back:
/// `B run attempt instant` when it begins, `E ...` when it is about to return, others as the job likes.
struct CampaignJob {
  var name: String
  /// What stands in the schedule table.
  var schedule: String
  /// What `main` does between its first line and its last.
  var body: String
  /// What it returns.
  var result = "run.id .. ' ' .. run.attempt"

  // What is promised of it.

  /// It is due at each multiple of so many seconds.
  var grid: Int64?
  /// How many attempts a run may have.
  var attempts = 1
  /// How many calls may be going on at a time.
  var concurrency = 1
  /// No due instant of it is ever missed or skipped.
  var runsAll = false
  /// Each run that succeeds returns a number one greater than the one before, which the job keeps.
  var counts = false
  /// It sends a message when a run has failed.
  var isLoud = false
  /// Jobs of the same pool are never called at the same time.
  var pool: String?

  /// How often it was renamed.
  var moves = 0

  /// What it is called in the folder, and in the ledger.
  var file: String { moves == 0 ? name : "\(name)_\(moves)" }

  /// The job's file; `edition` makes each a version of its own.
  func source(edition: Int) -> String {
    let formerly = moves == 0 ? "" : #", formerly = "\#(moves == 1 ? name : "\(name)_\(moves - 1)")""#
    return """
      -- Edition \(edition).
      local fs, job, kv, time = require "almanac.fs", require "almanac.job", require "almanac.kv", require "almanac.time"
      schedule = { \(schedule)\(formerly) }

      local function note(run, what, more)
        local line = ("%s %d %d %.6f %s\\n"):format(what, run.id, run.attempt, time.now(), more or "")
        assert(fs.append("../calls/\(name)", line))
      end

      function main(run)
        note(run, "B")
        \(body)
        local result = \(result)
        note(run, "E")
        return result
      end

      """
  }

  private static let everySecond = #"every = "1s", start_at = "2020-01-01T00:00:00Z", late_within = "500ms""#

  /// The jobs, each for some of the ways in which runs come about, wait, fail and keep things.
  static let all = [
    CampaignJob(
      name: "on_time", schedule: everySecond, body: "job.sleep(run.id % 5 * 0.1)", grid: 1),
    CampaignJob(
      name: "made_up", schedule: everySecond + ", start_when_available = true", body: "print(run.due_at)",
      grid: 1),
    CampaignJob(
      name: "backlog", schedule: everySecond + #", catch_up = "all""#, body: "", grid: 1, runsAll: true),
    CampaignJob(
      name: "tried_again",
      schedule: everySecond + #", retry = { count = 2, interval = "200ms" }"#,
      body: #"if run.id % 4 == 0 or (run.id + run.attempt) % 3 == 0 then error("as arranged") end"#, grid: 1,
      attempts: 3),
    CampaignJob(
      name: "queued",
      schedule: #"every = "2s", start_at = "2020-01-01T00:00:00Z", overlap = "queue", queue_limit = 2"#,
      body: "job.sleep(run.id % 4)", grid: 2),
    CampaignJob(
      name: "replaced", schedule: everySecond + #", overlap = "replace""#,
      body: "job.sleep(run.id % 3 * 0.7)", grid: 1),
    CampaignJob(
      name: "parallel", schedule: everySecond + #", overlap = "parallel", max_parallel = 3"#,
      body: "job.sleep(2.5)", grid: 1, concurrency: 3),
    CampaignJob(
      name: "pooled_a", schedule: everySecond + #", pool = "one""#, body: "job.sleep(0.2)", grid: 1,
      pool: "one"),
    CampaignJob(
      name: "pooled_b", schedule: everySecond + #", pool = "one""#, body: "job.sleep(0.2)", grid: 1,
      pool: "one"),
    CampaignJob(
      name: "at_home", schedule: everySecond + #", host = "own", time_limit = "3s", stop_grace = "500ms""#,
      body: "", grid: 1),
    CampaignJob(name: "held", schedule: everySecond, body: "", grid: 1),
    CampaignJob(name: "follower", schedule: #"after = "on_time""#, body: ""),
    CampaignJob(
      name: "counter", schedule: #"restart_after = "50ms""#, body: "", result: #"kv.incr("n")"#,
      counts: true),
    CampaignJob(
      name: "moved", schedule: #"restart_after = "50ms""#, body: "", result: #"kv.incr("n")"#, counts: true),
    CampaignJob(
      name: "alarming", schedule: #"every = "2s", start_at = "2020-01-01T00:00:00Z", late_within = "500ms""#,
      body: #"error("as arranged")"#, grid: 2, isLoud: true),
    CampaignJob(
      name: "stepped", schedule: #"restart_after = "100ms", retry = { count = 5, interval = "50ms" }"#,
      body: """
        for i = 1, 3 do
          job.step("part " .. i, function()
            note(run, "S", i)
            kv.incr("steps")
            job.sleep(0.02)
          end)
          note(run, "K", i)
        end
        """, result: #"kv.get("steps")"#, attempts: 6),
    CampaignJob(
      name: "watcher", schedule: #"watch = "../inbox/*.txt", settle = "50ms""#,
      body: #"for _, path in ipairs(run.params.paths) do note(run, "P", path:match("[^/]+$")) end"#),
    CampaignJob(name: "by_hand", schedule: "", body: #"note(run, "N", run.params.number)"#),
  ]
}
