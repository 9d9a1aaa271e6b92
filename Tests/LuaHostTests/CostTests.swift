import Glibc
import LuaHost
import Testing
import Values

/// Prints what Lua code costs in the host, compared with the `lua5.4` of the system. The figures mean
/// something in a release build with nothing else running:
/// `ALMANAC_MEASURE=1 swift test -c release -Xswiftc -enable-testing --filter CostTests`
@Suite(
  "The cost of Lua in the host", .serialized, .enabled(if: getenv("ALMANAC_MEASURE") != nil),
  .timeLimit(.minutes(10))) struct CostTests
{
  static let loops = [
    ("a tight loop", "local x = 0 for i = 1, 3e7 do x = x + i % 7 end"),
    ("calls", "local function f(a, b) return a + b end local x = 0 for i = 1, 1e7 do x = f(x, i) end"),
    (
      "table code",
      "local t = {} for i = 1, 3e6 do t[i % 1000 + 1] = { i } end for _ = 1, 200 do table.sort(t, function(a, b) return a[1] < b[1] end) end"
    ),
    (
      "table.insert and concat",
      "for _ = 1, 30 do local t = {} for i = 1, 1e5 do table.insert(t, 'x') end table.concat(t) end"
    ),
    (
      "string code",
      "for i = 1, 3e5 do local s = ('%d-%s'):format(i, 'x') s = s:upper():rep(3) s:gsub('%d', 'n') end"
    ),
    (
      "coroutines",
      "local f = coroutine.wrap(function() while true do coroutine.yield() end end) for _ = 1, 3e6 do f() end"
    ),
    ("pcall", "for _ = 1, 5e6 do pcall(math.abs, 1) end"),
  ]

  @Test("is close to that outside", arguments: loops.map(\.0)) func ratio(name: String) async throws {
    let loop = try #require(Self.loops.first { $0.0 == name }?.1)
    guard access("/usr/bin/lua5.4", X_OK) == 0 else { return }
    let timed = "local begin = os.clock() \(loop) return os.clock() - begin"
    let harness = Harness()
    var ratios: [Double] = []
    for _ in 0..<3 {
      let stock = try #require(run("/usr/bin/lua5.4 -e \"print((function() \(timed) end)())\""))
      let own = try #require(try await harness.run(body: timed, timeLimit: .seconds(60)).end.result?.asDouble)
      ratios.append(own / stock)
    }
    print(
      "\(name): \(ratios.sorted().map { "\((($0 - 1) * 100).rounded())%" }.joined(separator: ", ")) over lua5.4"
    )
  }

  private func run(_ command: String) -> Double? {
    guard let pipe = popen(command, "r") else { return nil }
    defer { pclose(pipe) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), pipe) != nil else { return nil }
    return strtod(line, nil)
  }
}
