import Dispatch
import Glibc
import HostProtocol
import Synchronization
import Values

/// What the host has to tell the daemon, on its way out.
///
/// Log lines go in a lane of their own and only as far as the daemon has given credit for, so that a
/// flood of them holds up nothing else. The end of a run waits for the lines before it.
final class Outbox: Sendable {
  private struct Lanes {
    /// Frames that may go at once.
    var urgent = ByteWriter(reserving: 64 * 1024)
    /// Log lines, and ends of runs that have lines before them here.
    var ordered: [HostEvent] = []
    var orderedFrom = 0
    /// How many of ``ordered``'s lines are of which run.
    var queuedLines: [UInt64: Int] = [:]
    var credit = HostConversation.initialLogCredit
    /// True while the queue is on the way to write.
    var isScheduled = false
  }

  private let lanes = Mutex(Lanes())
  private let socket: Int32
  private let queue = DispatchQueue(label: "almanac.outbox")

  init(socket: Int32) { self.socket = socket }

  func send(_ event: HostEvent) {
    change { lanes in
      switch event {
      case .logged(_, let entry):
        lanes.ordered.append(event)
        if let run = entry.run { lanes.queuedLines[run, default: 0] += 1 }
      case .ended(_, let report) where lanes.queuedLines[report.run] != nil: lanes.ordered.append(event)
      default: event.encode(to: &lanes.urgent)
      }
    }
  }

  func addCredit(_ bytes: Int) { change { $0.credit += bytes } }

  private func change(_ body: (inout Lanes) -> Void) {
    let schedule = lanes.withLock { lanes in
      body(&lanes)
      defer { lanes.isScheduled = true }
      return !lanes.isScheduled
    }
    if schedule { queue.async { self.writeAll() } }
  }

  private func writeAll() {
    while true {
      let bytes = lanes.withLock { lanes in
        let bytes = take(&lanes)
        lanes.isScheduled = !bytes.isEmpty
        return bytes
      }
      if bytes.isEmpty { return }
      write(bytes)
    }
  }

  /// What may go now.
  private func take(_ lanes: inout Lanes) -> [UInt8] {
    var writer = lanes.urgent
    lanes.urgent = ByteWriter()
    while lanes.orderedFrom < lanes.ordered.count {
      let event = lanes.ordered[lanes.orderedFrom]
      if case .logged(_, let entry) = event {
        guard lanes.credit > 0 else { break }
        lanes.credit -= entry.cost
        if let run = entry.run, let left = lanes.queuedLines[run] {
          lanes.queuedLines[run] = left > 1 ? left - 1 : nil
        }
      }
      event.encode(to: &writer)
      lanes.orderedFrom += 1
    }
    if lanes.orderedFrom == lanes.ordered.count {
      lanes.ordered = []
      lanes.orderedFrom = 0
    }
    return writer.bytes
  }

  private func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        // The daemon is gone; the thread that reads sees it too.
        return
      }
    }
  }
}
