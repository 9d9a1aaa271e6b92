import Testing

@testable import Jobs

@Suite("RocksFile") struct RocksFileTests {
  private func read(_ text: String) throws -> RocksFile {
    try RocksFile(path: "jobs/a/rocks.txt", bytes: Array(text.utf8), job: "a")
  }

  @Test("has a dependency a line, with its line; comments and blank lines are none")
  func lines() throws {
    let file = try read(
      "# for the report\n\npenlight >= 1.13  # lists\r\n  Lua-CJSON==2.1.0, ~= 2.1.0.6\nuser/inspect\nbasexx ~> 0.4\n"
    )
    #expect(file.rocks.map(\.line) == [3, 4, 5, 6])
    #expect(
      file.rocks.map(\.text) == [
        "penlight >= 1.13", "Lua-CJSON==2.1.0, ~= 2.1.0.6", "user/inspect", "basexx ~> 0.4",
      ])
    #expect(file.rocks.map(\.name) == ["penlight", "lua-cjson", "user/inspect", "basexx"])
    #expect(try read("# nothing\n").rocks.isEmpty)
  }

  @Test("has a digest that neither order nor comments change")
  func digest() throws {
    let digest = try read("a >= 1\nb\n").digest
    #expect(try read("# two\nb\n\na  >=  1").digest == digest)
    #expect(try read("a >= 2\nb").digest != digest)
    #expect(digest.count == 16)
  }

  @Test(
    "names what is wrong, and where",
    arguments: [
      (">= 1.13", "1: \">= 1.13\" is no rock; a name and versions are expected, as in: penlight >= 1.13"),
      (
        "ok\n\"; os.exit()",
        "2: \"\"; os.exit()\" is no rock; a name and versions are expected, as in: penlight >= 1.13"
      ),
      ("a/b/c", "1: \"a/b/c\" is no rock; a name and versions are expected, as in: penlight >= 1.13"),
      (
        "penlight >=",
        "1: \">=\" is no version of penlight; a name and versions are expected, as in: penlight >= 1.13"
      ),
      (
        "penlight 1.0 2.0",
        "1: \"1.0 2.0\" is no version of penlight; a name and versions are expected, as in: penlight >= 1.13"
      ),
      (
        "penlight >= 1, ",
        "1: \"\" is no version of penlight; a name and versions are expected, as in: penlight >= 1.13"
      ),
      ("a\nb\nA >= 2", "3: a stands in line 1 already; put all that it must be into one"),
    ])
  func errors(text: String, message: String) {
    let failure = #expect(throws: LoadFailure.self) { try read(text) }
    #expect(failure?.description == "jobs/a/rocks.txt:" + message)
  }
}
