import LuaHost
import Testing
import Values

/// What stands between the text of a chunk and Lua's compiler.
@Suite("The text of a chunk", .timeLimit(.minutes(1))) struct SourceTests {
  let harness = Harness()

  @Test(
    "may hold anything that is no long chain of indices",
    arguments: [
      // Chains within the limit, and many of them.
      "'return a' .. ('.b'):rep(199)", "('a.b.c = 1 '):rep(1000)", "('f(a.b)(c.d) '):rep(1000)",
      "'return a' .. ('[a.b.c]'):rep(199)", "('a.b() '):rep(1000)", "('a.b\"x\" '):rep(1000)",
      // Dots and brackets that are something else.
      "'return ' .. ('1.5 .. '):rep(150) .. '.5'", "'return {' .. ('1.5, .5, 0x.8p1, '):rep(1000) .. '}'",
      "'return function(...) return {' .. ('..., '):rep(1000) .. '} end'",
      "'return {' .. ('[1] = 2, '):rep(1000) .. '}'", "'return {' .. ('{'):rep(150) .. ('}'):rep(150) .. '}'",
      // Text and comments.
      "'return \"' .. ('a.b.c '):rep(1000) .. '\"'", "'return [[' .. ('a.b.c\\n'):rep(1000) .. ']]'",
      "'return [==[' .. ('a.b]]]=]'):rep(1000) .. ']==]'", "'--' .. ('a.b'):rep(1000)",
      "'--[' .. ('a.b'):rep(1000) .. '\\nreturn 1'", "'--[=[' .. ('a.b\\n'):rep(1000) .. ']=] return 1'",
      "'return \\'' .. ('\\\\\\'a.b'):rep(1000) .. '\\''",
    ]) func loads(text: String) async throws
  {
    #expect(try await harness.run(body: "assert(load(\(text)))").end == .succeeded(result: .null))
  }

  @Test(
    "is refused when it holds a chain that Lua could not name",
    arguments: [
      "'return a' .. ('.b'):rep(201)", "'return a' .. ('[b]'):rep(201)", "'return a' .. ('[b + 1]'):rep(201)",
      "'return (a)' .. ('.b'):rep(201)", "'return a' .. ('[\"b\"]'):rep(201)",
      "'return a' .. ('--[[ = ]] . b'):rep(201)", "'x = \"\\\\\"\" return a' .. ('.b'):rep(201)",
      "'return a' .. ('[ [[b]] ]'):rep(201)", "'return \"--\", a' .. ('.b'):rep(201)",
    ]) func refuses(text: String) async throws
  {
    let end = try await harness.run(body: "local f, e = load(\(text)) assert(not f) return e")
    let message = try #require(end.end.result?.asString)
    #expect(
      message == "[string]:1: a chain of more than 200 indices (a.b.c): keep a part of it in a local variable"
    )
  }

  @Test("is refused with the line of the file") func line() async throws {
    await #expect {
      try await harness.load("\n\nreturn a" + String(repeating: ".b", count: 300))
    } throws: { error in
      (error as? ScriptError)?.line == 3 && (error as? ScriptError)?.file == "jobs/test.lua"
    }
  }

  @Test(
    "may begin with a byte order mark and a line for the shell, in the job's file and its modules",
    arguments: ["", "\u{FEFF}", "#!/usr/bin/env lua", "\u{FEFF}#!/usr/bin/env lua"])
  func beginning(text: String) async throws {
    let file = "\(text)\nfunction main() return require('part') + debug.getinfo(1, 'l').currentline end"
    let id = try await harness.load(
      file, modules: ["part": "\(text)\nreturn debug.getinfo(1, 'l').currentline"])
    #expect(await harness.run(id).end == .succeeded(result: 4))
  }
}
