/// The versions whose Lua states wait for their next run, in the order in which they were last used.
///
/// Every operation takes constant time, amortized: a million jobs may have one.
struct IdleStates {
  private var versions: [UInt64: JobVersion] = [:]
  /// No version has a lower stamp.
  private var oldest: UInt64 = 0
  private var next: UInt64 = 0

  var count: Int { versions.count }

  /// The version is idle from now on, and has been so for the shortest time.
  mutating func insert(_ version: JobVersion) {
    remove(version)
    version.idleStamp = next
    versions[next] = version
    next += 1
  }

  /// The version is in use, or has no state any more.
  mutating func remove(_ version: JobVersion) {
    guard let stamp = version.idleStamp else { return }
    versions[stamp] = nil
    version.idleStamp = nil
  }

  /// Takes out the version that has been idle for longest.
  mutating func removeOldest() -> JobVersion? {
    while oldest < next {
      defer { oldest += 1 }
      if let version = versions[oldest] {
        remove(version)
        return version
      }
    }
    return nil
  }
}
