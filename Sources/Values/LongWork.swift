/// Work that may take long, and is given up when nobody wants it any more.
///
/// Whoever loops over what a script has given counts its steps, and ends when it is told to; what it answers then
/// is never looked at.
public struct LongWork: Sendable {
  private let isUnwanted: @Sendable (_ made: Int) -> Bool
  private var steps = 0
  private var made = 0

  /// - Parameter isUnwanted: Is asked at every 256th step, on the thread that works, and told how many bytes were made
  ///   since it was last asked.
  public init(isUnwanted: @escaping @Sendable (_ made: Int) -> Bool) { self.isUnwanted = isUnwanted }

  /// Work that is always done to its end.
  public static let wanted = LongWork { _ in false }

  /// Counts a step, and returns whether the work is to be given up.
  ///
  /// - Parameter bytes: About how much this step adds to what is made of the script's data.
  public mutating func mustEnd(making bytes: Int = 0) -> Bool {
    steps &+= 1
    made &+= bytes
    guard steps & 0xff == 0 else { return false }
    defer { made = 0 }
    return isUnwanted(made)
  }
}
