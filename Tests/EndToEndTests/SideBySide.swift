import Dispatch
import Foundation
import Testing

/// Lets the tests of a suite go on side by side, a few at a time.
///
/// Each has a thread to itself: it waits there for commands that it runs, and holds no other test up.
struct SideBySide: SuiteTrait, TestTrait, TestScoping {
  /// As many as keep the processors busy: a test waits most of its time.
  private static let seats = Seats(max(4, ProcessInfo.processInfo.activeProcessorCount))

  var isRecursive: Bool { true }

  /// A test's cases take one seat together.
  func scopeProvider(for test: Test, testCase: Test.Case?) -> SideBySide? {
    test.isSuite || testCase != nil ? nil : self
  }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    await Self.seats.take(first: test.traits.contains { $0 is TakesLong })
    let result: Result<Void, any Error>
    do {
      try await withTaskExecutorPreference(OwnThread()) { try await function() }
      result = .success(())
    } catch { result = .failure(error) }
    await Self.seats.leave()
    try result.get()
  }
}

/// Has a test go before those that wait for a seat: it takes long, and is not to be what all wait for in the end.
struct TakesLong: TestTrait {}

extension Trait where Self == TakesLong {
  static var takesLong: TakesLong { TakesLong() }
}

extension Trait where Self == SideBySide {
  static var sideBySide: SideBySide { SideBySide() }
}

/// So many may go on at a time; the others wait in the order in which they came, but for those that go first.
private actor Seats {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { free = count }

  func take(first: Bool) async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.insert($0, at: first ? 0 : waiting.endIndex) }
    }
  }

  func leave() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}

/// Runs what one test does, a piece at a time, on threads that may be blocked.
private final class OwnThread: TaskExecutor {
  private let queue = DispatchQueue(label: "a test over the real binary")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
