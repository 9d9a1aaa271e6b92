import Glibc
import Jobs
import Logging
import Notifying
import RunLifecycle
import Scheduling
import Synchronization
import Testing
import Values

@testable import Runner

@Suite("DeliveryLanes") struct DeliveryLanesTests {
  private let wall = Instant(microseconds: 1_800_000_000_000_000)
  private static let second: Int64 = 1_000_000_000

  private func message(_ id: Int, to place: String = "http://h/") -> Delivery {
    Delivery(
      id: "\(id)", createdAt: wall + .seconds(Int64(id)), content: .webhook(url: place, .object([:])))
  }

  private func ping(_ kind: Ping.Kind, _ id: Int) -> Delivery {
    .ping(kind, of: "\(id)", url: "http://h/uuid", text: "", now: wall)
  }

  private func failed(
    _ lanes: inout DeliveryLanes, _ delivery: Delivery, _ trouble: NotifyTrouble, at now: Int64
  ) -> Bool {
    !lanes.sent(delivery, trouble, at: now, wall: wall).isDone
  }

  @Test("one message after the other goes to a place, and places do not wait for each other")
  func order() {
    var lanes = DeliveryLanes()
    for (id, place) in [(1, "http://a/"), (2, "http://b/"), (3, "http://a/")] {
      _ = lanes.add(message(id, to: place))
    }
    let first = lanes.take(at: 0)
    #expect(first.map(\.id) == ["1", "2"])
    #expect(lanes.take(at: 0).isEmpty)
    #expect(lanes.sent(first[0], nil, at: 0, wall: wall).isDone)
    #expect(lanes.take(at: 0).map(\.id) == ["3"])
    #expect(lanes.count == 2)
  }

  @Test("no more than eight are on their way at a time")
  func width() {
    var lanes = DeliveryLanes()
    for id in 0..<20 { _ = lanes.add(message(id, to: "http://h\(id)/")) }
    let first = lanes.take(at: 0)
    #expect(first.map(\.id) == (0..<8).map(String.init))
    #expect(lanes.nextTake == nil)
    _ = lanes.sent(first[3], nil, at: 0, wall: wall)
    #expect(lanes.take(at: 0).map(\.id) == ["8"])
  }

  @Test("a place that is down is tried ever less often, and keeps its messages in order")
  func backoff() {
    var lanes = DeliveryLanes()
    _ = lanes.add(message(1))
    _ = lanes.add(message(2))
    var now: Int64 = 0
    for pause in [5, 10, 20, 40, 80, 160, 320, 600, 600] as [Int64] {
      let taken = lanes.take(at: now)
      #expect(taken.map(\.id) == ["1"])
      #expect(failed(&lanes, taken[0], NotifyTrouble("down"), at: now))
      #expect(lanes.take(at: now + pause * Self.second - 1).isEmpty)
      #expect(lanes.nextTake == now + pause * Self.second)
      #expect(!lanes.isActive(at: now))
      now += pause * Self.second
    }
    #expect(lanes.trouble == "down")
    let taken = lanes.take(at: now)
    #expect(lanes.sent(taken[0], nil, at: now, wall: wall).isDone)
    #expect(lanes.trouble == nil)
    #expect(lanes.take(at: now).map(\.id) == ["2"])
  }

  @Test("what a server asks for is kept to, up to an hour")
  func retryAfter() {
    for (asked, pause) in [(60.0, 60), (1e9, 3600), (1, 5)] as [(Double, Int64)] {
      var lanes = DeliveryLanes()
      _ = lanes.add(message(1))
      _ = failed(&lanes, lanes.take(at: 0)[0], NotifyTrouble("busy", retryAfter: asked), at: 0)
      #expect(lanes.nextTake == pause * Self.second)
    }
  }

  @Test("what is refused for good or too old is given up, and the next goes at once")
  func losses() {
    var lanes = DeliveryLanes()
    for id in 1...3 { _ = lanes.add(message(id)) }
    let refused = lanes.sent(lanes.take(at: 0)[0], NotifyTrouble("404", isPermanent: true), at: 0, wall: wall)
    #expect(refused.isDone && refused.loss == .refused("404"))
    let old = lanes.sent(lanes.take(at: 0)[0], NotifyTrouble("down"), at: 0, wall: wall + .hours(25))
    #expect(old.isDone && old.loss == .tooOld("down"))
    #expect(lanes.take(at: 1000 * Self.second).map(\.id) == ["3"])
  }

  @Test("a dead place fills neither memory nor disk: the oldest of its messages are given up")
  func bounded() {
    var lanes = DeliveryLanes()
    for id in 0..<DeliveryLanes.laneLimit { #expect(lanes.add(message(id)).lost.isEmpty) }
    let taken = lanes.take(at: 0)
    // The one that is on its way stays.
    #expect(lanes.add(message(1000)).lost.map(\.id) == ["1"])
    #expect(lanes.count == DeliveryLanes.laneLimit)
    #expect(lanes.sent(taken[0], nil, at: 0, wall: wall).isDone)
    for id in 0..<DeliveryLanes.limit { _ = lanes.add(message(id, to: "http://h\(id)/")) }
    #expect(lanes.count == DeliveryLanes.limit)
    #expect(lanes.add(message(5, to: "http://other/")).lost.count == 1)
  }

  @Test("the same message is not queued twice, and only the newest sign of life counts")
  func superseded() {
    var lanes = DeliveryLanes()
    #expect(lanes.add(message(1)).isNew)
    #expect(!lanes.add(message(1)).isNew)
    #expect(lanes.add(ping(.start, 1)).isNew)
    let onItsWay = lanes.take(at: 0).filter(\.isPing)
    #expect(lanes.add(ping(.success, 1)).superseded.isEmpty)
    #expect(lanes.add(ping(.start, 2)).superseded == [ping(.success, 1)])
    #expect(lanes.add(ping(.fail, 2)).superseded == [ping(.start, 2)])
    #expect(lanes.sent(onItsWay[0], nil, at: 0, wall: wall).isDone)
    #expect(lanes.take(at: 0) == [ping(.fail, 2)])
  }
}

@Suite("DeliveryQueue") struct DeliveryQueueTests {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// A folder's path that is nobody else's; what the queue makes of it is removed by the test.
  private func folder() -> String { "/tmp/almanac-deliveries-\(UInt64.random(in: .min ... .max))" }

  private func message(_ id: Int) -> Delivery {
    Delivery(
      id: "\(id)", createdAt: wallNow(), content: .webhook(url: "http://h\(id)/", ["n": .int(Int64(id))]))
  }

  private func eventually(_ condition: () -> Bool) async throws {
    for _ in 0..<6000 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
    #expect(condition())
  }

  @Test("what could not be sent is sent by the next daemon, and once")
  func restart() async throws {
    let folder = folder()
    let down = DeliveryQueue(folder: folder, logger: logger) { (_) async throws(NotifyTrouble) in
      throw NotifyTrouble("down")
    }
    down.add([message(1), message(2), .ping(.fail, of: "1", url: "http://p/", text: "", now: wallNow())])
    try await eventually { down.status == .init(waiting: 3, trouble: "down") }
    down.close(within: 1)
    let sent = Mutex<[String]>([])
    for _ in 0..<2 {
      let up = DeliveryQueue(folder: folder, logger: logger) { (delivery) async throws(NotifyTrouble) in
        sent.withLock { $0.append(delivery.id) }
      }
      up.begin()
      try await eventually { up.status.waiting == 0 && sent.withLock { $0.count } == 3 }
      up.close(within: 60)
    }
    #expect(sent.withLock { $0.sorted() } == ["1", "2", "ping-fail-1"])
    #expect(rmdir(folder) == 0, "the folder is empty")
  }

  @Test("closing lets what is on its way arrive, and does not wait for what hangs")
  func closing() async throws {
    let folder = folder()
    let began = Mutex(0)
    for (id, time, patience) in [(1, Duration.milliseconds(200), 300.0), (2, .seconds(600), 0.2)] {
      let queue = DeliveryQueue(folder: folder, logger: logger) { (_) async throws(NotifyTrouble) in
        began.withLock { $0 = id }
        try? await Task.sleep(for: time)
        if Task.isCancelled { throw NotifyTrouble("cancelled") }
      }
      queue.add([message(id)])
      try await eventually { began.withLock { $0 } == id }
      queue.close(within: patience)
    }
    let files = DeliveryFiles(folder: folder)
    #expect(files.load().found.map(\.delivery.id) == ["2"])
    for (file, _) in files.load().found { files.remove(file) }
    #expect(rmdir(folder) == 0)
  }

  @Test("a file that holds no message is dropped, and said")
  func damaged() throws {
    let folder = folder()
    let files = DeliveryFiles(folder: folder)
    let name = try files.write(message(1))
    #expect(chmod(folder, 0o700) == 0)
    let bad = open(folder + "/000000000009.json", O_WRONLY | O_CREAT, 0o600)
    #expect(write(bad, "{\"id\":", 6) == 6)
    close(bad)
    let loaded = DeliveryFiles(folder: folder).load()
    #expect(loaded.found.map(\.file) == [name])
    #expect(loaded.unread == ["000000000009.json"])
    files.remove(name)
    #expect(rmdir(folder) == 0)
  }

  @Test("a message reads back from its file as it was")
  func stored() throws {
    let run = Run(
      id: RunID(7), job: JobKey(1), trigger: "x", cause: .manual("1"), dueAt: wallNow(), attempt: 1,
      state: .ended,
      outcome: .failed, error: "grün\n\"x\"", node: "n", version: "v")
    var settings = NotifySettings()
    settings.webhook = ["http://h/hook"]
    settings.email = [try MailAddress(parsing: "Nacht \"x\" <a@h>"), try MailAddress(parsing: "b@h")]
    settings.ntfy = ["topic"]
    let notification = Notification(event: .failed, run: run, job: "j", zone: .utc, heldBack: 2)
    let all =
      Delivery.all(notification, settings, now: wallNow())
      + [.ping(.start, of: "7", url: "http://p/", text: "t", now: wallNow())]
    #expect(
      all.map(\.place) == [
        "the webhook at h", "the mail to \(settings.email?.map(\.text).joined(separator: ", ") ?? "")",
        "ntfy at ntfy.sh", "the ping of p",
      ])
    for delivery in all {
      #expect(Delivery(stored: try DataValue(json: Array(delivery.stored.json().utf8))) == delivery)
    }
    #expect(Delivery(stored: .object([:])) == nil)
  }
}
