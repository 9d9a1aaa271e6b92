/// Work that may take long, and is given up when nobody wants it any more.
///
/// Whoever loops over what a script has given counts its steps, and ends when it is told to; what it answers then
/// is never looked at.
public struct LongWork: Sendable {
  private let isUnwanted: @Sendable () -> Bool
  private var steps = 0

  /// - Parameter isUnwanted: Is asked at every 256th step, on the thread that works.
  public init(isUnwanted: @escaping @Sendable () -> Bool) { self.isUnwanted = isUnwanted }

  /// Work that is always done to its end.
  public static let wanted = LongWork { false }

  /// Counts a step, and returns whether the work is to be given up.
  public mutating func mustEnd() -> Bool {
    steps &+= 1
    return steps & 0xff == 0 && isUnwanted()
  }
}
