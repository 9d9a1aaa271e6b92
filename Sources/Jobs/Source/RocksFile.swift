import Crypto

/// A folder job's `rocks.txt`: the LuaRocks dependencies that it can `require`, one a line.
///
/// ```
/// # for the report
/// penlight >= 1.13
/// lua-cjson == 2.1.0, ~= 2.1.0.6
/// ```
public struct RocksFile: Sendable, Equatable {
  /// One dependency, as LuaRocks takes it.
  public struct Rock: Sendable, Equatable {
    public let text: String
    /// Where it stands in the file, from 1 on.
    public let line: Int
    /// The rock's name in lower case, as LuaRocks compares them.
    public let name: String
  }

  /// The path that messages show.
  public let path: String
  public let rocks: [Rock]

  /// What the rocks are, whatever order and comments they stand with: two files with equal digests are served by one
  /// folder of rocks.
  public var digest: String {
    let text = rocks.map(\.text).sorted().joined(separator: "\n")
    return String(SourceDigest.hexadecimal(SHA256.hash(data: Array(text.utf8))).prefix(16))
  }

  /// Reads the file.
  ///
  /// - Throws: All that is wrong with it.
  init(path: String, bytes: [UInt8], job: String) throws(LoadFailure) {
    self.path = path
    var rocks: [Rock] = []
    var errors: [LoadError] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, bytes) in lines.enumerated() {
      let line = String(decoding: bytes, as: UTF8.self).prefix { $0 != "#" }
      let words = line.split(whereSeparator: \.isWhitespace)
      guard !words.isEmpty else { continue }
      do throws(RockTrouble) {
        let rock = try Self.rock(words.joined(separator: " "), line: index + 1)
        if let other = rocks.first(where: { $0.name == rock.name }) {
          throw RockTrouble(
            "\(rock.name) stands in line \(other.line) already; put all that it must be into one")
        }
        rocks.append(rock)
      } catch {
        errors.append(LoadError(job: job, file: path, line: index + 1, message: error.text))
      }
    }
    guard errors.isEmpty else { throw LoadFailure(errors) }
    self.rocks = rocks
  }

  private struct RockTrouble: Error {
    let text: String
    init(_ text: String) { self.text = NameRules.displayed(text) }
  }

  private static let example = "a name and versions are expected, as in: penlight >= 1.13"
  private static let operators = ["==", "~=", "!=", "<=", ">=", "~>", "=", "<", ">"]

  /// - Parameter text: With single spaces between its words.
  private static func rock(_ text: String, line: Int) throws(RockTrouble) -> Rock {
    let name = text.prefix { isNamePart($0) || $0 == "/" }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count),
      parts.allSatisfy({ $0.first.map { $0.isLetter || $0.isNumber } ?? false })
    else { throw RockTrouble("\(Found.quoted(text)) is no rock; \(example)") }
    let rest = text.dropFirst(name.count).drop { $0 == " " }
    if !rest.isEmpty {
      for constraint in rest.split(separator: ",", omittingEmptySubsequences: false) {
        try check(constraint.drop { $0 == " " }, of: name)
      }
    }
    return Rock(text: text, line: line, name: name.lowercased())
  }

  private static func check(_ constraint: Substring, of name: Substring) throws(RockTrouble) {
    let sign = operators.first { constraint.hasPrefix($0) } ?? ""
    let version = constraint.dropFirst(sign.count).drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
    guard let first = version.first, first.isLetter || first.isNumber, version.allSatisfy(isNamePart) else {
      throw RockTrouble("\(Found.quoted(String(constraint))) is no version of \(name); \(example)")
    }
  }

  private static func isNamePart(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
  }
}
