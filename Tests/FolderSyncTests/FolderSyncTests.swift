import FolderSync
import Foundation
import Testing

@Suite("FolderSync") struct FolderSyncTests {
  /// A folder that goes with the test.
  private final class Folder {
    let path = NSTemporaryDirectory() + "folder-sync-" + UUID().uuidString
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var sync: FolderSync { FolderSync(folder: path) }

    func read(_ name: String) -> String? { try? String(contentsOfFile: path + "/" + name, encoding: .utf8) }

    func write(_ name: String, _ text: String) throws {
      let full = path + "/" + name
      try FileManager.default.createDirectory(
        atPath: (full as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try text.write(toFile: full, atomically: false, encoding: .utf8)
    }

    /// The visible files, with what they hold.
    var files: [String: String] {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      return Dictionary(
        uniqueKeysWithValues: names.filter { !$0.hasPrefix(".") }.map { ($0, read($0) ?? "a folder") })
    }
  }

  @Test("creates, updates and deletes, and shows the plan before") func changes() throws {
    let folder = Folder()
    try folder.sync.change(["a.lua": "1", "b.lua": "1"])
    #expect(folder.files == ["a.lua": "1", "b.lua": "1"])
    var shown: FolderPlan?
    let plan = try folder.sync.change(["a.lua": "2", "c.lua": "1"]) {
      shown = $0
      return true
    }
    #expect(shown == plan)
    #expect(plan.changes.map(\.kind) == [.update, .delete, .create])
    #expect(plan.changes.map(\.file) == ["a.lua", "b.lua", "c.lua"])
    #expect(folder.files == ["a.lua": "2", "c.lua": "1"])
    #expect(try folder.sync.change(["a.lua": "2", "c.lua": "1"]).changes.isEmpty)
    // One by one.
    try folder.sync.change(["d.lua": "1"], unwanted: [])
    try folder.sync.change([:], unwanted: ["a.lua"])
    #expect(folder.files == ["c.lua": "1", "d.lua": "1"])
    #expect(FolderSync.state(of: folder.path) == .settled)
  }

  @Test("changes nothing on disk where the plan is not approved of") func refused() throws {
    let folder = Folder()
    try folder.sync.change(["a.lua": "1"]) { _ in false }
    #expect(!FileManager.default.fileExists(atPath: folder.path))
  }

  @Test("leaves alone what others have made, and what was edited, unless forced") func others() throws {
    let folder = Folder()
    try folder.write("mine.lua", "mine")
    try folder.sync.change(["a.lua": "1"])
    #expect(folder.files == ["a.lua": "1", "mine.lua": "mine"])
    #expect(throws: FolderSyncError.self) { try folder.sync.change(["mine.lua": "theirs", "b.lua": "1"]) }
    try folder.write("a.lua", "edited")
    let error = #expect(throws: FolderSyncError.self) { try folder.sync.change(["b.lua": "1"]) }
    #expect(error?.description.contains("a.lua has been edited since it was made") == true)
    #expect(folder.files == ["a.lua": "edited", "mine.lua": "mine"])
    try folder.sync.change(["a.lua": "2", "mine.lua": "theirs"], force: true)
    #expect(folder.files == ["a.lua": "2", "mine.lua": "theirs"])
    // What holds already what it should is adopted.
    try folder.write("b.lua", "1")
    try folder.sync.change(["b.lua": "1"], unwanted: [])
    try folder.sync.change([:])
    #expect(folder.files.isEmpty)
    // Removed by hand: made again.
    try folder.sync.change(["c.lua": "1"])
    try FileManager.default.removeItem(atPath: folder.path + "/c.lua")
    #expect(try folder.sync.change(["c.lua": "1"]).changes.map(\.kind) == [.create])
  }

  @Test("a folder job of the same name is in the way, forced or not") func clash() throws {
    let folder = Folder()
    try folder.write("a/main.lua", "")
    #expect(throws: FolderSyncError.self) { try folder.sync.change(["a.lua": "1"], force: true) }
  }

  /// The folder as one leaves it that is killed after so many renames.
  private func interrupt(_ folder: Folder, after steps: Int, committed: Bool = false) throws {
    try folder.sync.change(["a.lua": "old a", "b.lua": "old b", "c.lua": "old c"])
    let hidden = ".almanac-sync/"
    for name in ["a", "b"] { try folder.write(hidden + "old/\(name).lua", "old \(name)") }
    try folder.write(hidden + "new/a.lua", "new a")
    try folder.write(hidden + "new/d.lua", "new d")
    try folder.write(
      hidden + "journal.json", #"{"transaction": "42", "created": ["d.lua"], "kept": ["a.lua", "b.lua"]}"#)
    let move = { (name: String) in
      _ = rename(folder.path + "/" + hidden + "new/" + name, folder.path + "/" + name)
    }
    if steps > 0 { move("a.lua") }
    if steps > 1 { try FileManager.default.removeItem(atPath: folder.path + "/b.lua") }
    if steps > 2 { move("d.lua") }
    if committed {
      try folder.write(hidden + "manifest.json", #"{"transaction": "42", "files": {}}"#)
    }
  }

  @Test("a change that was cut off is undone, wherever it was", arguments: 0...3) func undone(steps: Int)
    throws
  {
    let folder = Folder()
    try interrupt(folder, after: steps)
    #expect(FolderSync.state(of: folder.path) == .interrupted)
    let result = FolderSync.recover(below: folder.path)
    #expect(result.recovered == [folder.path])
    #expect(folder.files == ["a.lua": "old a", "b.lua": "old b", "c.lua": "old c"])
    #expect(FolderSync.state(of: folder.path) == .settled)
    #expect(FolderSync.recover(below: folder.path).recovered.isEmpty)
  }

  @Test("one that was committed stays, and the next call goes on from there") func committed() throws {
    let folder = Folder()
    try interrupt(folder, after: 3, committed: true)
    _ = FolderSync.recover(below: folder.path)
    #expect(folder.files == ["a.lua": "new a", "c.lua": "old c", "d.lua": "new d"])
    let other = Folder()
    try interrupt(other, after: 2)
    // The next change undoes it first.
    try other.sync.change(["a.lua": "newer"])
    #expect(other.files == ["a.lua": "newer"])
  }

  @Test("who finds a damaged journal or manifest leaves everything as it is") func damaged() throws {
    let folder = Folder()
    try interrupt(folder, after: 1)
    try folder.write(".almanac-sync/journal.json", #"{"transaction": "1", "created": ["../x"], "kept": []}"#)
    #expect(FolderSync.recover(below: folder.path).troubles.count == 1)
    #expect(folder.files["a.lua"] == "new a")
    let other = Folder()
    try other.write(".almanac-sync/manifest.json", "{")
    #expect(throws: FolderSyncError.self) { try other.sync.change(["a.lua": "1"]) }
  }
}
