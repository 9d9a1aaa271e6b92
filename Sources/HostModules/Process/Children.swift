import LuaHost

/// The child processes of one Lua state.
///
/// They end with the run that started them; the run's end waits for theirs. Belongs to the thread of the keeper's loop.
final class Children: StateResource, @unchecked Sendable {
  private struct Member {
    let child: ChildProcess
    let finish: (() -> Void)?
  }

  private var all: [ObjectIdentifier: Member] = [:]
  private var isClosed = false
  /// To be called when there are none left.
  private var onEmpty: (@Sendable () -> Void)?

  /// - Parameter finish: Lets the child end by itself, for which it has the grace when the run has not
  ///   been stopped.
  func add(_ child: ChildProcess, finish: (() -> Void)? = nil) {
    all[ObjectIdentifier(child)] = Member(child: child, finish: finish)
    // It was started while the state came to its end.
    if isClosed { child.kill(at: 0) }
  }

  func remove(_ child: ChildProcess) {
    all[ObjectIdentifier(child)] = nil
    guard all.isEmpty, let done = onEmpty else { return }
    onEmpty = nil
    done()
  }

  func settle(_ ending: Ending, done: @escaping @Sendable () -> Void) {
    Keeper.shared.loop.async { [self] in
      guard !all.isEmpty else { return done() }
      onEmpty = done
      for member in all.values {
        if let finish = member.finish, !ending.wasStopped {
          finish()
          member.child.kill(at: ending.deadline)
        } else {
          member.child.stop(killingAt: ending.deadline)
        }
      }
    }
  }

  func close() {
    Keeper.shared.loop.async { [self] in
      isClosed = true
      for member in all.values { member.child.kill(at: 0) }
    }
  }
}
