import JobWriting
import Testing

@Suite("LuaText") struct LuaTextTests {
  @Test(
    "writes strings as a person would, and so that Lua reads them back",
    arguments: [
      ("plain", #""plain""#),
      ("it's", #""it's""#),
      (#"C:\tools\run.exe"#, #"[[C:\tools\run.exe]]"#),
      (#"say "hello""#, #"[[say "hello"]]"#),
      // A bracket at the end would close the string too early.
      (#"[a-z"]"#, #"[=[[a-z"]]=]"#),
      ("one\ntwo", "[[\none\ntwo]]"),
      // Long brackets turn every line break into "\n".
      ("one\r\ntwo", #""one\r\ntwo""#),
      ("bell\u{7}1", #""bell\0071""#),
      ("a\u{202E}b\\", #""a\u{202e}b\\""#),
      ("Größe", #""Größe""#),
      ("", #""""#),
    ])
  func strings(text: String, written: String) {
    #expect(LuaText.quoted(text) == written)
  }

  @Test("puts a table into one line where it fits, and else a line for each field")
  func tables() {
    let short: LuaTable = ["from": "02:00", "to": "04:00"]
    #expect(LuaText.of(.table(short)) == #"{ from = "02:00", to = "04:00" }"#)
    #expect(LuaText.of(.table(short), column: 80) == "{\n  from = \"02:00\",\n  to = \"04:00\",\n}")
    #expect(LuaText.of([:]) == "{}")
    #expect(LuaText.of(.oneOrMore(["mon", "thu"])) == #"{ "mon", "thu" }"#)
    #expect(LuaText.of(.oneOrMore(["mon"])) == #""mon""#)
    var table = LuaTable()
    table.add("every", "1h", comment: "was hourly,\nroughly")
    table.add("retry", ["count": 2, "interval": "1m"])
    #expect(
      LuaText.of(.table(table)) == """
        {
          every = "1h",  -- was hourly, roughly
          retry = { count = 2, interval = "1m" },
        }
        """)
  }

  @Test("brackets keys that are no names")
  func keys() {
    let table: LuaTable = ["end": 1, "a-b": 2, "1x": 3, "_ok1": true, #"a"b"#: .code("x .. y")]
    #expect(
      LuaText.of(.table(table))
        == #"{ ["end"] = 1, ["a-b"] = 2, ["1x"] = 3, _ok1 = true, [ [[a"b]] ] = x .. y }"#)
  }

  @Test("breaks comments at spaces, and lets nothing end them")
  func comments() {
    #expect(LuaText.comment("one\r\ntwo\n") == ["-- one", "-- two", "--"])
    #expect(LuaText.comment("a\u{2028}os.exit()") == ["-- a", "-- os.exit()"])
    let long = LuaText.comment(Array(repeating: "word", count: 30).joined(separator: " "), hanging: 2)
    #expect(long.count == 2)
    #expect(long.allSatisfy { $0.count <= 100 })
    #expect(long[1].hasPrefix("--   word"))
  }
}

@Suite("JobText") struct JobTextTests {
  @Test("puts the parts together as a person would")
  func whole() {
    let job = JobText(
      title: ["Nightly backup."],
      notes: [ImportNote(place: "a.xml:3", subject: "WakeToRun", reason: "a server does not sleep")],
      modules: ["process", "job"], schedule: ["daily": ["at": "02:00"], "time_limit": "5m"],
      code: ["function main() return \"done\" end"])
    #expect(
      job.text == """
        -- Nightly backup.
        --
        -- Not carried over as it was:
        --   WakeToRun: a server does not sleep

        local job = require "almanac.job"
        local process = require "almanac.process"

        schedule = {
          daily = { at = "02:00" },
          time_limit = "5m",
        }

        function main() return "done" end

        """)
  }

  @Test("leaves out what there is not")
  func bare() {
    let job = JobText(title: [], schedule: ["every": "1h"], code: ["function main() end"])
    #expect(job.text == "schedule = { every = \"1h\" }\n\nfunction main() end\n")
    #expect(JobText(title: [], schedule: nil, code: ["function main() end"]).text == "function main() end\n")
  }
}

@Suite("JobName") struct JobNameTests {
  @Test(
    "makes names of what others call their jobs",
    arguments: [
      ("Backup", "Backup"), ("My daily task", "My_daily_task"), ("a.b-c_d", "a.b-c_d"),
      ("  -- odd --  ", "odd"), ("_hidden", "hidden"), (".dot", "dot"), ("main", "main_job"),
      ("///", "job"), ("Täglich", "Täglich"), ("x\ny", "x_y"), ("{8A4F-11}", "8A4F-11"),
    ])
  func parts(text: String, name: String) {
    #expect(JobName.part(text) == name)
  }

  @Test("cuts names that no file could have")
  func long() {
    #expect(JobName.part(String(repeating: "ä", count: 400)).utf8.count == 200)
  }

  @Test("tells jobs of one name apart")
  func distinct() {
    let jobs = ["a", "A", "b", "a_2"].map { ImportedJob(name: $0, text: "", notes: []) }
    #expect(Imported(jobs: jobs).distinct.jobs.map(\.name) == ["a", "A_2", "b", "a_2_2"])
  }
}
