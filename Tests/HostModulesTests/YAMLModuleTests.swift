import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("almanac.yaml") struct YAMLModuleTests {
  private let folder = TemporaryFolder()

  private func main(_ body: String) async -> ScriptHost.Outcome {
    await ScriptHost.main("local yaml = require 'almanac.yaml'\n" + body, in: folder)
  }

  @Test(
    "decodes by the core schema of YAML 1.2",
    arguments: [
      ("a: 1\nb: [x, 2.5, true, ~]", #"{"a":1,"b":["x",2.5,true,null]}"#), ("", "null"),
      ("# nothing", "null"),
      // What YAML 1.1 took for truth, octal numbers, minutes and dates.
      ("[yes, no, on, off, y, n]", #"["yes","no","on","off","y","n"]"#),
      ("[010, 0o10, 0x1F, 08]", "[10,8,31,8]"),
      (
        "[1:30, 1_000, 2026-11-23, 2026-11-23T10:00:00Z]",
        #"["1:30","1_000","2026-11-23","2026-11-23T10:00:00Z"]"#
      ),
      ("[+1, -2, 1., .5, 1e3, -1.5E-2, 1e, ., +, -]", #"[1,-2,1.0,0.5,1000.0,-0.015,"1e",".","+","-"]"#),
      ("[True, FALSE, tRUE, Null, NULL, nULL, ~x]", #"[true,false,"tRUE",null,null,"nULL","~x"]"#),
      (
        "[9223372036854775807, 9223372036854775808, 0xFFFFFFFFFFFFFFFFF]",
        #"[9223372036854775807,9.223372036854776e+18,"0xFFFFFFFFFFFFFFFFF"]"#
      ),
      ("['1', \"true\", '']", #"["1","true",""]"#),
      ("a: |\n  one\n  two\nb: >\n  one\n  two\n", #"{"a":"one\ntwo\n","b":"one two\n"}"#),
      ("{}", "{}"), ("[]", "[]"), ("a: {}\nb: []\nc:", #"{"a":{},"b":[],"c":null}"#),
      ("8080: web\ntrue: x\n~: y", #"{"8080":"web","true":"x","~":"y"}"#),
      (
        "[!!str 1, !!int '2', !!float 3, !!bool 'true', !!null '', !mine 4, !mine x, ! 5]",
        #"["1",2,3.0,true,null,4,"x","5"]"#
      ),
      ("a: &x { k: 1 }\nb: *x\nc: [*x, *x]", #"{"a":{"k":1},"b":{"k":1},"c":[{"k":1},{"k":1}]}"#),
      ("base: &b { a: 1, b: 2 }\nx:\n  <<: *b\n  b: 3", #"{"base":{"a":1,"b":2},"x":{"a":1,"b":3}}"#),
      ("x:\n  <<: [{ a: 1 }, { a: 2, b: 2 }]\n  c: 3", #"{"x":{"a":1,"b":2,"c":3}}"#),
      ("'<<': 1", #"{"<<":1}"#),
      ("&k key: 1\nb: *k", #"{"b":"key","key":1}"#), ("--- 1\n...\n", "1"), ("\u{FEFF}a: é", #"{"a":"é"}"#),
      ("\"\\u00e9\\x41\\0\"", #""éA\u0000""#),
    ])
  func decodes(text: String, json: String) async throws {
    try folder.write(text, to: "x.yaml")
    let outcome = await main("return json.encode(assert(yaml.decode(fs.read('x.yaml'))))")
    #expect(outcome.result == .string(json))
  }

  @Test("null is json's, lists are lists, odd numbers and binary data are what they are")
  func values() async {
    let outcome = await main(
      """
      local v = yaml.decode("a: ~\\nb: []\\nc: [.inf, -.inf, .nan]\\nd: !!binary AP8=")
      assert(v.a == yaml.null and yaml.null == json.null and json.encode(v.b) == "[]")
      assert(v.c[1] == math.huge and v.c[2] == -math.huge and v.c[3] ~= v.c[3])
      assert(v.d == "\\0\\xff" and yaml.decode("") == yaml.null)
      local all = yaml.decode_all("a: 1\\n---\\n---\\n- 2\\n")
      assert(#all == 3 and all[1].a == 1 and all[2] == yaml.null and all[3][1] == 2)
      return #yaml.decode_all("")
      """)
    #expect(outcome.result == 0)
  }

  @Test(
    "damage is nil and says at which line and column",
    arguments: [
      ("a: 1\na: 2", "line 2, column 1: the key \"a\" stands twice in one mapping"),
      ("a: [1, 2\n", "line 2, column 1: while parsing a flow sequence, did not find expected ',' or ']'"),
      ("a: *none", "line 1, column 4: there is no anchor &none before it"),
      ("a: &a [*a]", "line 1, column 8: there is no anchor &a before it"),
      ("a: 1\n---\nb: 2", "line 2, column 1: a second document begins; yaml.decode_all reads several"),
      ("? [1]\n: x", "line 1, column 3: a key must be text or a number, not a list or a mapping"),
      ("x:\n  <<: 5", "line 2, column 7: << merges a mapping, or a list of mappings"),
      ("!!int x", "line 1, column 1: \"x\" is not an integer"),
      ("a: !!binary '!'", "line 1, column 4: character 1 is not base64"),
      ("a: 'x\n", "line 2, column 1: while scanning a quoted scalar, found unexpected end of stream"),
      (
        "a:\n\t- x",
        "line 2, column 1: while scanning for the next token, found character that cannot start any token"
      ),
    ])
  func damaged(text: String, message: String) async throws {
    try folder.write(text, to: "x.yaml")
    let outcome = await main("return yaml.decode(fs.read('x.yaml'))")
    #expect(outcome.result == .string("failed: not YAML: " + message))
  }

  @Test("a text that grows without measure by its aliases, or goes too deep, is refused")
  func bombs() async {
    let outcome = await main(
      """
      local lines = { "a0: &a0 [x, x, x, x, x, x, x, x, x, x]" }
      for i = 1, 30 do lines[#lines + 1] = ("a%d: &a%d [" .. ("*a%d, "):rep(9) .. "*a%d]"):gsub("%%d", function() return "%d" end):format(i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1) end
      local value, wide = yaml.decode(table.concat(lines, "\\n"))
      assert(not value)
      local value, deep = yaml.decode(("["):rep(101) .. ("]"):rep(101))
      assert(not value)
      local chain = { "a0: &a0 x" }
      for i = 1, 101 do chain[#chain + 1] = ("a%d: &a%d [*a%d]"):format(i, i, i - 1) end
      local value, long = yaml.decode(table.concat(chain, "\\n"))
      assert(not value)
      local value, key = yaml.decode(table.concat(lines, "\\n", 1, 12) .. "\\n? *a8\\n: x")
      assert(not value)
      assert(yaml.decode(("["):rep(99) .. ("]"):rep(99)))
      local _, deepest = yaml.decode(("["):rep(100000))
      return { wide, deep, long, key, deepest }
      """)
    let messages = outcome.result.asTable?.items.compactMap(\.asString) ?? []
    #expect(messages.count == 5, "\(outcome.result)")
    #expect(messages.first?.hasSuffix("with its aliases it has more than 64 MB") == true)
    #expect(messages.dropFirst().first == "not YAML: line 1, column 101: nested deeper than 100 levels")
    #expect(messages.last?.hasSuffix(": nested deeper than 100 levels") == true, "\(messages)")
    #expect(messages.dropFirst(2).first?.hasSuffix("nested deeper than 100 levels") == true)
  }

  @Test(
    "encodes in block style, keys in order",
    arguments: [
      ("{ b = 1, a = { 1, 'x', true, 2.5 } }", "a:\n  - 1\n  - x\n  - true\n  - 2.5\nb: 1\n"),
      (
        "{ list = { { name = 'a', n = 1 }, { 1, { 2 } } } }",
        "list:\n  - \"n\": 1\n    name: a\n  - - 1\n    - - 2\n"
      ),
      ("{ e = {}, l = json.array(), n = json.null }", "e: {}\nl: []\n\"n\": null\n"), ("nil", "null\n"),
      ("'x'", "x\n"), ("{}", "{}\n"),
      // What others could take for something else stands in quotes.
      (
        "{ 'yes', 'No', 'null', '1', '0x1', '2026-11-23', '', ' x', 'x ', 'a: b', 'a #b', 'a:', '- x', '*x', '{x', '~', '10m' }",
        "- \"yes\"\n- \"No\"\n- \"null\"\n- \"1\"\n- \"0x1\"\n- \"2026-11-23\"\n- \"\"\n- \" x\"\n- \"x \"\n- \"a: b\"\n- \"a #b\"\n- \"a:\"\n- \"- x\"\n- \"*x\"\n- \"{x\"\n- \"~\"\n- \"10m\"\n"
      ),
      (
        "{ 'a b', 'a:b', 'é', '/srv/x', 'a\\tb', 'a\\\\b' }",
        "- a b\n- a:b\n- é\n- /srv/x\n- \"a\\tb\"\n- a\\b\n"
      ),
      (
        "{ text = 'one\\ntwo\\n', cut = 'one\\ntwo', more = 'one\\n\\n', odd = ' one\\ntwo' }",
        "cut: |-\n  one\n  two\nmore: |+\n  one\n\nodd: \" one\\ntwo\"\ntext: |\n  one\n  two\n"
      ),
      ("{ 1e20, 1.0, -0.5, 1/0, -1/0, 0/0 }", "- 1.0e+20\n- 1.0\n- -0.5\n- .inf\n- -.inf\n- .nan\n"),
      ("'\\xff'", "!!binary \"/w==\"\n"),
      ("{ ['a key'] = 1, ['yes'] = 2, ['8080'] = 3 }", "\"8080\": 3\na key: 1\n\"yes\": 2\n"),
    ])
  func encodes(call: String, text: String) async {
    #expect(await main("return yaml.encode(\(call))").result == .string(text))
  }

  @Test(
    "misuse raises with the line that made it",
    arguments: [
      ("decode('a', { tags = true })", "yaml.decode: it takes no options"),
      ("encode({}, { indent = 4 })", "yaml.encode: it takes no options"),
      ("decode()", "yaml.decode: text must be a string, not nil"),
      ("encode(print)", "yaml.encode: a function has no form in YAML"),
      ("encode({ a = { 1, { b = print } } })", "yaml.encode: a function has no form in YAML at a[2].b"),
      (
        "encode({ x = { 1, a = 2 } })",
        "yaml.encode: a table with both items and named fields has no form in YAML at x"
      ),
    ])
  func misuse(call: String, message: String) async {
    #expect(await main("yaml.\(call)").result == .string("failed: jobs/test.lua:3: " + message))
  }

  @Test("what is encoded is decoded, whatever is in it")
  func roundTrip() async throws {
    let outcome = await main(
      """
      math.randomseed(11)
      local pieces = { "a", "yes", ":", " ", "#", "\\n", "- ", "'", '"', "\\\\", "é", "\\t", "\\r", "1", ".5", "[", "*", "&", "!", "%", "|", ">",
        "\\0", "\\x7f", "\\u{85}", "\\u{2028}", "\\u{feff}", "\\u{1f600}", "<<", "...", "---", "?", "\\xff" }
      local function text(most)
        local parts = {}
        for i = 1, math.random(0, most) do parts[i] = pieces[math.random(#pieces)] end
        return table.concat(parts)
      end
      local function value(depth)
        local kind = math.random(depth > 3 and 6 or 9)
        if kind <= 3 then return text(8) end
        if kind == 4 then return math.random(-1000000, 1000000) end
        if kind == 5 then return (math.random() - 0.5) * 10 ^ math.random(-30, 30) end
        if kind == 6 then return ({ true, false, json.null })[math.random(3)] end
        local t = {}
        if kind <= 8 then for i = 1, math.random(0, 4) do t[i] = value(depth + 1) end return json.array(t) end
        for i = 1, math.random(1, 4) do t[(text(4):gsub("\\xff", ""))] = value(depth + 1) end
        return t
      end
      local function same(a, b)
        if type(a) ~= "table" or type(b) ~= "table" then return a == b and math.type(a) == math.type(b) end
        for k, v in pairs(a) do if not same(v, b[k]) then return false end end
        for k in pairs(b) do if a[k] == nil then return false end end
        return true
      end
      for round = 1, 400 do
        local v = value(0)
        local written = yaml.encode(v)
        local back, err = yaml.decode(written)
        assert(err == nil, tostring(err) .. "\\n" .. written)
        assert(same(v, back), written)
      end
      local long = { [("k"):rep(3000)] = { a = 1 }, [("k "):rep(600)] = "x" }
      assert(same(long, assert(yaml.decode(yaml.encode(long)))))
      """)
    #expect(outcome.end == .succeeded(result: .null))
  }
}
