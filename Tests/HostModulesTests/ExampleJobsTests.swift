import Glibc
import LuaHost
import TestSupport
import Testing
import Values

@testable import HostModules

/// The jobs that come with the project, run as they are against real servers and files.
@Suite("Example jobs") struct ExampleJobsTests {
  private let folder = TemporaryFolder()

  private func run(
    _ main: String, modules: [String: String] = [:], _ environment: [String: String] = [:]
  ) async throws -> ScriptHost.Outcome {
    let root = "\(#filePath)".split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/jobs/"
    func text(_ name: String) throws -> String {
      let path = try JobPath(Array((root + name).utf8), in: "/", of: "test")
      return String(decoding: try FileSystem.read(path, limit: 1 << 20), as: UTF8.self)
    }
    return await ScriptHost.run(
      try text(main), in: folder, environment: environment, modules: try modules.mapValues(text))
  }

  private func runBackup(_ environment: [String: String]) async throws -> ScriptHost.Outcome {
    try await run(
      "SpotifyBackup/main.lua", modules: ["playlists": "SpotifyBackup/playlists.lua"], environment)
  }

  @Test(
    "a job that lacks a setting skips and names it",
    arguments: [
      ("speed_test.lua", "set SPEED_TEST_URL to the address of a large file"),
      ("rotate_backups.lua", "set BACKUP_FOLDER to the folder that holds the backups"),
      ("page_watch.lua", "set WATCH_URL to the address of a page"),
    ])
  func unconfigured(file: String, reason: String) async throws {
    #expect(try await run(file).end == .skipped(reason))
    #expect(try await runBackup([:]).end == .skipped("set SPOTIFY_TOKEN to an access token of your account"))
    #expect(try folder.names() == [])
  }

  @Test("SpotifyBackup writes each playlist, page by page, and an overview")
  func spotifyBackup() async throws {
    let service = PlaylistService(token: "secret")
    defer { service.server.stop() }
    let outcome = try await runBackup(["PLAYLIST_API": service.server.url, "SPOTIFY_TOKEN": "secret"])
    #expect(outcome.result == "backed up 3 playlists, 250 tracks")
    #expect(
      try folder.names(in: "output") == [
        "AC_DC _live_ [p1].json", "Empty [p3].json", "_hidden [p2].json", "playlists.csv",
      ])
    let overview = [
      "name,tracks,file", #""AC/DC ""live""",230,"AC_DC _live_ [p1].json""#,
      #"".hidden",20,"_hidden [p2].json""#,
      #""Empty",0,"Empty [p3].json""#, "",
    ]
    #expect(try folder.read("output/playlists.csv") == overview.joined(separator: "\n"))
    let playlist = try DataValue(json: Array(try folder.read("output/AC_DC _live_ [p1].json").utf8))
    #expect(playlist["name"] == "AC/DC \"live\"")
    #expect(playlist["tracks"].asTable?.items.count == 230)
    #expect(playlist["tracks"].asTable?.items.last?["track"]["name"] == "track 230")
    let empty = try DataValue(json: Array(try folder.read("output/Empty [p3].json").utf8))
    #expect(empty["tracks"] == .list([]))
  }

  @Test("SpotifyBackup gives up on a bad token, and comes back when asked to slow down")
  func spotifyTrouble() async throws {
    let service = PlaylistService(token: "secret")
    defer { service.server.stop() }
    let refused = try await runBackup(["PLAYLIST_API": service.server.url, "SPOTIFY_TOKEN": "wrong"])
    #expect(refused.end == .fatal("the token was refused: SPOTIFY_TOKEN has run out, or lacks a scope"))
    let busy = LoopbackServer { _, connection in
      connection.answer("", status: "429 Too Many Requests", headers: ["Retry-After: 900"])
    }
    defer { busy.stop() }
    let later = try await runBackup(["PLAYLIST_API": busy.url, "SPOTIFY_TOKEN": "secret"])
    #expect(later.end == .retryAfter(seconds: 900, "asked to slow down"))
  }

  @Test("speed_test adds a line for each download and keeps nothing else")
  func speedTest() async throws {
    let server = LoopbackServer { _, connection in connection.answer([UInt8](repeating: 1, count: 2_000_000))
    }
    defer { server.stop() }
    for _ in 0..<2 {
      let outcome = try await run("speed_test.lua", ["SPEED_TEST_URL": server.url])
      #expect(outcome.result.asString?.contains("Mbit/s (2000000 bytes in") == true, "\(outcome.result)")
    }
    #expect(try folder.names(in: "output") == ["speed.csv"])
    let lines = try folder.read("output/speed.csv").split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.first == "time,bytes,seconds,mbit_per_s")
    #expect(lines.last?.split(separator: ",").dropFirst().first == "2000000")
  }

  @Test("disk_usage reports each disk and warns of a full one")
  func diskUsage() async throws {
    let calm = try await run("disk_usage.lua", ["MIN_FREE_PERCENT": "0"])
    #expect(calm.result == "1 disks, all with more than 0 % free")
    #expect(try folder.read("output/disk_usage.txt").contains("% free"))
    let full = try await run("disk_usage.lua", ["MIN_FREE_PERCENT": "101", "DISKS": "/ /tmp"])
    #expect(full.result == "nearly full: /, /tmp")
    #expect(full.log == ["warn nearly full", "warn nearly full"])
    #expect(try folder.read("output/disk_usage.csv").split(separator: "\n").count == 4)
    #expect(
      try await run("disk_usage.lua", ["DISKS": "/none"]).result
        == "failed: cannot look at /none: no such file or directory")
  }

  @Test("rotate_backups keeps the newest and touches nothing but what matches")
  func rotateBackups() async throws {
    for day in 1...9 {
      try folder.write("backup", to: "backups/b\(day).tar.gz")
      var times = [
        timeval(tv_sec: 1_700_000_000 + day, tv_usec: 0), timeval(tv_sec: 1_700_000_000 + day, tv_usec: 0),
      ]
      #expect(utimes(folder.at("backups/b\(day).tar.gz"), &times) == 0)
    }
    try folder.write("keep", to: "backups/notes.txt")
    try folder.write("keep", to: "backups/old.tar.gz/inside")
    let settings = ["BACKUP_FOLDER": folder.at("backups"), "BACKUPS_TO_KEEP": "3"]
    #expect(try await run("rotate_backups.lua", settings).result == "kept 3, removed 6, freed 0.0 MB")
    #expect(
      try folder.names(in: "backups") == ["b7.tar.gz", "b8.tar.gz", "b9.tar.gz", "notes.txt", "old.tar.gz"])
    #expect(try await run("rotate_backups.lua", settings).result == "kept 3, removed 0, freed 0.0 MB")
    for count in ["0", "many", "-1", "1.5"] {
      let outcome = try await run("rotate_backups.lua", settings.merging(["BACKUPS_TO_KEEP": count]) { $1 })
      #expect(outcome.end == .fatal("BACKUPS_TO_KEEP must be a whole number from 1 on"))
    }
    let missing = try await run("rotate_backups.lua", ["BACKUP_FOLDER": folder.at("none")])
    #expect(missing.end == .fatal("there is no folder \(folder.at("none"))"))
  }

  @Test("page_watch tells the first look, no change, and a change, and keeps what was before")
  func pageWatch() async throws {
    let count = Counter()
    let server = LoopbackServer { request, connection in
      if request.target == "/gone" { return connection.answer("", status: "404 Not Found") }
      connection.answer(count.next() < 3 ? "a\nb\nc\n" : "a\nB\nc\nd\n")
    }
    defer { server.stop() }
    let settings = ["WATCH_URL": server.url]
    #expect(try await run("page_watch.lua", settings).result == "first look: 6 bytes")
    #expect(try await run("page_watch.lua", settings).result == "no change")
    let changed = try await run("page_watch.lua", settings)
    #expect(changed.result == "changed: 2 lines added, 1 removed")
    #expect(changed.log == ["warn changed: 2 lines added, 1 removed"])
    let names = try folder.names(in: "output")
    #expect(names.count == 2 && names.first == "seen.html" && names.last?.hasPrefix("until-") == true)
    #expect(try folder.read("output/\(names.last ?? "")") == "a\nb\nc\n")
    let part = try await run("page_watch.lua", settings.merging(["WATCH_PATTERN": "<h1>(.-)</h1>"]) { $1 })
    #expect(part.result == "failed: WATCH_PATTERN is not on the page")
    let gone = try await run("page_watch.lua", ["WATCH_URL": server.url + "/gone"])
    #expect(gone.result == "failed: the server answered 404")
  }
}
