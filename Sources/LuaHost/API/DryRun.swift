import Values

/// What a function does in a dry run (`almanac run --dry`), in which nothing in the world changes.
public enum InDryRun: Sendable {
  /// It is called: it changes nothing.
  case isCalled
  /// It is not called: the call is logged as it stands, and returns `true`.
  case isAnnounced
  /// It is called, and asks ``HostCall/pretend(_:returning:)`` before it changes something.
  case pretends
}

/// What a test says that calls return in a dry run: by intents, in which `*` stands for anything.
public struct DryAnswers: Sendable {
  private let answers: [(pattern: [UInt8], answer: DataValue)]

  /// - Parameter table: Answers by intents, such as `POST https://example.com/*`. The one whose intent is the
  ///   longest of those that match counts.
  public init(_ table: DataValue) {
    answers = (table.asTable?.fields ?? [:]).map { (Array($0.key.utf8), $0.value) }
      .sorted {
        $0.0.count != $1.0.count ? $0.0.count > $1.0.count : $0.0.lexicographicallyPrecedes($1.0)
      }
  }

  func answer(to intent: String) -> DataValue? {
    let intent = Array(intent.utf8)
    return answers.first { Self.matches($0.pattern, intent) }?.answer
  }

  /// O(pattern · text).
  private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
    var (p, t) = (0, 0)
    var retry: (p: Int, t: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        retry = (p + 1, t)
        p += 1
      } else if p < pattern.count, pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let (afterStar, from) = retry {
        retry = (afterStar, from + 1)
        (p, t) = (afterStar, from + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

extension HostCall {
  /// In a dry run, logs what the call would do, and answers it; `nil` in any other: it is to be done.
  ///
  /// - Parameters:
  ///   - intent: What it would do, as it follows on "would": `POST https://example.com/`. By these words a test
  ///     gives an answer of its own.
  ///   - usual: What the call returns where a test says nothing. Of two tables, the test's fields are put
  ///     over these.
  public func pretend(_ intent: String, returning usual: DataValue) -> HostReply? {
    guard let run, run.dry else { return nil }
    log(.info, "dry: would \(intent)")
    return givenAnswer(to: intent, over: usual) ?? .values([usual])
  }

  /// What a test says that a call returns which a dry run does for real; `nil` where it says nothing.
  public func givenAnswer(to intent: String, over usual: DataValue = .null) -> HostReply? {
    guard let run, run.dry, let answer = run.answers.answer(to: intent) else { return nil }
    guard case .table(let given) = answer else { return .values([answer]) }
    if given.items.isEmpty, given.fields.count == 1, let trouble = given.fields["error"]?.asString {
      return .trouble(trouble)
    }
    guard case .table(var table) = usual, table.items.isEmpty, given.items.isEmpty, !given.isList else {
      return .values([answer])
    }
    table.fields.merge(given.fields) { $1 }
    return .values([.table(table)])
  }

  /// Answers a call of a function that says nothing of dry runs itself.
  func announce(_ function: String) -> HostReply {
    let arguments = arguments.map { value in
      switch value {
      case .string(let text) where text.utf8.count <= 100: text
      case .string, .bytes: "(\(value.asBytes?.count ?? 0) bytes)"
      case .table: (try? value.discreet.json()).flatMap { $0.utf8.count <= 200 ? $0 : nil } ?? "(a table)"
      default: value.messageText
      }
    }
    let intent = (["call", function] + arguments).joined(separator: " ")
    return pretend(intent, returning: true) ?? .values([])
  }
}

extension DataValue {
  /// The same without what fields hold whose names say that it is nobody's business.
  fileprivate var discreet: DataValue {
    guard case .table(var table) = self else { return self }
    table.items = table.items.map(\.discreet)
    for (name, value) in table.fields {
      let isSecret = ["password", "secret", "token", "authorization"].contains {
        name.lowercased().contains($0)
      }
      table.fields[name] = isSecret ? .string(SecretMask.mark) : value.discreet
    }
    return .table(table)
  }
}
