import CExpat

/// An element of an exported file.
final class ExportElement {
  /// Without its namespace.
  let name: String
  let line: Int
  /// Those of the schema, not what XML itself has (`xmlns`, `xml:space`).
  var attributes: [String: String] = [:]
  var children: [ExportElement] = []
  /// Its own text, that of its children left out.
  var text = ""
  /// The comment before it.
  var comment: String?

  init(name: String, line: Int) {
    self.name = name
    self.line = line
  }

  func child(_ name: String) -> ExportElement? { children.first { $0.name == name } }

  /// The elements of a name, none within another, wherever they are.
  func all(named name: String) -> [ExportElement] {
    self.name == name ? [self] : children.flatMap { $0.all(named: name) }
  }

  // MARK: - Reading

  /// Reads a text of one or several documents, as `schtasks /query /xml` prints them.
  ///
  /// - Returns: An element around them all.
  /// - Throws: What is wrong, with its line in `place`.
  static func read(_ text: String) throws(TaskProblem) -> ExportElement {
    // What encoding a declaration names is not what the text is in, and a second one may not be there.
    let bytes = Array(("<all>" + withoutDeclarations(text) + "</all>").utf8)
    let reader = Reader()
    guard let parser = XML_ParserCreate("UTF-8") else { throw TaskProblem(message: "there is no memory") }
    defer { XML_ParserFree(parser) }
    reader.parser = parser
    XML_SetUserData(parser, Unmanaged.passUnretained(reader).toOpaque())
    XML_SetElementHandler(
      parser,
      { data, name, attributes in
        if let name { Reader.of(data)?.open(name, attributes) }
      }, { data, _ in Reader.of(data)?.close() })
    XML_SetCharacterDataHandler(parser) { data, text, count in
      if let text { Reader.of(data)?.add(UnsafeRawBufferPointer(start: text, count: Int(count))) }
    }
    XML_SetCommentHandler(parser) { data, text in
      if let text { Reader.of(data)?.comment = String(cString: text) }
    }
    let status = withExtendedLifetime(reader) {
      bytes.withUnsafeBytes { buffer in
        XML_Parse(parser, buffer.bindMemory(to: CChar.self).baseAddress, Int32(clamping: buffer.count), 1)
      }
    }
    let line = Int(XML_GetCurrentLineNumber(parser))
    if reader.isTooDeep {
      throw TaskProblem(
        place: String(line), message: "has elements in each other, more than \(Reader.deepest) deep")
    }
    guard status == XML_STATUS_OK, let root = reader.root else {
      let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "unknown"
      throw TaskProblem(place: String(line), message: "is not XML: \(reason)")
    }
    return root
  }

  /// The text with the XML declarations blanked out, line by line as before.
  private static func withoutDeclarations(_ text: String) -> String {
    var result = ""
    // A mark of the byte order, and zeros at the end, are left by other tools.
    var rest = text[...].drop { $0 == "\u{FEFF}" }
    while rest.last == "\0" { rest.removeLast() }
    while let start = rest.firstRange(of: "<?xml") {
      guard let end = rest[start.upperBound...].firstRange(of: "?>") else { break }
      result += rest[..<start.lowerBound].filter { $0 != "\u{FEFF}" }
      result += rest[start.lowerBound..<end.lowerBound].filter(\.isNewline)
      rest = rest[end.upperBound...]
    }
    return result + rest
  }

  /// What the parser tells, put together.
  private final class Reader {
    static let deepest = 64

    var parser: XML_Parser?
    var root: ExportElement?
    var comment: String?
    var isTooDeep = false
    private var open: [ExportElement] = []

    static func of(_ data: UnsafeMutableRawPointer?) -> Reader? {
      data.map { Unmanaged<Reader>.fromOpaque($0).takeUnretainedValue() }
    }

    func open(
      _ name: UnsafePointer<CChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?
    ) {
      let element = ExportElement(
        name: Self.local(String(cString: name)), line: Int(XML_GetCurrentLineNumber(parser)))
      var place = 0
      while let attributes, let key = attributes[place], let value = attributes[place + 1] {
        let name = String(cString: key)
        if !name.hasPrefix("xml"), !name.contains(":") { element.attributes[name] = String(cString: value) }
        place += 2
      }
      element.comment = comment
      comment = nil
      if root == nil { root = element } else { open.last?.children.append(element) }
      open.append(element)
      if open.count > Self.deepest {
        isTooDeep = true
        XML_StopParser(parser, 0)
      }
    }

    func close() { _ = open.popLast() }

    func add(_ bytes: UnsafeRawBufferPointer) {
      open.last?.text += String(decoding: bytes, as: UTF8.self)
    }

    private static func local(_ name: String) -> String {
      name.lastIndex(of: ":").map { String(name[name.index(after: $0)...]) } ?? name
    }
  }
}
