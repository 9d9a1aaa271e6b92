/// A crontab as cron reads it: its entries, each with the environment and the comments above it.
///
/// Source: `crontab(5)` of Vixie's cron (Debian), cronie and FreeBSD.
struct Crontab: Equatable {
  struct Entry: Equatable {
    /// Where it stands, from 1.
    var line: Int
    /// As it stands there.
    var text: String
    /// The five fields, or one word that begins with `@`.
    var when: [String]
    /// Runs the command; only system crontabs say.
    var user: String?
    /// What is between the times and the command: `-` and `-nq`, as some crons know them.
    var flags: [String]
    /// What the shell gets, with `\%` read.
    var command: String
    /// What the command reads: what follows the first `%`; nil where that is nothing.
    var input: String?
    /// What is set above it, in its order, the last of a name only.
    var environment: [Variable]
    /// The comments between the entry before it and this one, without the signs.
    var comments: [String]
    /// The comments below the last entry.
    var below: [String] = []
  }

  struct Variable: Equatable {
    var name: String
    var value: String
  }

  private(set) var entries: [Entry] = []
  /// Lines that are no entries, and why.
  private(set) var problems: [(line: Int, message: String)] = []

  static func == (left: Crontab, right: Crontab) -> Bool {
    left.entries == right.entries && left.problems.elementsEqual(right.problems, by: ==)
  }

  /// - Parameter hasUsers: Whether a user stands between times and command, as in `/etc/crontab`.
  init(_ text: String, hasUsers: Bool) {
    var environment: [Variable] = []
    var comments = CrontabComments()
    for (index, line) in Lines.of(text).enumerated() {
      let rest = line.drop(while: Self.isBlank)
      if rest.first == "#" {
        comments.add(rest.drop { $0 == "#" }.trimmed)
        continue
      }
      comments.close()
      if let variable = Self.variable(rest) {
        environment.removeAll { $0.name == variable.name }
        environment.append(variable)
      } else if !rest.isEmpty {
        do {
          var entry = try Self.entry(rest, hasUsers: hasUsers)
          (entry.line, entry.environment, entry.comments) = (index + 1, environment, comments.take())
          entries.append(entry)
        } catch {
          problems.append((index + 1, error.message))
        }
      }
    }
    if !entries.isEmpty { entries[entries.count - 1].below = comments.take() }
  }

  static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

  // MARK: - Environment

  /// `NAME = value`, either of them in quotes; nil for any other line.
  private static func variable(_ line: Substring) -> Variable? {
    var rest = line
    let name: Substring
    if let quote = rest.first, quote == "\"" || quote == "'" {
      rest = rest.dropFirst()
      name = rest.prefix { $0 != quote }
      rest = rest.dropFirst(name.count + 1)
    } else {
      name = rest.prefix { $0 != "=" && !isBlank($0) }
      rest = rest.dropFirst(name.count)
    }
    rest = rest.drop(while: isBlank)
    guard !name.isEmpty, rest.first == "=" else { return nil }
    let value = rest.dropFirst().trimmed
    if let quote = value.first, quote == "\"" || quote == "'", value.count > 1, value.last == quote {
      return Variable(name: String(name), value: String(value.dropFirst().dropLast()))
    }
    return Variable(name: String(name), value: value)
  }

  // MARK: - Entries

  private struct Refusal: Error {
    var message: String
  }

  private static func entry(_ line: Substring, hasUsers: Bool) throws(Refusal) -> Entry {
    var rest = line
    func word() -> String {
      let word = rest.prefix { !isBlank($0) }
      rest = rest.dropFirst(word.count).drop(while: isBlank)
      return String(word)
    }
    var flags: [String] = []
    // SUSE's and cronie's sign for "not into the system log".
    if rest.first == "-" {
      flags.append("-")
      rest = rest.dropFirst()
    }
    let when = rest.first == "@" ? [word()] : (0..<5).map { _ in word() }
    guard when.last?.isEmpty == false else {
      throw Refusal(
        message:
          "this is neither a comment, nor NAME=value, nor five fields and a command, nor @daily and the like")
    }
    let user = hasUsers ? word() : nil
    if user?.isEmpty == true { throw Refusal(message: "the user and the command are missing") }
    // OpenBSD's and FreeBSD's: no mail, nothing into the system log, one at a time.
    while rest.first == "-", let flag = rest.split(whereSeparator: isBlank).first, flag.count > 1,
      flag.dropFirst().allSatisfy({ "nqs".contains($0) })
    {
      flags.append(word())
    }
    let (command, input) = split(rest)
    guard !command.isEmpty else { throw Refusal(message: "the command is missing") }
    return Entry(
      line: 0, text: line.trimmed, when: when, user: user, flags: flags, command: command, input: input,
      environment: [], comments: [])
  }

  /// The command, and what it reads: up to the first `%`, and after it with each further one as a line break.
  private static func split(_ text: Substring) -> (command: String, input: String?) {
    var parts = [""]
    var isEscaped = false
    for character in text {
      if character == "%", !isEscaped {
        parts.append("")
      } else {
        if character == "%" { parts[parts.count - 1].removeLast() }
        parts[parts.count - 1].append(character)
      }
      isEscaped = character == "\\"
    }
    let command = parts[0][...].trimmed
    let input = parts.dropFirst().joined(separator: "\n")
    guard !input.isEmpty else { return (command, nil) }
    // cron ends the last line where that is not done.
    return (command, input.hasSuffix("\n") ? input : input + "\n")
  }

  // MARK: - Which of the two formats

  /// Whether a user stands in every entry, to judge by what is there.
  ///
  /// - Parameter isUser: Whether there is a user of this name.
  static func hasUsers(_ text: String, isUser: (String) -> Bool) -> Bool {
    let entries = Crontab(text, hasUsers: true).entries
    let users = entries.compactMap(\.user)
    // Debian's users that are programs too.
    let programs: Set = ["sync", "mail", "man", "list", "news", "games", "backup", "sys", "git", "docker"]
    let isName = users.allSatisfy { name in
      name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }
    }
    // No command is called root, and none takes an `if` or a `cd` for a word of its own.
    if users.contains("root") || entries.contains(where: startsShell) { return isName }
    return !users.isEmpty && users.allSatisfy(isUser) && users.contains { !programs.contains($0) }
  }

  /// Whether what stands behind the first word can only be the beginning of a command.
  private static func startsShell(_ entry: Entry) -> Bool {
    let beginnings: Set = ["if", "[", "[[", "test", "cd", "for", "while", "case", "!"]
    let first = entry.command.prefix { !isBlank($0) }
    return beginnings.contains(String(first)) && !CommandName.isWrapper(entry.user ?? "")
  }
}
