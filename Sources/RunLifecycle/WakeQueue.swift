import HeapModule
import Scheduling

/// Which job has to be looked at next: one instant a job, in a heap.
///
/// Setting an instant leaves the job's former entry in the heap; it is dropped when it comes up, as its
/// instant is not the job's any more.
///
/// - Complexity: O(log jobs) an operation.
struct WakeQueue: Sendable {
  private struct Entry: Comparable {
    var at: Int64
    var slot: Int32

    static func < (left: Entry, right: Entry) -> Bool {
      left.at != right.at ? left.at < right.at : left.slot < right.slot
    }
  }

  private static let never = Int64.max

  private var heap = Heap<Entry>()
  private var wakes: [Int64] = []

  /// The earliest instant of all jobs.
  private(set) var next: Instant?

  /// Sets the instant of the job in this slot, or that it has none.
  mutating func set(_ slot: Int, at instant: Instant?) {
    let at = instant?.microseconds ?? Self.never
    while wakes.count <= slot { wakes.append(Self.never) }
    guard wakes[slot] != at else { return }
    wakes[slot] = at
    if at != Self.never { heap.insert(Entry(at: at, slot: Int32(truncatingIfNeeded: slot))) }
    if heap.count > 4 * wakes.count + 1024 { rebuild() }
    trim()
  }

  /// Takes a job whose instant is no later than this.
  mutating func take(through now: Instant) -> Int? {
    guard let next, next <= now, let entry = heap.popMin() else { return nil }
    let slot = Int(entry.slot)
    wakes[slot] = Self.never
    trim()
    return slot
  }

  /// Drops entries at the head that are not their job's instant any more.
  private mutating func trim() {
    while let entry = heap.min, wakes[Int(entry.slot)] != entry.at { heap.removeMin() }
    next = heap.min.map { Instant(microseconds: $0.at) }
  }

  private mutating func rebuild() {
    var entries: [Entry] = []
    for (slot, at) in wakes.enumerated() where at != Self.never {
      entries.append(Entry(at: at, slot: Int32(truncatingIfNeeded: slot)))
    }
    heap = Heap(entries)
  }
}
