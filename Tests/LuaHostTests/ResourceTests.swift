import Glibc
import LuaHost
import Synchronization
import Testing
import Values

@Suite("What a module keeps for a state", .serialized, .timeLimit(.minutes(10))) struct ResourceTests {
  /// A resource that writes down what it is told, and settles when the test says so.
  final class Notes: StateResource {
    struct Contents {
      var settled: [Ending] = []
      var released: [Int64] = []
      var closed = 0
      var dones: [@Sendable () -> Void] = []
    }

    /// The one that was made last: each test has one state, and they take turns.
    static let latest = Mutex<Notes?>(nil)

    let contents = Mutex(Contents())
    let settlesAtOnce = Atomic(true)

    init() { Self.latest.withLock { $0 = self } }

    func settle(_ ending: Ending, done: @escaping @Sendable () -> Void) {
      ending.log(.info, "settling")
      let isNow = settlesAtOnce.load(ordering: .relaxed)
      contents.withLock {
        $0.settled.append(ending)
        if !isNow { $0.dones.append(done) }
      }
      if isNow { done() }
    }

    func released(_ handle: Int64) { contents.withLock { $0.released.append(handle) } }

    func close() { contents.withLock { $0.closed += 1 } }
  }

  private static let source = """
    local host, offered = ...
    local meta = { __index = {}, __metatable = "handle" }
    return {
      wait = host.wait,
      touch = host.touch,
      defer = host.defer,
      handle = function(id) return offered.handle(id, { id = id }, meta) end,
      data = offered.handle_data,
      collect = offered.collect,
    }
    """

  init() { Notes.latest.withLock { $0 = nil } }

  private let harness = Harness(modules: [
    HostModule(
      name: "almanac.notes",
      functions: [
        HostFunction(name: "touch", isOutside: false) { call in
          _ = call.resource(Notes.self)
          return .values([])
        },
        HostFunction(name: "defer", isOutside: false) { call in
          call.resource(Notes.self).settlesAtOnce.store(false, ordering: .relaxed)
          return .values([])
        },
        HostFunction(name: "wait", isOutside: false) { _ in .waiting },
      ], luaSource: Array(Self.source.utf8))
  ])

  private func load(_ body: String) async throws -> StateID {
    try await harness.load("local notes = require 'almanac.notes'; function main()\n\(body)\nend")
  }

  private func notes() throws -> Notes { try #require(Notes.latest.withLock { $0 }) }

  private func eventually(_ condition: () throws -> Bool) async throws {
    while try !condition() { try await Task.sleep(for: .milliseconds(5)) }
  }

  @Test("lives as long as the state, is told of the end of each run, and closed with the state")
  func life() async throws {
    let state = try await load("notes.touch() return 'x'")
    for count in 1...2 {
      let end = await harness.run(state)
      #expect(end.end == .succeeded(result: "x"))
      #expect(end.log.map(\.message) == ["settling"])
      #expect(try notes().contents.withLock { $0.settled.count } == count)
    }
    #expect(try notes().contents.withLock { $0.settled.allSatisfy { !$0.wasStopped } })
    #expect(try notes().contents.withLock { $0.closed } == 0)
    harness.host.close(state)
    try await eventually { try notes().contents.withLock { $0.closed } == 1 }
  }

  @Test("holds up the end of the run until it has settled, whatever stops the run meanwhile")
  func holdsUp() async throws {
    let state = try await load("notes.defer() return 'done'")
    let key = harness.start(state, timeLimit: .milliseconds(100))
    try await eventually {
      try Notes.latest.withLock { $0 } != nil && !notes().contents.withLock { $0.dones.isEmpty }
    }
    harness.host.stop(key, reason: .cancelled("too late"))
    // Longer than the run's limit and grace.
    try await Task.sleep(for: .milliseconds(600))
    for done in try notes().contents.withLock(\.dones) { done() }
    let end = await harness.end(of: key)
    #expect(end.end == .succeeded(result: "done"))
    #expect(!end.stateLost)
    #expect(end.duration > .milliseconds(500))
  }

  @Test("has until shortly before the end of the grace when the run was stopped") func deadline() async throws
  {
    let state = try await load("notes.touch() notes.wait()")
    let begun = ContinuousClock.now
    let end = await harness.run(state, timeLimit: .milliseconds(50), grace: .seconds(100))
    #expect(end.end == .timedOut)
    #expect(end.stateLost)
    let ending = try #require(try notes().contents.withLock { $0.settled.first })
    #expect(ending.wasStopped)
    let left = Duration.nanoseconds(ending.deadline - Self.monotonicNow())
    #expect(left < .seconds(90.1) - (.now - begun) + .seconds(1))
    #expect(left > .seconds(30))
    try await eventually { try notes().contents.withLock { $0.closed } == 1 }
  }

  @Test("is told which handles nobody can use any more, each once") func handles() async throws {
    let state = try await load(
      """
      notes.touch()
      K = notes.handle(1)
      assert(type(K) == "userdata" and notes.data(K).id == 1 and getmetatable(K) == "handle")
      for id = 2, 4 do notes.handle(id) end
      for _, v in ipairs { 1, "x", {}, print } do assert(notes.data(v) == nil) end
      notes.collect()
      """)
    #expect(await harness.run(state).end == .succeeded(result: .null))
    #expect(try notes().contents.withLock { $0.released.sorted() } == [2, 3, 4])
    harness.host.close(state)
    try await eventually { try notes().contents.withLock { $0.released.count } == 4 }
  }

  @Test("io goes on in a dry run, in which the host's functions that would change something give true")
  func dryFiles() async throws {
    let names = [
      "open", "create", "tmpfile", "popen", "log", "read", "write", "flush", "seek", "setvbuf", "close",
      "execute",
      "remove", "rename", "tmpname",
    ]
    let functions = names.map { name in
      HostFunction(name: name, isOutside: true, needs: HostFunction.needsNothing) { _ in .values([true]) }
    }
    let harness = Harness(modules: [
      HostModule(
        name: "almanac.io", functions: functions, luaSource: EmbeddedSource.bytes("almanac/io.lua"))
    ])
    let end = try await harness.run(
      body: """
        local f = assert(io.open("a", "w"))
        assert(f:write("x") == f and f:seek("end") == 0 and f:flush() and f:read("a") == "" and f:read() == nil)
        assert(f:close() == true and io.type(f) == "closed file")
        assert(io.popen("ls"):read("a") == "" and io.popen("cat", "w"):write("x"):close())
        local ok, how, code = os.execute("false")
        assert(ok == true and how == "exit" and code == 0)
        assert(os.remove("a") and os.rename("a", "b") and type(os.tmpname()) == "string")
        io.output("b")
        io.write("x")
        return "done"
        """)
    #expect(end.end == .succeeded(result: "done"))
  }

  private static func monotonicNow() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
