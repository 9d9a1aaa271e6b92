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
    let store = store
    ledger.perform { [loop] in
      var found: String?
      do { try store.verify() } catch { found = "\(error)" }
      loop.post { [weak self, found] in
        self?.pending.isVerifying = false
        self?.trouble(.ledgerFile, found)
      }
    }
  }

  /// How long a transaction may take before it is worth a word, nanoseconds.
  private static let patience: Int64 = 2_000_000_000
}
