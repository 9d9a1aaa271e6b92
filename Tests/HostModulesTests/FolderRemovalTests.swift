import Glibc
import LuaHost
import TestSupport
import Testing

@testable import HostModules

@Suite("FolderRemoval", .timeLimit(.minutes(10))) struct FolderRemovalTests {
  private let folder = TemporaryFolder()

  private func remove(_ name: String, _ cancellation: Cancellation = Cancellation()) throws {
    try FileSystem.remove(try folder.jobPath(name), recursive: true, cancellation)
  }

  @Test("takes away what is deeper than a path can say, and names that are no text")
  func deep() throws {
    let made = folder.shell(
      """
      mkdir a && cd a && touch -- "$(printf 'new\\nline')" "$(printf 'caf\\351')" -rf && mkdir "$(printf '\\377')" && touch "$(printf '\\377')/x"
      way=$(printf 'deeper/%.0s' $(seq 500)) && cd .. && mkdir -p "a/$way" "b/$way" && touch "b/${way}f" && mv b "a/$way"
      """)
    #expect(made.status == 0)
    try remove("a")
    #expect(try folder.names() == [])
    #expect(try folder.openDescriptors() == 0)
  }

  @Test("takes a link for itself, whatever it ends with, and what a path leads to by dots")
  func links() throws {
    #expect(
      folder.shell("mkdir -p keep/b a && touch keep/b/f && ln -s keep link && ln -s ../keep a/up").status == 0
    )
    try remove("link/")
    try remove("keep/b/../../a/.")
    #expect(try folder.names() == ["keep"])
    #expect(try folder.names(in: "keep/b") == ["f"])
    #expect(throws: Trouble("cannot remove link: no such file or directory")) { try remove("link") }
  }

  @Test(
    "leaves a file system that is mounted within, and says where it is",
    .enabled(if: SmallFileSystem.canMount))
  func mounts() throws {
    #expect(folder.shell("mkdir -p a/b/mount a/c && touch a/c/f").status == 0)
    let mounted = try SmallFileSystem(at: folder.at("a/b/mount"), megabytes: 1)
    #expect(folder.shell("touch a/b/mount/kept").status == 0)
    #expect(throws: Trouble("cannot remove a/b/mount: another file system is mounted there")) {
      try remove("a/b/mount")
    }
    #expect(throws: Trouble("cannot remove a/b/mount: another file system is mounted there")) {
      try remove("a")
    }
    #expect(try folder.names(in: "a/b/mount") == ["kept"])
    withExtendedLifetime(mounted) {}
  }

  @Test("changes nothing for a run that has been stopped")
  func cancelled() throws {
    #expect(folder.shell("mkdir -p a/b && touch a/f").status == 0)
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: Trouble("the run was stopped")) { try remove("a", cancellation) }
    #expect(try folder.names(in: "a") == ["b", "f"])
  }

  @Test("ends with its run") func stopped() async throws {
    // On a machine that is busy enough, all may be gone before the limit is noticed.
    for attempt in 1...5 {
      #expect(folder.shell("mkdir -p many && cd many && seq 40000 | xargs touch").status == 0)
      let outcome = await ScriptHost.main(
        "fs.remove('many', { recursive = true })", in: folder, timeLimit: .milliseconds(10))
      var (before, left) = (-1, try countLeft())
      // What goes on becomes less.
      while before != left {
        try await Task.sleep(for: .milliseconds(50))
        (before, left) = (left, try countLeft())
      }
      if left > 0 {
        #expect(outcome.end == .timedOut)
        return
      }
      if attempt == 5 { Issue.record("it goes on after its run: \(outcome.end)") }
    }
  }

  private func countLeft() throws -> Int {
    access(folder.at("many"), F_OK) == 0 ? try folder.names(in: "many").count : 0
  }
}
