import HeapModule
import Jobs
import Logging
import Notifying
import RunLifecycle
import Scheduling
import Synchronization

/// Tells people and dead-man switches how runs go. Belongs to the loop's thread.
///
/// The runner tells it what happens; ``NotificationRules`` decide what is said, and ``DeliveryQueue`` sends it.
final class NotificationCenter {
  /// What it needs to know of a job.
  struct Subject {
    var name: String
    var settings: NotifySettings
    var zone: Zone
  }

  /// A run that is to be looked at again then.
  private struct Watch: Comparable {
    var at: Instant
    var run: RunID
    var attempt: Int

    static func < (left: Watch, right: Watch) -> Bool { (left.at, left.run) < (right.at, right.run) }
  }

  private let queue: DeliveryQueue
  /// Whose mails go through which server; the configuration's is under the empty name.
  private let servers: MailServers
  private var rules = NotificationRules()
  private var watched = Heap<Watch>()
  private var toldOfLength: Set<RunID> = []

  /// - Parameters:
  ///   - folder: Where messages wait over a restart.
  ///   - server: The configuration's mail server.
  init(folder: String, server: MailServer, logger: Logger) {
    let servers = MailServers(server)
    self.servers = servers
    queue = DeliveryQueue(folder: folder, logger: logger) { (delivery) async throws(NotifyTrouble) in
      try await delivery.send { servers[$0] }
    }
  }

  var status: DeliveryQueue.Status { queue.status }
  /// When ``lookAtLongRuns(now:open:subject:)`` has something to do.
  var nextLook: Instant? { watched.min?.at }

  func begin() { queue.begin() }

  /// See ``DeliveryQueue/close(within:)``.
  func close(within seconds: Double) { queue.close(within: seconds) }

  /// A job is live, with its own mail server if it names one.
  ///
  /// - Parameter history: The job's rows, newest first; asked for if it matters how they ended.
  func jobIsLive(_ key: JobKey, _ subject: Subject, history: () -> [Run]) {
    servers.set(subject.settings.mail?.server, for: subject.name)
    if rules.isNew(key), subject.settings.tells(.recovered) { rules.learn(key, from: history()) }
  }

  func jobIsGone(_ key: JobKey) { rules.forget(key) }

  /// `main` of the run is about to be called.
  func started(_ run: Run, _ subject: Subject, at now: Instant) {
    tell(rules.started(run, subject.settings, at: now), run, subject, at: now)
    if let limit = subject.settings.longRunningLimit, subject.settings.tells(.longRunning) {
      watched.insert(Watch(at: now + limit, run: run.id, attempt: run.attempt))
    }
  }

  /// The row has ended.
  ///
  /// - Returns: What is to be done when that is durable: a message of a run that a crash undoes would lie.
  func ended(_ run: Run, _ subject: Subject, at now: Instant) -> (() -> Void)? {
    toldOfLength.remove(run.id)
    let verdict = rules.ended(run, subject.settings, at: now)
    guard verdict != NotificationRules.Verdict() else { return nil }
    return { [self] in tell(verdict, run, subject, at: now) }
  }

  /// Tells of runs that go on for longer than they should.
  func lookAtLongRuns(now: Instant, open: (RunID) -> Run?, subject: (Run) -> Subject) {
    while let watch = watched.min, watch.at <= now {
      watched.removeMin()
      // A run is told of once, and in the attempt that is long.
      guard let run = open(watch.run), run.state == .running, run.attempt == watch.attempt,
        toldOfLength.insert(run.id).inserted
      else { continue }
      let subject = subject(run)
      tell(rules.ranLong(run, subject.settings, at: now), run, subject, at: now)
    }
  }

  private func tell(_ verdict: NotificationRules.Verdict, _ run: Run, _ subject: Subject, at now: Instant) {
    var deliveries: [Delivery] = []
    if let (event, heldBack) = verdict.message {
      let notification = Notification(
        event: event, run: run, job: subject.name, zone: subject.zone, heldBack: heldBack)
      deliveries += Delivery.all(notification, subject.settings, now: now)
    }
    if let kind = verdict.ping, let url = subject.settings.pingURL {
      let text = kind == .start ? "" : RunSentence.end(of: run)
      deliveries.append(.ping(kind, of: run.id.description, url: url, text: text, now: now))
    }
    queue.add(deliveries)
  }
}

/// The mail servers that are known, by whose they are.
private final class MailServers: Sendable {
  private let byAccount: Mutex<[String: MailServer]>

  init(_ own: MailServer) { byAccount = Mutex(["": own]) }

  subscript(account: String?) -> MailServer? { byAccount.withLock { $0[account ?? ""] } }

  func set(_ server: MailServer?, for account: String) { byAccount.withLock { $0[account] = server } }
}
