import Scheduling

extension Forecast {
  /// The jobs in shares of about equal work, of which none touches another: jobs that share a pool, or wait for each
  /// other's ends, stay together. Each share can be played by itself.
  public static func shares(of jobs: [Job], count: Int, pools: [String: Int], from: Instant, until: Instant)
    -> [[Job]]
  {
    var shares: [(work: Int, jobs: [Job])] = []
    for group in groups(of: jobs, pools: pools).map({ (work: work($0, from, until), jobs: $0) })
      .sorted(by: { $0.work > $1.work })
    {
      if shares.count < max(1, count) {
        shares.append(group)
      } else if let least = shares.indices.min(by: { shares[$0].work < shares[$1].work }) {
        shares[least].work += group.work
        shares[least].jobs += group.jobs
      }
    }
    return shares.map { $0.jobs.sorted { $0.plan.key < $1.plan.key } }
  }

  /// About how many rows the jobs make.
  private static func work(_ jobs: [Job], _ from: Instant, _ until: Instant) -> Int {
    jobs.reduce(1) { sum, job in
      guard let schedule = job.plan.schedule else { return sum }
      return job.accounts.indices.reduce(sum) { sum, index in
        let range = schedule.firings(of: index, after: job.accounts[index].account, through: until)
        return sum &+ (range?.count ?? 0)
      }
    }
  }

  private static func groups(of jobs: [Job], pools: [String: Int]) -> [[Job]] {
    var leaders = Array(jobs.indices)
    func leader(of index: Int) -> Int {
      var index = index
      while leaders[index] != index { index = leaders[index] }
      return index
    }
    func join(_ left: Int, _ right: Int) { leaders[leader(of: left)] = leader(of: right) }
    let places = Dictionary(
      jobs.enumerated().map { ($0.element.plan.name, $0.offset) }, uniquingKeysWith: { $1 })
    var members: [String: Int] = [:]
    for (index, job) in jobs.enumerated() {
      if let pool = job.plan.policy.pool, pools[pool] != nil {
        if let member = members[pool] { join(index, member) }
        members[pool] = index
      }
      for trigger in job.plan.schedule?.triggers ?? [] {
        guard case .after(let conditions) = trigger.rule else { continue }
        for condition in conditions { if let other = places[condition.job] { join(index, other) } }
      }
    }
    return Dictionary(grouping: jobs.indices, by: leader(of:)).sorted { $0.key < $1.key }.map {
      $0.value.map { jobs[$0] }
    }
  }
}
