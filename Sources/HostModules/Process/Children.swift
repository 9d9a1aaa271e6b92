import LuaHost

/// The child processes of one Lua state.
///
/// They end with the run that started them; the run's end waits for theirs. Belongs to the keeper's queue.
final class Children: StateResource, @unchecked Sendable {
  private var all: [ObjectIdentifier: ChildProcess] = [:]
  /// To be called when there are none left.
  private var onEmpty: (@Sendable () -> Void)?

  func add(_ child: ChildProcess) { all[ObjectIdentifier(child)] = child }

  func remove(_ child: ChildProcess) {
    all[ObjectIdentifier(child)] = nil
    guard all.isEmpty, let done = onEmpty else { return }
    onEmpty = nil
    done()
  }

  func settle(_ ending: Ending, done: @escaping @Sendable () -> Void) {
    Keeper.shared.queue.async { [self] in
      guard !all.isEmpty else { return done() }
      onEmpty = done
      for child in all.values { child.stop(killingAt: ending.deadline) }
    }
  }

  func close() {
    Keeper.shared.queue.async { [self] in
      for child in all.values { child.stop(killingAt: 0) }
    }
  }
}
