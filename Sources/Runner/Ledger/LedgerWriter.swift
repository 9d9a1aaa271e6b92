import RunStore

/// Writes the ledger on a queue of its own: what has gathered while one transaction was committed
/// goes into the next, so that a thousand rows due together cost one wait for the disk.
final class LedgerWriter: Sendable {
  /// What is to be committed together, and who wants to hear of it.
  private struct Item: Sendable {
    var changes: [LedgerChange]
    /// Called on the loop's thread after the commit, or with why there was none.
    var done: @Sendable ((any Error)?) -> Void
  }

  private enum Work: Sendable {
    case commit(Item)
    case perform(@Sendable () -> Void)
  }

  /// A transaction takes at most so many changes, so that the first of a long queue is not kept.
  private static let largestBatch = 4096

  private let queue: BatchQueue<Work>

  init(store: any RunStore, loop: EventLoop) {
    queue = BatchQueue(label: "almanac.ledger") { batch in
      var items: [Item] = []
      for work in batch {
        switch work {
        case .commit(let item): items.append(item)
        case .perform(let work):
          Self.commit(items, to: store, loop: loop)
          items.removeAll()
          work()
        }
      }
      Self.commit(items, to: store, loop: loop)
    }
  }

  /// Has the changes committed in one transaction, in the order of the calls.
  func commit(_ changes: [LedgerChange], done: @escaping @Sendable ((any Error)?) -> Void) {
    queue.add(CollectionOfOne(.commit(Item(changes: changes, done: done))))
  }

  /// Has `work` done on the writer's queue, after what was asked for before.
  func perform(_ work: @escaping @Sendable () -> Void) { queue.add(CollectionOfOne(.perform(work))) }

  /// Returns after all that was asked for is done.
  func wait() { queue.wait() }

  /// Commits the items in as few transactions as their size allows. When one fails, each of its items
  /// is tried by itself, so that a change that the store refuses takes no other with it.
  private static func commit(_ items: [Item], to store: any RunStore, loop: EventLoop) {
    var rest = items[...]
    while let first = rest.first {
      var together = [first]
      var changes = first.changes
      for item in rest.dropFirst() where changes.count < largestBatch {
        changes += item.changes
        together.append(item)
      }
      rest = rest.dropFirst(together.count)
      let error = failure { try store.commit(changes) }
      let results = together.map { item in
        (item, error == nil || together.count == 1 ? error : failure { try store.commit(item.changes) })
      }
      loop.post { for (item, error) in results { item.done(error) } }
    }
  }

  private static func failure(_ work: () throws -> Void) -> (any Error)? {
    do {
      try work()
      return nil
    } catch {
      return error
    }
  }
}
