import TestSupport
import Testing
import Values

@Suite("DataValue as JSON") struct JSONTests {
  @Test(
    "reads each kind of value",
    arguments: [
      (" null ", DataValue.null), ("true", true), ("false", false), ("\u{feff}1", 1),
      // Numbers: whole ones are integers where they fit.
      ("0", 0), ("-0", 0), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.0", .double(1)),
      ("-2.5e-3", .double(-0.0025)),
      ("1E2", .double(100)),
      // Strings.
      (#""""#, ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"), (#""\u00e9\u20AC""#, "é€"),
      (#""\ud83d\ude00!""#, "😀!"), (#""\ud83d""#, "\u{fffd}"), (#""\ud83dx""#, "\u{fffd}x"),
      ("\"\u{7f}ü\"", "\u{7f}ü"),
      // Tables.
      ("[]", .list([])), ("{}", .object([:])), ("[1,[2],{}]", .list([1, .list([2]), .object([:])])),
      ("{\"a\" : {\"b\":null}, \"c\":[ ] }", .object(["a": .object(["b": .null]), "c": .list([])])),
      ("{\"a\":1,\"a\":2}", .object(["a": 2])),
    ])
  func reads(text: String, value: DataValue) throws {
    #expect(try DataValue(json: Array(text.utf8)) == value)
  }

  @Test(
    "says what is wrong, and where",
    arguments: [
      ("", "line 1, column 1: expected a value, found the end"),
      ("nul", "line 1, column 1: expected a value, found \"nul\""),
      ("{\"a\":1,}", "line 1, column 8: expected a name in double quotes, found \"}\""),
      ("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3: expected \",\" or \"}\", found \"\"\""),
      ("{a:1}", "line 1, column 2: expected a name in double quotes, found \"a\""),
      ("[1,2", "line 1, column 5: expected"),
      ("[1 2]", "line 1, column 4: expected \",\" or \"]\", found \"2\""),
      ("01", "line 1, column 2: a number does not"),
      ("-", "line 1, column 2: expected a digit, found the end"),
      ("1.", "line 1, column 3: expected a digit after"),
      ("1e+", "line 1, column 4: expected a digit in the exponent"),
      ("1e999", "line 1, column 1: the number 1e999 is"),
      ("NaN", "expected a value, found \"NaN\""),
      ("[1] x", "line 1, column 5: expected the end, found \"x\""),
      ("\"abc", "line 1, column 1: the string that begins here has no end"),
      ("\"\\x\"", "there is no escape \"\\x\""),
      ("\"\\u12g4\"", "\\u needs four hexadecimal digits"), ("\"\\u1", "\\u needs four hexadecimal digits"),
      ("\"\\", "the text ends"),
      ("\"a\nb\"", "line 1, column 3: a control character"), ("'a'", "found \"'\""),
      ("<!DOCTYPE html>", "found \"<\""),
      ("{\"a\"", "expected \":\" after a name, found the end"),
      ("ü", "found a letter that is none of JSON's"),
    ])
  func refuses(text: String, message: String) throws {
    let trouble = #expect(throws: JSONTrouble.self) { try DataValue(json: Array(text.utf8)) }
    #expect(trouble?.description.contains(message) == true, "\(trouble?.description ?? "nothing")")
  }

  @Test("refuses what is nested deeper than a border lets through")
  func depth() throws {
    let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect((try? DataValue(json: Array(deep.utf8))) != nil)
    #expect(throws: JSONTrouble.self) { try DataValue(json: Array("[\(deep)]".utf8)) }
    #expect(throws: JSONTrouble.self) {
      try DataValue(json: [UInt8](repeating: UInt8(ascii: "{"), count: 1 << 20))
    }
  }

  @Test("keeps the bytes of a string that is not UTF-8")
  func rawBytes() throws {
    #expect(try DataValue(json: [0x22, 0xff, 0x61, 0x22]) == .bytes([0xff, 0x61]))
  }

  @Test(
    "writes each kind of value",
    arguments: [
      (DataValue.null, "null"), (true, "true"), (.int(.min), "-9223372036854775808"), (.double(1.5), "1.5"),
      (.double(2), "2.0"),
      (.double(1e300), "1e+300"), ("a\"\\/\n\r\t\u{1}é", #""a\"\\/\n\r\t\u0001é""#),
      (.table(DataTable()), "{}"), (.list([]), "[]"),
      (.table(DataTable(items: [1, "b"])), #"[1,"b"]"#),
      (.object(["b": 1, "a": .list([.null])]), #"{"a":[null],"b":1}"#),
    ])
  func writes(value: DataValue, text: String) throws {
    #expect(try value.json() == text)
  }

  @Test("breaks and indents lines when asked to")
  func pretty() throws {
    let value = DataValue.object(["a": .list([1, .object([:])]), "b": .list([])])
    #expect(try value.json(pretty: true) == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}")
  }

  @Test(
    "says what has no form in JSON, and where it is",
    arguments: [
      (DataValue.opaque("function"), "a function has no form in JSON"),
      (
        .object(["a": .list([1, .object(["b": .double(.nan)])])]),
        "a number that is not finite has no form in JSON at a[2].b"
      ),
      (.list([.bytes([0xff])]), "a string that is not valid UTF-8 has no form in JSON at [1]"),
      (
        .table(DataTable(items: [1], fields: ["a": 1])),
        "a table with both items and named fields has no form in JSON"
      ),
    ])
  func cannotWrite(value: DataValue, message: String) {
    #expect(throws: JSONTrouble.self) { try value.json() }
    do { _ = try value.json() } catch { #expect(error.description == message) }
  }

  @Test("reads back what it wrote")
  func roundTrip() throws {
    var generator = SeededNumbers(seed: 1)
    for _ in 0..<2000 {
      let value = Self.random(&generator, depth: 0)
      #expect(try DataValue(json: Array(try value.json().utf8)) == value)
      #expect(try DataValue(json: Array(try value.json(pretty: true).utf8)) == value)
    }
  }

  @Test("takes any bytes without a trap")
  func noise() {
    var generator = SeededNumbers(seed: 1)
    let alphabet = Array("{}[]\",:\\u0123e+-.tfn \n".utf8) + [0, 0x1f, 0x80, 0xff]
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...24, using: &generator)).compactMap { _ in
        alphabet.randomElement(using: &generator)
      }
      _ = try? DataValue(json: text)
    }
  }

  private static func random(_ generator: inout SeededNumbers, depth: Int) -> DataValue {
    switch Int.random(in: 0...(depth > 3 ? 4 : 6), using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return .int(.random(in: .min ... .max, using: &generator))
    case 3:
      let number = Double(bitPattern: .random(in: .min ... .max, using: &generator))
      return .double(number.isFinite ? number : 0.1)
    case 4:
      let scalars = (0..<Int.random(in: 0...6, using: &generator)).compactMap { _ in
        Unicode.Scalar(UInt32.random(in: 0...0x1ffff, using: &generator))
      }
      return .string(String(String.UnicodeScalarView(scalars)))
    case 5:
      return .list(
        (0..<Int.random(in: 0...4, using: &generator)).map { _ in random(&generator, depth: depth + 1) })
    default:
      let keys = (0..<Int.random(in: 0...4, using: &generator)).map { "k\($0)" }
      return .object(
        Dictionary(uniqueKeysWithValues: keys.map { ($0, random(&generator, depth: depth + 1)) }))
    }
  }
}
