import Testing

@testable import TaskScheduling

@Suite("CommandLine") struct CommandLineTests {
  @Test(
    "takes a command line apart as that system's programs do",
    arguments: [
      ("", []), ("  one  two ", ["one", "two"]), ("\"a b\" c", ["a b", "c"]), ("a\"b c\"d", ["ab cd"]),
      (#"C:\dir\ "C:\a b\\" x"#, [#"C:\dir\"#, #"C:\a b\"#, "x"]), (#"say \"hi\""#, ["say", "\"hi\""]),
      (#"\\server\share"#, [#"\\server\share"#]), (#""a\\\"b""#, [#"a\"b"#]), ("\"\" x", ["", "x"]),
      ("\"a\"\"b\"", ["a\"b"]), ("\"never closed", ["never closed"]),
      ("-c \"echo 'a b'\"", ["-c", "echo 'a b'"]),
      // Quotes of Linux, around a whole word only.
      ("-c 'echo \"a b\"' x", ["-c", "echo \"a b\"", "x"]), ("it's 'so", ["it's", "'so"]), ("''", [""]),
    ])
  func words(text: String, words: [String]) {
    #expect(CommandLine.words(text) == words)
  }
}
