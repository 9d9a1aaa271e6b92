import Scheduling

/// What a job is looked at beside: the other jobs, and the concurrency pools of the configuration. What is wrong
/// with it only in view of them is found here, for the daemon and for `check` alike.
public struct JobSurroundings {
  private let definition: (String) -> JobDefinition?
  private let isThere: (String) -> Bool
  private let names: () -> [String]
  private let pools: [String]

  /// - Parameters:
  ///   - pools: The names that the configuration gives sizes to.
  ///   - definition: The version of a job that is live.
  ///   - isThere: Whether a job has a file, be it one that loads or not.
  ///   - names: The jobs that there are, for suggestions.
  public init(
    pools: some Sequence<String>, definition: @escaping (String) -> JobDefinition?,
    isThere: @escaping (String) -> Bool, names: @escaping () -> [String]
  ) {
    self.pools = pools.sorted()
    self.definition = definition
    self.isThere = isThere
    self.names = names
  }

  /// Why a version cannot go live: its pool is not configured, it closes a circle of jobs that wait for each other, or
  /// it claims the history of a job that is still there.
  public func objections(to job: JobDefinition) -> [LoadError] {
    var objections: [(key: String, message: String)] = []
    if let pool = job.policy.pool, let objection = Self.objection(to: pool, among: pools) {
      objections.append(("pool", objection))
    }
    if let circle = circle(through: job) {
      objections.append(
        ("after", "the jobs wait for each other in a circle: \(circle.joined(separator: " -> "))"))
    }
    if let former = job.formerly, former != job.name, isThere(former) {
      objections.append(
        (
          "formerly",
          "the job \(former) is still there, and its history is its own; remove its file, or this key"
        ))
    }
    return job.errors(objections)
  }

  /// What is wrong with the name of a pool, if these are the ones that are configured.
  package static func objection(to pool: String, among pools: [String]) -> String? {
    if pools.contains(pool) { return nil }
    let known = pools.isEmpty ? "none is configured." : "configured are \(pools.joined(separator: ", "))."
    let hint = SlipFinder.nearest(to: pool, in: pools).map { "did you mean \"\($0)\"?" } ?? known
    return
      "there is no pool \(Found.quoted(pool)); \(hint) Pools get their sizes under `pools:` in almanac.yaml"
  }

  /// What can be lived with, and is most likely not meant: the job waits for one that has no file (its other triggers
  /// are good, and the file may come), or another has been the same job before (whichever goes live first).
  public func doubts(about job: JobDefinition) -> [LoadError] {
    let missing = Set(job.awaitedJobs).filter { !isThere($0) }.sorted()
    guard !missing.isEmpty || job.formerly != nil else { return [] }
    let names = names()
    var doubts = missing.map { name in
      let hint = SlipFinder.nearest(to: name, in: names).map { "; did you mean \($0)?" } ?? ""
      return (key: "after", message: "there is no job \(name) whose runs could end\(hint)")
    }
    if let former = job.formerly,
      let rival = names.sorted().first(where: { $0 != job.name && definition($0)?.formerly == former })
    {
      doubts.append(("formerly", "the job \(rival) says so too, and only one of them takes the history over"))
    }
    return job.errors(doubts)
  }

  /// The names along a circle that the job closes, from its own to its own.
  ///
  /// - Complexity: O(the jobs that it waits for, and those wait for, and so on).
  private func circle(through job: JobDefinition) -> [String]? {
    var path = [job.name]
    var seen: Set<String> = []
    func search(_ awaited: [String]) -> Bool {
      for next in awaited {
        if next == job.name { return true }
        guard seen.insert(next).inserted, let other = definition(next) else { continue }
        path.append(next)
        if search(other.awaitedJobs) { return true }
        path.removeLast()
      }
      return false
    }
    return search(job.awaitedJobs) ? path + [job.name] : nil
  }
}

extension JobDefinition {
  /// The jobs whose ends its triggers wait for.
  var awaitedJobs: [String] {
    (schedule?.triggers ?? []).flatMap { trigger -> [String] in
      if case .after(let conditions) = trigger.rule { conditions.map(\.job) } else { [] }
    }
  }

  /// What is wrong with keys of its schedule, each with the line on which the key is written.
  fileprivate func errors(_ messages: [(key: String, message: String)]) -> [LoadError] {
    guard !messages.isEmpty else { return [] }
    let lines = ScheduleLines(source.main)
    return messages.map { key, message in
      LoadError(
        job: name, file: source.mainPath, line: lines.line(of: "schedule." + key),
        message: "schedule.\(key): \(message)")
    }
  }
}
