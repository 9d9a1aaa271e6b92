import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("almanac.json") struct JSONModuleTests {
  private let folder = TemporaryFolder()

  @Test(
    "encodes",
    arguments: [
      ("json.encode({ b = 1, a = 'x\\ny' })", #"{"a":"x\ny","b":1}"#),
      ("json.encode({ 1, 'b', true })", #"[1,"b",true]"#),
      ("json.encode({})", "{}"), ("json.encode(json.array())", "[]"), ("json.encode(json.array({}))", "[]"),
      ("json.encode({ a = json.null })", #"{"a":null}"#), ("json.encode(nil)", "null"),
      ("json.encode(json.null)", "null"),
      ("json.encode(1.5)", "1.5"), ("json.encode(1 << 53)", "9007199254740992"),
      ("json.encode('é')", "\"é\""),
      ("json.encode({ a = json.array() }, { pretty = true })", "{\n  \"a\": []\n}"),
      ("json.encode(json.decode('{\"a\":[],\"b\":{},\"c\":null}'))", #"{"a":[],"b":{},"c":null}"#),
    ])
  func encodes(call: String, text: String) async {
    #expect(await ScriptHost.main("return \(call)", in: folder).result == .string(text))
  }

  @Test("decodes, and tells null from nothing")
  func decodes() async {
    let outcome = await ScriptHost.main(
      """
      local v = assert(json.decode('{"list":[1,2.5,"x",null],"no":false}'))
      assert(#v.list == 4 and v.list[4] == json.null and v.no == false and v.none == nil)
      assert(math.type(v.list[1]) == "integer" and math.type(v.list[2]) == "float")
      assert(json.decode("null") == json.null)
      assert(json.decode('"a\\\\u0000b"') == "a\\0b")
      return json.encode(v)
      """, in: folder)
    #expect(outcome.result == #"{"list":[1,2.5,"x",null],"no":false}"#)
  }

  @Test("a text that is no JSON is nil and says where")
  func damaged() async {
    let outcome = await ScriptHost.main("return json.decode('{\"a\": 1,\\n }')", in: folder)
    #expect(
      outcome.result == "failed: not JSON: line 2, column 2: expected a name in double quotes, found \"}\"")
  }

  @Test(
    "misuse raises with the line that made it",
    arguments: [
      ("json.encode(print)", "json.encode: a function has no form in JSON"),
      ("json.encode({ a = { 1, { b = print } } })", "json.encode: a function has no form in JSON at a[2].b"),
      ("json.encode(0/0)", "json.encode: a number that is not finite has no form in JSON"),
      (
        "json.encode({ 1, a = 2 })",
        "json.encode: a table with both items and named fields has no form in JSON"
      ),
      ("json.encode('\\xff')", "json.encode: a string that is not valid UTF-8 has no form in JSON"),
      ("json.encode({}, { prety = true })", "json.encode: unknown option `prety`: did you mean `pretty`?"),
      ("json.decode('1', { null = 0 })", "json.decode: it takes no options"),
      ("json.decode(5)", "json.decode: text must be a string, not 5"),
      ("json.decode()", "json.decode: text must be a string, not nil"),
      ("return json.decode('[null]')[1].name", "attempt to index json.null (field 'name')"),
      ("json.null.name = 1", "attempt to index json.null (field 'name')"),
      ("return json.null[1]", "attempt to index json.null"),
    ])
  func misuse(call: String, message: String) async {
    let outcome = await ScriptHost.main(call, in: folder)
    guard case .failed(let error) = outcome.end else {
      Issue.record("\(outcome.end)")
      return
    }
    #expect(error.message == "jobs/test.lua:2: " + message)
  }

  @Test("null has a text, and the metatable that gives it one is out of reach")
  func null() async {
    let outcome = await ScriptHost.main(
      "return { tostring(json.null), ('%s'):format(json.null), getmetatable(json.null) }", in: folder)
    #expect(outcome.result == .table(DataTable(items: ["null", "null", false])))
  }

  @Test("a table that holds itself raises")
  func cycle() async {
    let outcome = await ScriptHost.main("local t = {} t.t = t json.encode(t)", in: folder)
    guard case .failed(let error) = outcome.end else {
      Issue.record("\(outcome.end)")
      return
    }
    #expect(error.line == 2, "\(error.message)")
  }
}
