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
    var rank: UInt8
    var slot: Int32

    static func < (left: Entry, right: Entry) -> Bool {
      if left.at != right.at { return left.at < right.at }
      return left.rank != right.rank ? left.rank < right.rank : left.slot < right.slot
    }
  }

  private static let never = Int64.max

  private var heap = Heap<Entry>()
  private var wakes: [Int64] = []
  private var ranks: [UInt8] = []

  /// The earliest instant of all jobs.
  private(set) var next: Instant?

  /// Sets the job's place among those of the same instant: lower ones first.
  mutating func rank(_ slot: Int, _ rank: Int) {
    while ranks.count <= slot { ranks.append(0) }
    ranks[slot] = UInt8(clamping: rank)
  }

  /// Sets the instant of the job in this slot, or that it has none.
  mutating func set(_ slot: Int, at instant: Instant?) {
    let at = instant?.microseconds ?? Self.never
    while wakes.count <= slot { wakes.append(Self.never) }
    guard wakes[slot] != at else { return }
    wakes[slot] = at
    if at != Self.never { heap.insert(entry(slot, at: at)) }
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

  private func entry(_ slot: Int, at instant: Int64) -> Entry {
    Entry(
      at: instant, rank: slot < ranks.count ? ranks[slot] : 0, slot: Int32(truncatingIfNeeded: slot))
  }

  private mutating func rebuild() {
    var entries: [Entry] = []
    for (slot, at) in wakes.enumerated() where at != Self.never {
      entries.append(entry(slot, at: at))
    }
    heap = Heap(entries)
  }
}
