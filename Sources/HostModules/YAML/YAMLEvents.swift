import CYaml
import LuaHost
import Values

/// Where a YAML text is not what it should be, and what is wrong.
struct YAMLDamage: Error, Equatable {
  /// From 1 on; columns count characters.
  struct Mark: Equatable {
    var line: Int
    var column: Int
  }

  let mark: Mark
  let what: String

  var text: String { "line \(mark.line), column \(mark.column): \(what)" }
}

/// The events of a YAML text, as libyaml (which comes with Yams) reads them.
///
/// Yams' own nodes are not used: they share what an alias stands for without a limit on how much that is, and
/// on how deep.
final class YAMLEvents {
  struct Event {
    enum Kind {
      case documentStart, documentEnd, streamEnd, sequenceEnd, mappingEnd
      case alias(String)
      case scalar(String, isPlain: Bool)
      case sequenceStart
      case mappingStart
    }

    let kind: Kind
    let mark: YAMLDamage.Mark
    var anchor: String?
    var tag: String?
  }

  /// How much libyaml reads at once, in bytes.
  private static let piece = 512

  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let text: [UInt8]
  /// How much of the text libyaml has read.
  private var position = 0
  private var work = LongWork.ofRun

  init(_ text: [UInt8]) throws(YAMLDamage) {
    self.text = text
    guard yaml_parser_initialize(parser) == 1 else {
      throw YAMLDamage(mark: .init(line: 1, column: 1), what: "there is no memory to read it")
    }
    yaml_parser_set_input(
      parser,
      { context, buffer, size, count in
        guard let context, let buffer, let count else { return 0 }
        let events = Unmanaged<YAMLEvents>.fromOpaque(context).takeUnretainedValue()
        return events.read(into: UnsafeMutableBufferPointer(start: buffer, count: size), &count.pointee)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Gives libyaml the next bytes, few at a time: a single event may take all of a text. Returns 0 when the work is given
  /// up, which libyaml takes for an error of the input.
  private func read(into buffer: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) -> Int32 {
    if work.mustEnd() { return 0 }
    count = buffer.update(fromContentsOf: text[position...].prefix(min(buffer.count, Self.piece)))
    position += count
    return 1
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  /// The next event; the stream's end again and again.
  func next() throws(YAMLDamage) -> Event {
    while true {
      if work.mustEnd(making: DataValue.weight) { throw damage }
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { throw damage }
      defer { yaml_event_delete(&event) }
      if let event = Self.event(event) { return event }
    }
  }

  private var damage: YAMLDamage {
    let parser = parser.pointee
    var problem = parser.problem.map { String(cString: $0) } ?? "it cannot be read"
    var context = parser.context.map { String(cString: $0) + ", " } ?? ""
    // It looks far ahead for what might be a key, and has a limit of its own.
    if problem.hasPrefix("Maximum nesting level") { (context, problem) = ("", YAMLReader.tooDeep) }
    // A byte that is no UTF-8 is found before there is a line.
    let place = parser.error == YAML_READER_ERROR ? parser.mark : parser.problem_mark
    return YAMLDamage(mark: Self.mark(place), what: context + problem)
  }

  private static func mark(_ mark: yaml_mark_t) -> YAMLDamage.Mark {
    .init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
    pointer.map { String(cString: $0) }
  }

  /// Nil for what says nothing.
  private static func event(_ event: yaml_event_t) -> Event? {
    let mark = mark(event.start_mark)
    let data = event.data
    switch event.type {
    case YAML_DOCUMENT_START_EVENT: return Event(kind: .documentStart, mark: mark)
    case YAML_DOCUMENT_END_EVENT: return Event(kind: .documentEnd, mark: mark)
    case YAML_STREAM_END_EVENT: return Event(kind: .streamEnd, mark: mark)
    case YAML_SEQUENCE_END_EVENT: return Event(kind: .sequenceEnd, mark: mark)
    case YAML_MAPPING_END_EVENT: return Event(kind: .mappingEnd, mark: mark)
    case YAML_ALIAS_EVENT: return Event(kind: .alias(text(data.alias.anchor) ?? ""), mark: mark)
    case YAML_SCALAR_EVENT:
      let scalar = data.scalar
      let value = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
      return Event(
        kind: .scalar(value, isPlain: isPlain), mark: mark, anchor: text(scalar.anchor), tag: text(scalar.tag)
      )
    case YAML_SEQUENCE_START_EVENT:
      let start = data.sequence_start
      return Event(kind: .sequenceStart, mark: mark, anchor: text(start.anchor), tag: text(start.tag))
    case YAML_MAPPING_START_EVENT:
      let start = data.mapping_start
      return Event(kind: .mappingStart, mark: mark, anchor: text(start.anchor), tag: text(start.tag))
    default: return nil
    }
  }
}
