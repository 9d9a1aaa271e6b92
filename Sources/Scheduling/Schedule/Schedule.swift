/// A job's triggers, windows and blackouts together: a pure value.
public struct Schedule: Sendable, Equatable {
  /// What it is made of, behind one reference: a planner hands schedules about at every turn.
  private final class Parts: Sendable {
    let triggers: [Trigger]
    let windows: [Window]
    let blackout: Blackout
    let zone: Zone
    let jobName: String
    let rules: [CompiledRule]
    let gates: GateTable

    init(
      triggers: [Trigger], windows: [Window], blackout: Blackout, zone: Zone, jobName: String,
      rules: [CompiledRule]
    ) {
      self.triggers = triggers
      self.windows = windows
      self.blackout = blackout
      self.zone = zone
      self.jobName = jobName
      self.rules = rules
      gates = GateTable(windows: windows, blackout: blackout, zone: zone)
    }
  }

  private let parts: Parts

  public var triggers: [Trigger] { parts.triggers }
  public var windows: [Window] { parts.windows }
  public var blackout: Blackout { parts.blackout }
  public var zone: Zone { parts.zone }
  /// Spreads `jitter` and `H`.
  public var jobName: String { parts.jobName }

  var rules: [CompiledRule] { parts.rules }
  var gates: GateTable { parts.gates }

  /// - Throws: where a trigger says what is impossible, or can never fire.
  public init(
    triggers: [Trigger], windows: [Window] = [], blackout: Blackout = .none, zone: Zone, jobName: String
  ) throws(ScheduleError) {
    var keyed = triggers
    var taken: Set<String> = []
    for index in keyed.indices {
      if let name = keyed[index].name, keyed[..<index].contains(where: { $0.name == name }) {
        throw ScheduleError("two triggers are named \(quoted(name)); a trigger is known by its name")
      }
      let key = keyed[index].accountKey
      var number = 1
      while !taken.insert(keyed[index].accountKey).inserted {
        number += 1
        keyed[index].accountKey = "\(key)#\(number)"
      }
    }
    var rules: [CompiledRule] = []
    for trigger in keyed { rules.append(try CompiledRule(trigger, zone: zone)) }
    parts = Parts(
      triggers: keyed, windows: windows, blackout: blackout, zone: zone, jobName: jobName, rules: rules)
    for index in keyed.indices where keyed[index].enabled && isPassedByForEver(index) {
      throw ScheduleError(
        "\(keyed[index].written): no due instant from its start_at on ever falls into the window, so that it would"
          + " never fire")
    }
  }

  /// What was compiled follows from the rest.
  public static func == (left: Schedule, right: Schedule) -> Bool {
    left.triggers == right.triggers && left.windows == right.windows && left.blackout == right.blackout
      && left.zone == right.zone && left.jobName == right.jobName
  }

  /// When the last of the triggers that are enabled ends: its `end_at`, or the last instant of an `at`. Nil where
  /// one of them never does, or there is none.
  public var end: Instant? {
    var latest: Instant?
    for trigger in triggers where trigger.enabled {
      var end = trigger.endAt
      if case .at(let instants) = trigger.rule, let last = instants.max() {
        end = min(end ?? last, last)
      }
      guard let end else { return nil }
      latest = max(latest ?? end, end)
    }
    return latest
  }

  /// Changes whenever something changed that makes the trigger a new or changed one, which counts from the
  /// moment it goes live (SPEC 4.1): what it says, when it starts and ends, the zone and its file's content,
  /// the windows and the blackout.
  public func fingerprint(of trigger: Int) -> String {
    let trigger = triggers[trigger]
    var hash = StableHash()
    hash.combine(trigger.rule.written)
    hash.combine(trigger.written)
    hash.combine(trigger.enabled ? "enabled" : "disabled")
    for instant in [trigger.startAt, trigger.endAt] {
      hash.combine(instant?.microseconds.description ?? "none")
    }
    hash.combine(trigger.delay.microseconds)
    hash.combine(trigger.jitter.microseconds)
    hash.combine(trigger.repetition?.every.microseconds ?? 0)
    hash.combine(trigger.repetition?.duration?.microseconds ?? -1)
    hash.combine(trigger.outsideWindow.rawValue)
    hash.combine(zone.name)
    hash.combine(zone.digest)
    for window in windows { hash.combine(window.description) }
    for entry in blackout.entries { hash.combine(entry.written) }
    return hash.hexadecimal
  }
}

/// How far a trigger's due instants are accounted for.
public struct TriggerAccount: Sendable, Equatable {
  /// No due instant up to this one is ever asked for again.
  public var accountedThrough: Instant
  /// The last nominal due instant; for `restart_after` the instant at which the previous run ended.
  public var lastDue: Instant?

  public init(accountedThrough: Instant, lastDue: Instant? = nil) {
    self.accountedThrough = accountedThrough
    self.lastDue = lastDue
  }
}

/// One due instant of a trigger.
public struct Firing: Sendable, Equatable {
  /// The trigger's index.
  public var trigger: Int
  /// The nominal instant.
  public var dueAt: Instant
  /// With delay and jitter.
  public var startAt: Instant

  public init(trigger: Int, dueAt: Instant, startAt: Instant) {
    self.trigger = trigger
    self.dueAt = dueAt
    self.startAt = startAt
  }
}
