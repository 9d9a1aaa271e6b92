import Scheduling

/// What a job's schedule says that cannot be meant, though each part of it is right: a trigger that is never due
/// while the window is open, a window in which nothing is due, a trigger whose time is over.
public struct ScheduleCheck {
  private let definition: JobDefinition
  private let now: Instant

  /// - Parameter now: What is past by then no longer counts.
  public init(_ definition: JobDefinition, now: Instant) {
    self.definition = definition
    self.now = now
  }

  public var findings: [CheckFinding] {
    guard definition.policy.enabled, let schedule = definition.schedule else { return [] }
    let lines = ScheduleLines(definition.source.main)
    func finding(_ severity: CheckFinding.Severity, _ place: String, _ message: String) -> CheckFinding {
      CheckFinding(
        severity,
        LoadError(
          job: definition.name, file: definition.source.mainPath, line: lines.line(of: place),
          message: "\(place): \(message)"))
    }
    let isList = schedule.triggers.count > 1
    var findings: [CheckFinding] = []
    var shutOut = 0
    for (index, trigger) in schedule.triggers.enumerated() {
      let place = isList ? "schedule.triggers[\(index + 1)]" : "schedule"
      switch schedule.reach(of: index, from: now) {
      case .runs: break
      case .ended:
        findings.append(finding(.warning, place, "\(trigger.label) is over: nothing is due any more"))
      case .shutOut(let reason):
        shutOut += 1
        findings.append(
          finding(
            .error, schedule.windows.isEmpty ? "schedule.blackout" : "schedule.window",
            "\(trigger.label) never starts a run: whenever it is due, \(reason)\(Self.advice(schedule))"))
      }
    }
    // Where a trigger meets no window at all, each of them has been told of.
    guard schedule.windows.count > 1, shutOut < schedule.triggers.count else { return findings }
    for index in schedule.unmetWindows(from: now) {
      findings.append(
        finding(
          .error, "schedule.window[\(index + 1)]",
          "no trigger is ever due in the window \(schedule.windows[index])"))
    }
    return findings
  }

  private static func advice(_ schedule: Schedule) -> String {
    schedule.windows.isEmpty ? "" : "; change the window, or let it wait for it by outside_window = \"defer\""
  }
}
