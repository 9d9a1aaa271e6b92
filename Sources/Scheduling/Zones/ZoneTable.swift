/// The offsets of a zone as one table of segments, for the whole calendar.
///
/// A segment is a stretch of time with one offset. The table holds the file's transitions, then those of
/// the file's rule for one Gregorian cycle of 400 years, after which everything repeats: a later time is
/// looked up 400 years earlier. Segment numbers go on as if the table had no end.
struct ZoneTable: Sendable {
  /// Where segment i begins, in seconds UTC. Segment 0 has no beginning.
  private let starts: [Int64]
  private let offsets: [Int64]
  /// The latest local time that was reached up to the end of segment i. Where the clock goes back, a
  /// segment's own local times are behind it.
  private let reached: [Int64]
  /// The first segment of the part that repeats; equal to the count where nothing does.
  private let cycleStart: Int

  /// Before and after all time, with room for sums.
  static let past: Int64 = -1 << 61
  static let future: Int64 = 1 << 61

  /// UTC.
  init() { self.init(firstOffset: 0, transitions: [], rule: nil) }

  /// A zone that has followed one rule for ever.
  init(rule: PosixRule) {
    self.init(firstOffset: rule.standardOffset, transitions: [], rule: rule)
  }

  init(_ file: ZoneFile) {
    self.init(firstOffset: file.firstOffset, transitions: file.transitions, rule: file.rule)
  }

  private init(firstOffset: Int64, transitions: [(at: Int64, offset: Int64)], rule: PosixRule?) {
    var starts = [Self.past]
    var offsets = [firstOffset]
    func add(_ at: Int64, _ offset: Int64) {
      if let last = starts.last, at == last { offsets[offsets.count - 1] = offset; return }
      starts.append(at)
      offsets.append(offset)
    }
    for transition in transitions { add(transition.at, transition.offset) }
    if transitions.isEmpty, let rule, rule.daylight == nil { offsets[0] = rule.standardOffset }
    var cycleStart: Int?
    if let rule, rule.daylight != nil {
      let last = transitions.last?.at ?? Self.past
      let day = floorDivide(max(last, Instant.distantPast.seconds), secondsPerDay)
      let year = min(Calendar.civil(Int(day)).year, 9_999)
      // The cycle begins a year later, so that what came before it is the rule's already.
      let cycleFrom = Int64(Calendar.dayNumber(year: year + 2, month: 1, day: 1)) * secondsPerDay
      for change in rule.changes(in: year...year + 402) where change.at > last {
        guard change.at < cycleFrom + Calendar.secondsPerCycle else { break }
        add(change.at, change.offset)
        if change.at >= cycleFrom, cycleStart == nil { cycleStart = starts.count - 1 }
      }
    }
    self.starts = starts
    self.offsets = offsets
    self.cycleStart = cycleStart ?? starts.count
    var reached: [Int64] = []
    for index in starts.indices {
      let end: Int64
      if index + 1 < starts.count {
        end = starts[index + 1] + offsets[index]
      } else if let cycleStart {
        end = starts[cycleStart] + Calendar.secondsPerCycle + offsets[index]
      } else {
        end = Self.future
      }
      reached.append(max(end, reached.last ?? Self.past))
    }
    self.reached = reached
  }

  /// How many segments stand in the table.
  private var count: Int { starts.count }
  private var repeats: Bool { cycleStart < starts.count }

  /// Where a segment beyond the table is found in it, and how many cycles earlier.
  @inline(__always)
  private func fold(_ segment: Int) -> (index: Int, shift: Int64) {
    if segment < starts.count { return (segment, 0) }
    guard repeats else { return (starts.count - 1, 0) }
    let (cycles, rest) = (segment - cycleStart).quotientAndRemainder(dividingBy: starts.count - cycleStart)
    return (cycleStart + rest, Int64(cycles) * Calendar.secondsPerCycle)
  }

  /// Where the segment begins, in seconds UTC; the end of all time for one after the last.
  @inline(__always)
  func start(of segment: Int) -> Int64 {
    if segment >= starts.count && !repeats { return Self.future }
    let (index, shift) = fold(segment)
    return starts[index] + shift
  }

  @inline(__always)
  func offset(of segment: Int) -> Int64 { offsets[fold(segment).index] }

  /// The latest local time before the segment began.
  @inline(__always)
  func localReached(before segment: Int) -> Int64 {
    guard segment > 0 else { return Self.past }
    let (index, shift) = fold(segment - 1)
    return reached[index] + shift
  }

  /// The segment that holds this second of UTC.
  @inline(__always)
  func segment(at seconds: Int64) -> Int {
    guard repeats, seconds >= starts[cycleStart] + Calendar.secondsPerCycle else {
      return Self.upperBound(starts, seconds) - 1
    }
    let cycles = (seconds - starts[cycleStart]) / Calendar.secondsPerCycle
    let index = Self.upperBound(starts, seconds - cycles * Calendar.secondsPerCycle) - 1
    return index + Int(cycles) * (starts.count - cycleStart)
  }

  /// The first second of UTC at which local time is at or after `local`: where local time is skipped, the
  /// first after the gap; where it is repeated, the first of the two.
  @inline(__always)
  func utc(ofLocal local: Int64) -> Int64 {
    var shift: Int64 = 0
    if repeats, let last = reached.last, local >= last {
      shift = ((local - last) / Calendar.secondsPerCycle + 1) * Calendar.secondsPerCycle
    }
    let index = min(Self.upperBound(reached, local - shift), starts.count - 1)
    return max(starts[index], local - shift - offsets[index]) + shift
  }

  /// How many of the sorted numbers are at most `value`.
  @inline(__always)
  private static func upperBound(_ numbers: [Int64], _ value: Int64) -> Int {
    numbers.withUnsafeBufferPointer { numbers in
      var (base, length) = (0, numbers.count)
      while length > 0 {
        let half = length / 2
        if numbers[base + half] <= value {
          base += length - half
        }
        length = half
      }
      return base
    }
  }
}
