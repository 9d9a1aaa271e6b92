/// Which years are meant.
struct YearSet: Equatable, Sendable {
  struct Item: Equatable, Sendable {
    let first, last, step: Int
  }

  /// None means all years.
  var items: [Item] = []

  static let all = YearSet()

  /// The first such year not before `year`.
  @inline(__always)
  func next(atOrAfter year: Int) -> Int? {
    if items.isEmpty { return year }
    var best: Int?
    for item in items where item.last >= year {
      let candidate =
        year <= item.first
        ? item.first : item.first + (year - item.first + item.step - 1) / item.step * item.step
      if candidate <= item.last, candidate < best ?? .max { best = candidate }
    }
    return best
  }

  /// The last such year not after `year`.
  @inline(__always)
  func previous(atOrBefore year: Int) -> Int? {
    if items.isEmpty { return year }
    var best: Int?
    for item in items where item.first <= year {
      let candidate = item.first + (min(year, item.last) - item.first) / item.step * item.step
      if candidate > best ?? .min { best = candidate }
    }
    return best
  }
}
