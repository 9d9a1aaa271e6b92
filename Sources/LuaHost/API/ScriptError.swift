/// An error in a script, with the place that Lua gave it.
public struct ScriptError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file as messages show it, where the error has a place.
  public var file: String?
  public var line: Int?
  /// What is wrong, without the place.
  public var text: String
  /// The calls that led there, innermost first.
  public var traceback: String?

  public init(file: String? = nil, line: Int? = nil, text: String, traceback: String? = nil) {
    self.file = file
    self.line = line
    self.text = text
    self.traceback = traceback
  }

  /// `file:line: text`, as Lua writes it.
  public var message: String {
    switch (file, line) {
    case (let file?, let line?): "\(file):\(line): \(text)"
    case (let file?, nil): "\(file): \(text)"
    default: text
    }
  }

  public var description: String { message }

  /// `file:line`, as far as they are known.
  var place: String { (file ?? "?") + (line.map { ":\($0)" } ?? "") }
}

extension ScriptError {
  /// Takes Lua's `file:line: text` apart, where it begins with one of `files`.
  init(message: String, traceback: String?, files: some Sequence<String>) {
    self.init(text: message, traceback: traceback)
    for file in files where message.hasPrefix(file + ":") {
      let rest = message.dropFirst(file.count + 1)
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let line = Int(digits), rest.dropFirst(digits.count).hasPrefix(":") else { continue }
      var text = rest.dropFirst(digits.count + 1)
      if text.hasPrefix(" ") { text = text.dropFirst() }
      self.init(file: file, line: line, text: String(text), traceback: traceback)
      return
    }
  }
}
