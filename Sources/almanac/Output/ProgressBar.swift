import Glibc

/// A bar on the terminal's stderr; nothing where stderr is none.
struct ProgressBar {
  private static let width = 40

  private let title: String
  private let isShown = isatty(2) == 1

  init(_ title: String) { self.title = title }

  /// - Parameter done: from 0 to 1.
  func show(_ done: Double) {
    guard isShown else { return }
    let share = min(max(done.isFinite ? done : 0, 0), 1)
    let filled = Int(share * Double(Self.width))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
    Console.writeError("\r\(title) [\(bar)] \(Int(share * 100)) %")
  }

  /// Takes the bar away.
  func clear() {
    if isShown { Console.writeError("\r\u{1B}[K") }
  }
}
