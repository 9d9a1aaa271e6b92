/// Lists, ranges and numbers as a sentence says them.
package enum English {
  /// `1 job`, `2 jobs`.
  package static func count(_ number: Int, _ one: String, plural: String? = nil) -> String {
    "\(number) \(number == 1 ? one : plural ?? one + "s")"
  }

  /// `a`, `a and b`, `a, b and c`.
  static func list(_ items: [String], _ last: String = "and") -> String {
    guard let end = items.last else { return "" }
    return items.count == 1 ? end : items.dropLast().joined(separator: ", ") + " \(last) " + end
  }

  /// `2nd`.
  static func ordinal(_ number: Int) -> String {
    let suffix =
      switch (number % 10, number % 100) {
      case (_, 11...13): "th"
      case (1, _): "st"
      case (2, _): "nd"
      case (3, _): "rd"
      default: "th"
      }
    return "\(number)\(suffix)"
  }

  /// Values that follow one another are ranges from three on: `2 to 5, 8 and 9`.
  static func ranges(_ values: [Int], _ name: (Int) -> String, last: String = "and") -> String {
    let items = runs(values).flatMap { run in
      run.count >= 3 ? ["\(name(run.lowerBound)) to \(name(run.upperBound))"] : run.map(name)
    }
    return list(items, last)
  }

  /// Values that follow one another, joined.
  static func runs(_ values: [Int]) -> [ClosedRange<Int>] {
    var runs: [ClosedRange<Int>] = []
    for value in values {
      if let last = runs.last, last.upperBound + 1 == value {
        runs[runs.count - 1] = last.lowerBound...value
      } else {
        runs.append(value...value)
      }
    }
    return runs
  }

  /// The step of values that go evenly over the whole of 0..<count, beginning at any offset below the step.
  static func step(_ values: [Int], of count: Int) -> Int? {
    guard values.count > 1, count % values.count == 0 else { return nil }
    let step = count / values.count
    return zip(values, values.dropFirst()).allSatisfy { $1 - $0 == step } && values[0] < step ? step : nil
  }

  static func month(_ number: Int) -> String {
    let name = CronField.monthNames[min(max(number, 1), 12) - 1]
    return name.prefix(1).uppercased() + name.dropFirst()
  }

  /// Monday to Friday, Saturday and Sunday; over the end of the week too.
  static func weekdays(_ days: Set<Weekday>) -> String {
    let sorted = days.sorted()
    let numbers = sorted.map { ($0.rawValue + 6) % 7 }
    // A run over Sunday is told from where it begins: Friday to Monday.
    if (3...6).contains(numbers.count), numbers.contains(0), numbers.contains(6) {
      let gaps = runs((0..<7).filter { !numbers.contains($0) })
      if gaps.count == 1, let gap = gaps.first {
        return "\(weekday((gap.upperBound + 1) % 7)) to \(weekday((gap.lowerBound + 6) % 7))"
      }
    }
    return ranges(numbers, weekday)
  }

  /// 0 is Monday.
  private static func weekday(_ number: Int) -> String {
    (Weekday(rawValue: (number + 1) % 7) ?? .sunday).name
  }
}
