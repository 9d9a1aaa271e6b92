import Jobs
import Notifying
import RunLifecycle
import RunStore
import Scheduling

/// Telling people how runs go. Only a daemon does: whoever runs a job by hand sees for himself.
extension Runner {
  func makeNotifications() -> NotificationCenter? {
    guard case .serve = configuration.purpose, !configuration.testMode else { return nil }
    return NotificationCenter(
      folder: configuration.state.notificationsFolder,
      server: configuration.notify.mail?.server ?? .local, logger: logger)
  }

  /// A job goes live: how its runs ended before decides whether the next success is a recovery.
  func watchJob(_ version: JobVersion) {
    guard let notifications else { return }
    let key = version.key
    notifications.jobIsLive(key, subject(key)) { [unowned self] in
      let latest = stored.lastEnded[key].map { [$0] } ?? []
      // Usually the last row tells; one that was skipped does not.
      if let outcome = latest.first?.outcome, outcome != .skipped, outcome != .tested { return latest }
      return (try? store.runs(RunQuery(job: key, limit: 200))) ?? latest
    }
  }

  func tellStart(of run: Run) {
    guard let notifications else { return }
    notifications.started(run, subject(run.job), at: wallNow())
    armLongRuns()
  }

  /// To be called before the row is handed to the writer.
  func tellEnd(of run: Run) {
    guard let tell = notifications?.ended(run, subject(run.job), at: wallNow()) else { return }
    pending.releases.append(tell)
  }

  private func subject(_ job: JobKey) -> NotificationCenter.Subject {
    let definition = live[job]?.definition
    let isTested = definition?.policy.testing ?? false
    let settings = (definition?.notify ?? NotifySettings()).completed(by: configuration.notify)
    return NotificationCenter.Subject(
      name: name(of: job), settings: isTested ? .off : settings,
      zone: definition?.schedule?.zone ?? configuration.zone)
  }

  /// Has the loop look at the runs that may have become long, when the next does.
  private func armLongRuns() {
    guard let next = notifications?.nextLook, longRunTimer == nil else { return }
    // The clock may be set meanwhile: it is looked at every minute at least.
    let wait = min(60_000, max(1, (next - wallNow()).microseconds / 1000 + 1))
    longRunTimer = loop.after(milliseconds: wait) { [weak self] in
      guard let self else { return }
      longRunTimer = nil
      notifications?.lookAtLongRuns(now: wallNow(), open: { openRuns[$0] }, subject: { subject($0.job) })
      armLongRuns()
    }
  }
}
