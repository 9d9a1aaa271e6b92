extension Trigger.Rule {
  /// The rule as a job would say it.
  public var written: String {
    switch self {
    case .every(let interval): "every = \"\(interval)\""
    case .restartAfter(let interval): "restart_after = \"\(interval)\""
    case .cron(let expression):
      "cron = \(quotedForLua(expression.text))"
        + (expression.dayMatch == .standard ? "" : ", day_match = \"\(expression.dayMatch.rawValue)\"")
    case .daily(let rule): "daily = { at = \(list(rule.at))\(everyN("days", rule.everyDays)) }"
    case .weekly(let rule):
      "weekly = { on = \(list(rule.on.sorted())), at = \(list(rule.at))\(everyN("weeks", rule.everyWeeks)) }"
    case .monthly(let rule):
      "monthly = { on = \(days(rule.on))\(months(rule.months)), at = \(list(rule.at)) }"
    case .at(let instants): "at = \(list(instants))"
    case .event(let kind): "on = \"\(kind.rawValue)\""
    case .after(let conditions): "after = \(after(conditions))"
    case .watch(let rule): "watch = \(quotedForLua(rule.pattern))"
    }
  }

  /// A name where that says it all, a table where it does not; of several, a list.
  private func after(_ conditions: [AfterCondition]) -> String {
    let texts = conditions.map { condition in
      if condition.outcomes == ["succeeded"] { return quotedForLua(condition.job) }
      let outcome = condition.outcomes.isEmpty ? "\"any\"" : list(condition.outcomes)
      return "{ job = \(quotedForLua(condition.job)), outcome = \(outcome) }"
    }
    return texts.count == 1 ? texts[0] : "{" + texts.joined(separator: ", ") + "}"
  }

  private func quotedForLua(_ text: String) -> String {
    "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
  }

  /// One alone, several in braces.
  private func list(_ items: [some CustomStringConvertible]) -> String {
    let texts = items.map { quotedForLua($0.description) }
    return texts.count == 1 ? texts[0] : "{" + texts.joined(separator: ", ") + "}"
  }

  private func days(_ days: [MonthDay]) -> String {
    let texts = days.map { day in
      if case .day(let number) = day { return String(number) }
      return quotedForLua(day.description)
    }
    return texts.count == 1 ? texts[0] : "{" + texts.joined(separator: ", ") + "}"
  }

  private func months(_ months: Set<Int>) -> String {
    guard months.count < 12 else { return "" }
    let names = months.sorted().filter { (1...12).contains($0) }.map {
      String(CronField.monthNames[$0 - 1].prefix(3))
    }
    return ", months = \(list(names))"
  }

  private func everyN(_ unit: String, _ count: Int) -> String {
    count == 1 ? "" : ", every_\(unit) = \(count)"
  }
}
