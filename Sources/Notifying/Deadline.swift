/// A limit on the time that sending may take.
enum Deadline {
  /// What `work` returns, if it does so within `seconds`.
  ///
  /// - Parameters:
  ///   - work: Is cancelled when the time is over, and must end then.
  ///   - late: What is thrown when the time is over.
  static func run<Value: Sendable>(
    _ seconds: Double, late: @escaping @Sendable () -> NotifyTrouble,
    _ work: @escaping @Sendable () async throws(NotifyTrouble) -> Value
  ) async throws(NotifyTrouble) -> Value {
    let result = await withTaskGroup(of: Result<Value, NotifyTrouble>?.self) { group in
      group.addTask {
        do throws(NotifyTrouble) { return .success(try await work()) } catch { return .failure(error) }
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(seconds))
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
    if let result { return try result.get() }
    throw Task.isCancelled ? NotifyTrouble("it was cancelled") : late()
  }
}
