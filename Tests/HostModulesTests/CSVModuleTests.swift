import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("almanac.csv") struct CSVModuleTests {
  private let folder = TemporaryFolder()

  private func main(_ body: String) async -> ScriptHost.Outcome {
    await ScriptHost.main("local csv = require 'almanac.csv'\n" + body, in: folder)
  }

  /// A Lua literal of a text.
  private func literal(_ text: String) -> String {
    "\"" + text.utf8.map { "\\" + String(1_000 + Int($0)).dropFirst() }.joined() + "\""
  }

  @Test(
    "decodes rows",
    arguments: [
      ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]), ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
      ("a,b\r1,2\r", [["a", "b"], ["1", "2"]]), ("", []), ("\n\r\n\n", []), ("x", [["x"]]),
      // An empty line is no row, an empty field in quotes is.
      ("a\n\nb\n", [["a"], ["b"]]), ("a\n\"\"\nb", [["a"], [""], ["b"]]), (",\n", [["", ""]]),
      ("a,\n,b", [["a", ""], ["", "b"]]),
      ("\"a,b\",\"c\"\"d\",\"e\nf\"\n", [["a,b", "c\"d", "e\nf"]]), ("\"a\r\nb\"", [["a\r\nb"]]),
      (" a , b \n", [[" a ", " b "]]), ("5\" disk,x", [["5\" disk", "x"]]),
      ("\u{FEFF}a,b\n", [["a", "b"]]), ("\u{FEFF}\"a\",b\n", [["a", "b"]]), ("é,ü", [["é", "ü"]]),
    ] as [(String, [[String]])])
  func decodes(text: String, rows: [[String]]) async throws {
    let outcome = await main("return json.encode(csv.decode(\(literal(text))))")
    let expected = DataValue.list(rows.map { .list($0.map(DataValue.string)) })
    #expect(outcome.result == .string(try expected.json()))
  }

  @Test("decodes records with the names of a header")
  func records() async {
    let outcome = await main(
      """
      local people = assert(csv.decode("name,age\\nAda,36\\nAlan,41\\n", { header = true }))
      assert(#people == 2 and people[1].name == "Ada" and people[2].age == "41")
      local given = assert(csv.decode("Ada;36", { header = { "name", "age" }, separator = ";" }))
      assert(#given == 1 and given[1].age == "36")
      assert(#csv.decode("name,age\\n", { header = true }) == 0)
      local ragged = assert(csv.decode("a,b,c\\n1\\n1,2,3\\n", { header = true, ragged = true }))
      assert(ragged[1].a == "1" and ragged[1].b == nil and ragged[2].c == "3")
      assert(#assert(csv.decode("a\\n1,2\\n", { ragged = true }))[2] == 2)
      local tabs = assert(csv.decode("a\\t'b\\t''c'\\n", { separator = "\\t", quote = "'" }))
      assert(tabs[1][2] == "b\\t'c")
      assert(csv.decode('"a",b', { quote = "" })[1][1] == '"a"')
      return csv.decode("\\xff,x")[1][1] == "\\xff"
      """)
    #expect(outcome.result == true)
  }

  @Test(
    "damage is nil and names the line",
    arguments: [
      (
        "a,b\n1,2\n1,2,3\n", "",
        "line 3: 3 fields where the first row has 2 ({ ragged = true } takes it as it is)"
      ),
      (
        "a,b\n\n1\n", "header = true",
        "line 3: 1 field where the header has 2 ({ ragged = true } takes it as it is)"
      ),
      ("a,b\n1,2,3\n", "header = true, ragged = true", "line 2: 3 fields where the header has 2"),
      ("a,a\n1,2", "header = true", "line 1: the header has the name \"a\" twice"),
      ("x\n\"a\nb\n", "", "line 2: a quote is opened and never closed"),
      (
        "x\n\"a\nb\"c\n", "",
        "line 3: after a closing quote stands a separator or the end of the line, not \"c\""
      ),
    ])
  func damaged(text: String, options: String, message: String) async throws {
    let outcome = await main("return csv.decode(\(literal(text)), { \(options) })")
    #expect(outcome.result == .string("failed: not CSV: " + message))
    try folder.write(text, to: "x.csv")
    let lines = await main("for row in assert(csv.rows('x.csv', { \(options) })) do end")
    let result = lines.result.asString ?? ""
    #expect(result.hasSuffix("x.csv is not CSV: " + message), "\(result)")
  }

  @Test("UTF-16 is refused by its name")
  func utf16() async {
    #expect(
      await main("return csv.decode('\\xff\\xfea\\0')").result
        == "failed: not CSV: line 1: the text is UTF-16; save it as UTF-8")
  }

  @Test(
    "encodes",
    arguments: [
      ("{ { 'a', 1, 2.5, true } }", "a,1,2.5,true\n"), ("{}", ""),
      ("{ { 'a,b', 'c\"d', 'e\\nf', '' } }", "\"a,b\",\"c\"\"d\",\"e\nf\",\n"),
      ("{ { '' } }", "\"\"\n"), ("{ { b = 1, a = 2 }, { c = 3 } }", "a,b,c\n2,1,\n,,3\n"),
      ("{ { b = 1, a = 2 } }, { header = { 'b', 'a' } }", "b,a\n1,2\n"),
      ("{ { b = 1, a = 2 } }, { header = false }", "2,1\n"),
      ("{ { 1, 2 } }, { header = { 'x', 'y' } }", "x,y\n1,2\n"),
      ("{ { 'a', json.null, 'b' } }, { separator = ';' }", "a;;b\n"),
      ("{ { 1 } }, { line_end = '\\r\\n' }", "1\r\n"),
      ("{ { 'it\\'s', 'x,y' } }, { quote = '\\'' }", "'it''s','x,y'\n"), ("{}, { header = { 'a' } }", "a\n"),
    ])
  func encodes(call: String, text: String) async {
    #expect(await main("return csv.encode(\(call))").result == .string(text))
  }

  @Test(
    "misuse raises with the line that made it",
    arguments: [
      ("decode()", "csv.decode: text must be a string, not nil"),
      ("decode('', { headers = true })", "csv.decode: unknown option `headers`: did you mean `header`?"),
      (
        "decode('', { separator = ',,' })", "csv.decode: separator must be one character, as \",\" or \"\\t\""
      ),
      ("decode('', { separator = '\"' })", "csv.decode: separator and quote must differ"),
      ("decode('', { header = 'name' })", "csv.decode: header must be true or a list of names, not \"name\""),
      ("decode('', { header = { 'a', 'a' } })", "csv.decode: header has the name \"a\" twice"),
      ("encode('x')", "csv.encode: rows must be a list, not \"x\""),
      ("encode({ 'x' })", "csv.encode: row 1 must be a list or a record, not \"x\""),
      (
        "encode({ { {} } })",
        "csv.encode: row 1, field 1: a field is a string, a number or a boolean, not a table"
      ),
      (
        "encode({ { a = 1 } }, { header = { 'b' } })",
        "csv.encode: row 1 has a field \"a\" that the header does not name"
      ),
      (
        "encode({ { 'a,b' } }, { quote = '' })",
        "csv.encode: row 1 has a field with a separator or a line's end in it, and there is no quote"
      ),
      ("encode({}, { line_end = 'x' })", "csv.encode: line_end must be one of \"\n\", \"\r\n\", not \"x\""),
      ("rows()", "csv.rows: path must be a string, not nil"),
    ])
  func misuse(call: String, message: String) async {
    #expect(await main("csv.\(call)").result == .string("failed: jobs/test.lua:3: " + message))
  }

  @Test("what is encoded is decoded, whatever is in it")
  func roundTrip() async throws {
    let outcome = await main(
      """
      math.randomseed(7)
      local pieces = { "a", ",", '"', "\\n", "\\r", "\\r\\n", " ", "", "é", "\\xff", ";", "'", "\\0" }
      local function field()
        local parts = {}
        for i = 1, math.random(0, 6) do parts[i] = pieces[math.random(#pieces)] end
        return table.concat(parts)
      end
      for round = 1, 300 do
        local width, rows = math.random(1, 4), {}
        for i = 1, math.random(0, 8) do
          rows[i] = {}
          for j = 1, width do rows[i][j] = field() end
        end
        local options = round % 2 == 0 and { separator = ";", quote = "'", line_end = "\\r\\n" } or nil
        local text = csv.encode(rows, options)
        local back = options and assert(csv.decode(text, { separator = ";", quote = "'" })) or assert(csv.decode(text))
        assert(#back == #rows, text)
        fs.write("x.csv", text)
        local index = 0
        for row in csv.rows("x.csv", options and { separator = ";", quote = "'" }) do
          index = index + 1
          for j = 1, width do assert(row[j] == rows[index][j] and back[index][j] == row[j], text) end
        end
        assert(index == #rows)
      end
      """)
    #expect(outcome.end == .succeeded(result: .null))
  }

  @Test("rows of a large file come one by one with their lines, also rows longer than a piece")
  func streaming() async throws {
    let long = String(repeating: "long\n", count: 60_000)
    let rows = (1...20_000).map { "\($0),\"line \($0)\"\r\n" }.joined()
    try folder.write("\u{FEFF}id,text\r\n" + rows + "20001,\"\(long)\"\r\n20002,end", to: "big.csv")
    let outcome = await main(
      """
      local count, last_line, long = 0, 0, 0
      for row, line in assert(csv.rows("big.csv", { header = true })) do
        count, last_line = count + 1, line
        assert(tonumber(row.id) == count)
        long = math.max(long, #row.text)
      end
      assert(not csv.rows("none.csv"))
      return { count, last_line, long }
      """)
    #expect(outcome.result == .table(DataTable(items: [20_002, 80_003, 300_000])), "\(outcome.result)")
  }
}
