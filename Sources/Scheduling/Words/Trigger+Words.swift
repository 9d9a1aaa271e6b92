extension Trigger {
  /// What the trigger means: `every 10 minutes`, `at 02:30 every day`. Instants are in UTC.
  public var inWords: String { inWords(in: .utc) }

  /// What the trigger means, with instants in this zone.
  public func inWords(in zone: Zone) -> String {
    var words = rule.inWords(in: zone)
    if let repetition {
      words += ", then \(everyInWords(repetition.every))"
      words += repetition.duration.map { " for \($0.inWords)" } ?? " until it fires next"
    }
    if let startAt { words += ", from \(short(startAt, zone))" }
    if let endAt { words += "\(startAt == nil ? "," : "") until \(short(endAt, zone))" }
    if delay > .zero { words += ", delayed by \(delay.inWords)" }
    if jitter > .zero { words += ", with a jitter of up to \(jitter.inWords)" }
    return enabled ? words : words + " (disabled)"
  }
}

/// `2026-12-24 18:00` at the place, with its offset; seconds only where there are some.
private func short(_ instant: Instant, _ zone: Zone) -> String {
  var text = instant.description(in: zone)
  if let range = text.firstRange(of: "T") { text.replaceSubrange(range, with: " ") }
  if let range = text.firstRange(of: ".000") { text.removeSubrange(range) }
  if zone == .utc, text.hasSuffix("+00:00") { text = text.dropLast(6) + "Z" }
  return text
}

/// `every minute`, not `every 1 minute`.
private func everyInWords(_ interval: Interval) -> String {
  let words = interval.inWords
  return "every "
    + (words.hasPrefix("1 ") && !words.dropFirst(2).contains(" ") ? String(words.dropFirst(2)) : words)
}

extension Trigger.Rule {
  func inWords(in zone: Zone) -> String {
    switch self {
    case .every(let interval):
      return everyInWords(interval)
    case .restartAfter(let interval): return "\(interval.inWords) after each run ends"
    case .cron(let expression): return expression.inWords
    case .daily(let rule):
      return times(rule.at)
        + (rule.everyDays == 1 ? " every day" : " every \(English.ordinal(rule.everyDays)) day")
    case .weekly(let rule):
      let weeks = rule.everyWeeks == 1 ? "" : " of every \(English.ordinal(rule.everyWeeks)) week"
      return "\(times(rule.at)) on \(English.weekdays(rule.on))\(weeks)"
    case .monthly(let rule):
      let months =
        rule.months.count >= 12 ? "the month" : English.ranges(rule.months.sorted(), English.month)
      return "\(times(rule.at)) on \(days(rule.on)) of \(months)"
    case .at(let instants):
      let texts = Set(instants).sorted().map { short($0, zone) }
      let shown = texts.count > 5 ? Array(texts.prefix(4)) + ["\(texts.count - 4) more"] : texts
      return "once, at \(English.list(shown))"
    case .event(.startup): return "when the daemon starts"
    case .event(.boot): return "when the machine has booted"
    case .event(.load): return "when this version of the job goes live"
    case .event(.shutdown): return "when the daemon drains"
    case .after(let conditions):
      let texts = conditions.map { condition in
        condition.outcomes.isEmpty
          ? "a run of \(condition.job) has ended"
          : "a run of \(condition.job) has \(English.list(condition.outcomes.map(Self.participle), "or"))"
      }
      return "when " + English.list(texts)
    case .watch(let rule): return "when a file \(rule.pattern) appears or changes"
    }
  }

  /// `has timed out`, `has been cancelled`.
  private static func participle(_ outcome: String) -> String {
    switch outcome {
    case "succeeded", "failed": outcome
    case "timed_out": "timed out"
    default: "been \(outcome)"
    }
  }

  private func times(_ times: [TimeOfDay]) -> String {
    "at " + English.list(Set(times).sorted().map(\.description))
  }

  private func days(_ days: [MonthDay]) -> String {
    let numbers = days.compactMap { if case .day(let number) = $0 { number } else { nil } }
    var items: [String] = []
    if !numbers.isEmpty {
      items.append(
        (numbers.count == 1 ? "day " : "days ") + English.ranges(Set(numbers).sorted(), String.init))
    }
    for day in days {
      switch day {
      case .day: break
      case .last: items.append("the last day")
      case .ordinal(let number, let weekday): items.append("the \(MonthDay.word(number)) \(weekday.name)")
      case .lastWeekday(let weekday): items.append("the last \(weekday.name)")
      }
    }
    return English.list(items)
  }
}
