/// Names of jobs, made from what other systems call theirs.
public enum JobName {
  /// Longer ones are cut: with its suffix, and one that a temporary file gets, a file's name has 255 bytes.
  static let longest = 200

  /// One part of a job's name: letters, digits, `-`, `_` and `.` stay, each row of other characters becomes one `_`.
  ///
  /// It is never empty, ignored (`_draft`, `.hidden`), taken for an option (`-n`), or `main`, which would make a job of
  /// its folder.
  public static func part(_ text: String) -> String {
    var name = ""
    var size = 0
    for character in text {
      let stays = character.isLetter || character.isNumber || "-_.".contains(character)
      let next: Character = stays ? character : "_"
      if next == "_", !stays, name.isEmpty || name.last == "_" { continue }
      size += next.utf8.count
      guard size <= longest else { break }
      name.append(next)
    }
    while let last = name.last, "-_.".contains(last) { name.removeLast() }
    name = String(name.drop { "-_.".contains($0) })
    if name.isEmpty { return "job" }
    return name == "main" ? "main_job" : name
  }

  /// A job's name from the folders and the name that it has elsewhere.
  public static func of(_ parts: [some StringProtocol]) -> String {
    parts.map { part(String($0)) }.joined(separator: "/")
  }
}
