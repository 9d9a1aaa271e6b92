/// The blackouts of a schedule in its zone.
struct BlackoutTable: Sendable {
  private struct Span: Sendable {
    let from: Instant
    var to: Instant
    let label: String
  }

  /// In order of their beginnings.
  private let spans: [Span]
  /// The same without overlaps: those that overlap or touch are one.
  private let merged: [(from: Instant, to: Instant)]
  private let yearly: [YearlyEvent]

  init(_ blackout: Blackout, zone: Zone) {
    var spans: [Span] = []
    var yearly: [YearlyEvent] = []
    for entry in blackout.entries {
      switch entry {
      case .days(let first, let last):
        spans.append(
          Span(
            from: zone.instant(of: first, at: .midnight),
            to: zone.instant(of: LocalDate(dayNumber: last.dayNumber + 1), at: .midnight),
            label: entry.written))
      case .span(let from, let to):
        spans.append(
          Span(from: from, to: to, label: "\(from.description(in: zone)) to \(to.description(in: zone))"))
      case .event(let event):
        if event.yearly != nil {
          yearly.append(YearlyEvent(event, zone: zone))
        } else {
          let occurrence = event.occurrence(in: zone)
          spans.append(
            Span(from: occurrence.from, to: occurrence.to, label: event.label(at: occurrence.from, in: zone)))
        }
      }
    }
    // A day that the zone skips is empty.
    self.spans = spans.filter { $0.from < $0.to }.sorted { $0.from < $1.from }
    self.yearly = yearly
    var merged: [(from: Instant, to: Instant)] = []
    for span in self.spans {
      if let last = merged.last, span.from <= last.to {
        merged[merged.count - 1].to = max(last.to, span.to)
      } else {
        merged.append((span.from, span.to))
      }
    }
    self.merged = merged
  }

  var isEmpty: Bool { spans.isEmpty && yearly.isEmpty }

  /// When the blackout that holds at `instant` ends, those that touch it included; nil where none holds.
  func end(at instant: Instant) -> Instant? {
    if isEmpty { return nil }
    var end: Instant?
    for _ in 0..<GateTable.patience {
      guard let next = singleEnd(at: end ?? instant) else { return end }
      end = next
    }
    return .distantFuture
  }

  private func singleEnd(at instant: Instant) -> Instant? {
    var end: Instant?
    let index = indexAfter(instant) - 1
    if index >= 0, instant < merged[index].to { end = merged[index].to }
    for event in yearly {
      if let span = event.span(at: instant) { end = max(end ?? span.to, span.to) }
    }
    return end
  }

  /// The index of the first merged span that begins after `instant`.
  private func indexAfter(_ instant: Instant) -> Int {
    var (low, high) = (0, merged.count)
    while low < high {
      let middle = (low + high) / 2
      if merged[middle].from <= instant { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// When the next one begins after `instant`.
  func start(after instant: Instant) -> Instant? {
    let index = indexAfter(instant)
    var start = index < merged.count ? merged[index].from : nil
    for event in yearly {
      if let next = event.start(after: instant) { start = min(start ?? next, next) }
    }
    return start
  }

  /// `blackout 2026-12-24`.
  func reason(at instant: Instant) -> String? {
    if let span = spans.first(where: { $0.from <= instant && instant < $0.to }) {
      return "blackout \(span.label)"
    }
    for event in yearly {
      if let span = event.span(at: instant) { return "blackout \(event.label(at: span.from))" }
    }
    return nil
  }
}
