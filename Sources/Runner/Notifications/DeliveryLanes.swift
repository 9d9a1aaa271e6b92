import Notifying
import Scheduling

/// What waits to be sent, and what may go when: a value without clock or I/O.
///
/// A lane leads to one place. In it one message goes after the other, so that a place that is down costs
/// one try at a time, ever further apart, and holds up no other.
struct DeliveryLanes {
  /// What becomes of a message that a lane has no room for, or that came to nothing.
  enum Loss: Equatable {
    case tooMany
    case refused(String)
    case tooOld(String)
  }

  private struct Lane {
    var waiting: [Delivery] = []
    var isBusy = false
    /// Tries that have failed since the last that did not.
    var failures = 0
    /// Nothing goes before; monotonic nanoseconds.
    var notBefore: Int64 = 0
    /// Why the last try failed.
    var trouble: String?
  }

  /// So many are on their way at a time.
  static let width = 8
  /// So many wait in a lane; then the oldest is given up.
  static let laneLimit = 100
  /// So many wait in all; then no more are taken.
  static let limit = 10_000
  /// A message is given up when it is so old.
  static let lifetime = Interval.hours(24)

  private var lanes: [String: Lane] = [:]
  private var busy = 0
  private(set) var count = 0

  /// The lane's failures in a row and the last one's words, where the latest try failed.
  func trouble(of lane: String) -> (failures: Int, text: String)? {
    lanes[lane].flatMap { lane in lane.trouble.map { (lane.failures, $0) } }
  }

  /// The trouble of a lane that is in some.
  var trouble: String? { lanes.values.compactMap(\.trouble).min() }

  /// The messages that wait or are on their way.
  var all: [Delivery] { lanes.values.flatMap(\.waiting) }

  /// Puts a message at the end of its lane.
  ///
  /// A sign of life takes the place of those that wait before it: only the newest tells how things are.
  ///
  /// - Returns: The messages that have no place any more, without one that was superseded; whether this one
  ///   is new.
  mutating func add(_ delivery: Delivery) -> (isNew: Bool, superseded: [Delivery], lost: [Delivery]) {
    guard count < Self.limit else { return (false, [], [delivery]) }
    var lane = lanes[delivery.lane] ?? Lane()
    guard !lane.waiting.contains(where: { $0.id == delivery.id }) else { return (false, [], []) }
    let first = lane.isBusy ? 1 : 0
    var superseded: [Delivery] = []
    var lost: [Delivery] = []
    if delivery.isPing {
      superseded = Array(lane.waiting[first...])
      lane.waiting.removeSubrange(first...)
    } else if lane.waiting.count >= Self.laneLimit {
      lost = [lane.waiting.remove(at: first)]
    }
    lane.waiting.append(delivery)
    lanes[delivery.lane] = lane
    count += 1 - superseded.count - lost.count
    return (true, superseded, lost)
  }

  /// The messages to send now; each is to be answered by ``sent(_:_:at:wall:)``.
  mutating func take(at now: Int64) -> [Delivery] {
    var taken: [Delivery] = []
    for (name, lane) in lanes.filter({ !$1.isBusy && $1.notBefore <= now }).sorted(by: {
      ($0.value.waiting[0].createdAt, $0.key) < ($1.value.waiting[0].createdAt, $1.key)
    }) {
      guard busy < Self.width else { break }
      busy += 1
      lanes[name]?.isBusy = true
      taken.append(lane.waiting[0])
    }
    return taken
  }

  /// When ``take(at:)`` has something to give, if nothing else happens.
  var nextTake: Int64? {
    busy < Self.width ? lanes.values.filter { !$0.isBusy }.map(\.notBefore).min() : nil
  }

  /// Whether anything is on its way, or could go at once.
  func isActive(at now: Int64) -> Bool { busy > 0 || lanes.values.contains { $0.notBefore <= now } }

  /// A message that was taken got through, or did not.
  ///
  /// - Parameters:
  ///   - now: Monotonic nanoseconds.
  ///   - wall: For the message's age.
  /// - Returns: Whether the message is done with, and if it came to nothing, why.
  mutating func sent(
    _ delivery: Delivery, _ trouble: NotifyTrouble?, at now: Int64, wall: Instant
  ) -> (isDone: Bool, loss: Loss?) {
    guard var lane = lanes[delivery.lane], lane.isBusy else { return (true, nil) }
    busy -= 1
    lane.isBusy = false
    var loss: Loss?
    var isDone = true
    if let trouble {
      if trouble.isPermanent {
        loss = .refused(trouble.description)
      } else if wall - delivery.createdAt > Self.lifetime {
        loss = .tooOld(trouble.description)
      } else {
        isDone = false
      }
      lane.failures += 1
      lane.trouble = trouble.description
      // The next message of the lane is not to suffer for one that was refused.
      if !trouble.isPermanent { lane.notBefore = now + Self.pause(lane.failures, trouble.retryAfter) }
    } else {
      lane.failures = 0
      lane.trouble = nil
    }
    if isDone {
      lane.waiting.removeFirst()
      count -= 1
    }
    lanes[delivery.lane] = lane.waiting.isEmpty ? nil : lane
    return (isDone, loss)
  }

  /// 5 s after the first failure, then twice as long each time, up to ten minutes; what a server asks for is
  /// kept to up to an hour.
  private static func pause(_ failures: Int, _ retryAfter: Double?) -> Int64 {
    let seconds = min(5 * Double(1 << min(failures - 1, 10)), 600)
    return Int64(max(seconds, min(retryAfter ?? 0, 3600)) * 1_000_000_000)
  }
}
