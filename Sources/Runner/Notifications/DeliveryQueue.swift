import CLinux
import Dispatch
import KillPoints
import Logging
import Notifying
import Scheduling
import Synchronization
import Values

/// Sends messages, as long as it takes, beside everything else.
///
/// Each message is a file of the state directory until it got through or was given up, so a restart loses
/// none; a sign of life is kept only where it could not be sent at once. All of it happens on a queue of its
/// own: a place that is down, or a disk that is slow, holds nobody up.
final class DeliveryQueue: @unchecked Sendable {
  /// How things stand, for `status`.
  struct Status: Sendable, Equatable {
    var waiting = 0
    var trouble: String?
  }

  typealias Send = @Sendable (Delivery) async throws(NotifyTrouble) -> Void

  private let queue = DispatchQueue(label: "almanac.notifications")
  private let logger: Logger
  private let send: Send
  private let shown = Mutex(Status())

  // Everything that follows belongs to the queue.

  private let files: DeliveryFiles
  private var lanes = DeliveryLanes()
  /// The file of each message that has one.
  private var kept: [String: String] = [:]
  private var tasks: [String: Task<Void, Never>] = [:]
  private var alarm: Int64?
  private var isClosed = false
  private var onQuiet: (() -> Void)?

  /// - Parameters:
  ///   - folder: Where messages wait over a restart. It is made with the first.
  ///   - send: Sends one message.
  init(folder: String, logger: Logger, send: @escaping Send) {
    files = DeliveryFiles(folder: folder)
    self.logger = logger
    self.send = send
  }

  var status: Status { shown.withLock { $0 } }

  /// Takes up what an earlier daemon left.
  func begin() {
    queue.async { [self] in
      let (found, unread) = files.load()
      for name in unread {
        logger.warning("a message that was left in \(name) cannot be read, and is dropped")
      }
      for (file, delivery) in found {
        kept[delivery.key] = file
        take(delivery)
      }
      pump()
    }
  }

  /// Sends these messages as soon as may be. From any thread; returns at once.
  func add(_ deliveries: [Delivery]) {
    guard !deliveries.isEmpty else { return }
    queue.async { [self] in
      for delivery in deliveries { take(delivery) }
      pump()
    }
  }

  /// Lets what is on its way arrive, for so many seconds at most. What could not be sent by then is sent
  /// by the next daemon.
  func close(within seconds: Double) {
    let quiet = DispatchSemaphore(value: 0)
    queue.async { [self] in
      onQuiet = { quiet.signal() }
      lookQuiet()
    }
    _ = quiet.wait(timeout: .now() + seconds)
    queue.sync {
      isClosed = true
      for delivery in lanes.all where kept[delivery.key] == nil { keep(delivery) }
      for task in tasks.values { task.cancel() }
      if lanes.count > 0 { logger.notice("\(lanes.count) messages were not sent; the next start sends them") }
    }
  }

  // MARK: On the queue

  private func take(_ delivery: Delivery) {
    let (isNew, superseded, lost) = lanes.add(delivery)
    for delivery in superseded { forget(delivery) }
    for delivery in lost { lose(delivery, .tooMany) }
    if isNew, !delivery.isPing, kept[delivery.key] == nil { keep(delivery) }
  }

  /// Sends what may go now, and comes back for what may go later.
  private func pump() {
    guard !isClosed else { return }
    for delivery in lanes.take(at: clinux_monotonic_ns()) {
      tasks[delivery.key] = Task { [self, send] in
        var trouble: NotifyTrouble?
        do throws(NotifyTrouble) { try await send(delivery) } catch { trouble = error }
        let result = trouble
        queue.async { self.sent(delivery, result) }
      }
    }
    shown.withLock { $0 = Status(waiting: lanes.count, trouble: lanes.trouble) }
    arm()
    lookQuiet()
  }

  private func sent(_ delivery: Delivery, _ trouble: NotifyTrouble?) {
    tasks[delivery.key] = nil
    guard !isClosed else { return }
    if trouble == nil { KillPoint.messageSent.pass() }
    let former = lanes.trouble(of: delivery.lane)
    let (isDone, loss) = lanes.sent(delivery, trouble, at: clinux_monotonic_ns(), wall: wallNow())
    if let loss { lose(delivery, loss) } else if isDone { forget(delivery) }
    if trouble == nil, former != nil { logger.notice("\(delivery.place) can be reached again") }
    if let trouble, !isDone {
      let failures = lanes.trouble(of: delivery.lane)?.failures ?? 1
      // The first, second, fourth, eighth failure in a row is worth a line.
      if failures & (failures - 1) == 0 {
        logger.warning("\(delivery.place) did not get a message, and is tried again: \(trouble)")
      }
      if delivery.isPing, kept[delivery.key] == nil { keep(delivery) }
    }
    pump()
  }

  private func lose(_ delivery: Delivery, _ loss: DeliveryLanes.Loss) {
    switch loss {
    case .tooMany:
      logger.error("a message for \(delivery.place) is dropped (\(delivery.id)): too many wait to be sent")
    case .refused(let why): logger.error("\(delivery.place) does not get a message (\(delivery.id)): \(why)")
    case .tooOld(let why):
      logger.error("\(delivery.place) does not get a message (\(delivery.id)), after a day of tries: \(why)")
    }
    forget(delivery)
  }

  private func keep(_ delivery: Delivery) {
    do throws(RunnerError) {
      kept[delivery.key] = try files.write(delivery)
    } catch {
      logger.warning("a message for \(delivery.place) would not outlive a restart: \(error)")
    }
  }

  private func forget(_ delivery: Delivery) {
    if let file = kept.removeValue(forKey: delivery.key) { files.remove(file) }
  }

  private func arm() {
    guard let next = lanes.nextTake, alarm.map({ next < $0 }) ?? true else { return }
    alarm = next
    let wait = max(0, next - clinux_monotonic_ns())
    queue.asyncAfter(deadline: .now() + .nanoseconds(Int(wait))) { [weak self] in
      guard let self, alarm == next else { return }
      alarm = nil
      pump()
    }
  }

  private func lookQuiet() {
    guard let onQuiet, !lanes.isActive(at: clinux_monotonic_ns()) else { return }
    self.onQuiet = nil
    onQuiet()
  }
}

extension Delivery {
  /// The message among all.
  fileprivate var key: String { lane + "\n" + id }
}
