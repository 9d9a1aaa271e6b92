import LuaHost
import Testing
import Values

@testable import HostModules

@Suite("almanac.crypto") struct CryptoModuleTests {
  private let folder = TemporaryFolder()

  private func main(_ body: String) async -> ScriptHost.Outcome {
    await ScriptHost.main("local crypto = require 'almanac.crypto'\n" + body, in: folder)
  }

  @Test(
    "digests are those of the system's own tools", arguments: ["md5", "sha1", "sha256", "sha384", "sha512"],
    [0, 1, 63, 64, 65, 1_000_000])
  func digests(name: String, size: Int) async throws {
    let text = String((0..<size).map { Character(Unicode.Scalar(UInt8($0 % 95 + 32))) })
    try folder.write(text, to: "data")
    let expected = folder.shell("\(name)sum data | cut -d' ' -f1").output.dropLast()
    let outcome = await main(
      """
      local data = fs.read("data")
      local digest = crypto.\(name)(data)
      assert(crypto.hex_encode(crypto.\(name)(data, { raw = true })) == digest)
      return digest
      """)
    #expect(outcome.result == .string(String(expected)))
    #expect(!outcome.calledOutside)
  }

  @Test(
    "HMACs are those of RFC 4231 and RFC 2202",
    arguments: [
      ("md5", "750c783e6ab0b503eaa86e310a5db738"), ("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
      ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
      (
        "sha384",
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"
      ),
      (
        "SHA512",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
      ),
    ])
  func authenticationCodes(name: String, code: String) async {
    let outcome = await main("return crypto.hmac('\(name)', 'Jefe', 'what do ya want for nothing?')")
    #expect(outcome.result == .string(code))
  }

  @Test("base64 and hexadecimal digits come back as they were, and are read as others write them")
  func text() async throws {
    let outcome = await main(
      """
      math.randomseed(42)
      for size = 0, 200 do
        local bytes = {}
        for i = 1, size do bytes[i] = string.char(math.random(0, 255)) end
        local data = table.concat(bytes)
        for _, options in ipairs { { url = false }, { url = true } } do
          local text = crypto.base64_encode(data, options)
          assert(crypto.base64_decode(text) == data)
          assert(not options.url or not text:find("[+/=]"))
        end
        assert(crypto.hex_decode(crypto.hex_encode(data)) == data)
        if size == 200 then fs.write("data", data) end
      end
      assert(crypto.base64_encode("\\xfb\\xff\\xfe") == "+//+")
      assert(crypto.base64_encode("\\xfb\\xff\\xfe", { url = true }) == "-__-")
      assert(crypto.base64_decode(" Z m 9\\nv\\tYg==\\r\\n") == "foob")
      assert(crypto.base64_decode("Zm9vYg") == "foob")
      assert(crypto.hex_decode("00FFff") == "\\0\\xff\\xff" and crypto.hex_encode("") == "")
      return crypto.base64_encode(fs.read("data"))
      """)
    #expect(outcome.result == .string(folder.shell("base64 -w0 data").output))
  }

  @Test(
    "a damaged text is nil and says where",
    arguments: [
      ("base64_decode('a')", "the base64 text is cut short"),
      ("base64_decode('Zm9v!')", "character 5 is not base64"),
      ("base64_decode('Zg=')", "the base64 text is cut short"),
      ("base64_decode('====')", "the base64 text is cut short"),
      ("base64_decode('Zg==Zg==')", "character 5 is not base64"),
      ("base64_decode('Zh==')", "the base64 text ends in bits that mean nothing"),
      ("hex_decode('abc')", "there is an odd number of hexadecimal digits"),
      ("hex_decode('0x12')", "character 2 is not a hexadecimal digit"),
    ])
  func damaged(call: String, message: String) async {
    #expect(await main("return crypto.\(call)").result == .string("failed: " + message))
  }

  @Test("random bytes and UUIDs are new each time and of the right form")
  func random() async {
    let outcome = await main(
      """
      local seen = {}
      for i = 1, 500 do
        local bytes, digits = crypto.random(16), crypto.random_hex(16)
        assert(#bytes == 16 and #digits == 32 and digits:match("^%x+$"))
        assert(not seen[bytes] and not seen[digits])
        seen[bytes], seen[digits] = true, true
        local id = crypto.uuid()
        assert(id:match("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"), id)
        assert(not seen[id])
        seen[id] = true
      end
      local before = os.time()
      local id = crypto.uuid(7)
      assert(id:match("^%x+%-%x+%-7%x%x%x%-[89ab]%x%x%x%-%x+$"), id)
      local milliseconds = tonumber((id:gsub("-", "")):sub(1, 12), 16)
      assert(milliseconds // 1000 >= before and milliseconds // 1000 <= os.time())
      return #crypto.random(1048576)
      """)
    #expect(outcome.result == 1_048_576)
  }

  @Test("equal tells whether two secrets are the same")
  func equal() async {
    let outcome = await main(
      """
      return crypto.equal("secret", "secret") and crypto.equal("", "") and not crypto.equal("secret", "secreT")
        and not crypto.equal("secret", "secret ") and not crypto.equal("", "x") and not crypto.equal("token", "taken")
      """)
    #expect(outcome.result == true)
  }

  @Test(
    "misuse raises with the line that made it",
    arguments: [
      ("sha256()", "crypto.sha256: data must be a string, not nil"),
      ("sha256({})", "crypto.sha256: data must be a string, not a table"),
      ("sha256('x', { row = true })", "crypto.sha256: unknown option `row`: did you mean `raw`?"),
      (
        "hmac('sha3', 'k', 'x')",
        "crypto.hmac: \"sha3\" is not a digest (there are: md5, sha1, sha256, sha384, sha512)"
      ),
      ("hmac('sha256', nil, 'x')", "crypto.hmac: key must be a string, not nil"),
      ("random(0)", "crypto.random: the number of bytes must be a whole number from 1 to 1048576, not 0"),
      ("random(1.5)", "crypto.random: the number of bytes must be a whole number from 1 to 1048576, not 1.5"),
      (
        "random_hex()",
        "crypto.random_hex: the number of bytes must be a whole number from 1 to 1048576, not nil"
      ),
      ("uuid(5)", "crypto.uuid: version must be 4 or 7, not 5"),
      ("equal('a')", "crypto.equal: b must be a string, not nil"),
    ])
  func misuse(call: String, message: String) async {
    #expect(await main("crypto.\(call)").result == .string("failed: jobs/test.lua:3: " + message))
  }
}
