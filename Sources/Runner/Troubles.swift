import CLinux
import Logging

/// What keeps the runner from doing its work at the moment, by what it is that fails.
struct Troubles {
  enum Source: CaseIterable {
    /// Nothing can be recorded, so nothing is started.
    case ledger
    /// The ledger's file is not where it was.
    case ledgerFile
    case hosts
    case logs
  }

  private var texts: [Source: String] = [:]

  subscript(source: Source) -> String? { texts[source] }

  /// Everything there is to say, for one line.
  var text: String? {
    var all: [String] = []
    for text in Source.allCases.compactMap({ texts[$0] }) where !all.contains(where: { $0.contains(text) }) {
      all.append(text)
    }
    return all.isEmpty ? nil : all.joined(separator: "; ")
  }

  /// False while nothing is started, since it could not be recorded.
  var canRecord: Bool { texts[.ledger] == nil && texts[.ledgerFile] == nil }

  /// True if that is news.
  mutating func note(_ text: String?, of source: Source) -> Bool {
    defer { texts[source] = text }
    return texts[source] != text
  }
}

extension Runner {
  /// Notes what fails, or with `nil` that it works again. Each is said once, however often it happens.
  func trouble(_ source: Troubles.Source, _ text: String?) {
    guard troubles.note(text, of: source) else { return }
    if let text { return logger.error("\(text)") }
    if source == .ledger || source == .ledgerFile { startHeld() }
    let what =
      switch source {
      case .ledger: "the ledger can be written again"
      case .ledgerFile: "the ledger's file is there again"
      case .hosts: "host processes can be started again"
      case .logs: "jobs' logs can be kept again"
      }
    logger.notice("\(what)")
  }

  /// Looks each second at what nobody else would notice: a file that is gone, a disk that does not answer.
  func watchLedger() {
    if let since = pending.waitingSince, clinux_monotonic_ns() - since > Self.patience,
      troubles[.ledger] == nil
    {
      trouble(
        .ledger,
        "the ledger does not answer: a transaction has been waiting for more than "
          + "\(Self.patience / 1_000_000_000) s, for a slow disk or another process; nothing is started before it is through"
      )
    }
    guard !pending.isVerifying else { return }
    pending.isVerifying = true
    // Where nothing waits to be written, nothing else would show that the fault has gone.
    let (store, isIdleInTrouble) = (store, troubles[.ledger] != nil && pending.isEmpty)
    ledger.perform { [loop] in
      var (found, canWrite): (String?, Bool) = (nil, false)
      do { try store.verify(byWriting: false) } catch { found = "\(error)" }
      if isIdleInTrouble { canWrite = (try? store.verify(byWriting: true)) != nil }
      loop.post { [weak self, found, canWrite] in
        self?.pending.isVerifying = false
        self?.trouble(.ledgerFile, found)
        if canWrite { self?.trouble(.ledger, nil) }
      }
    }
  }

  /// How long a transaction may take before it is worth a word, nanoseconds.
  private static let patience: Int64 = 2_000_000_000
}
