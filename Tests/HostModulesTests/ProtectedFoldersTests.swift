import Testing

@testable import HostModules
@testable import LuaHost

/// The folders are only asked about: nothing here removes or moves anything.
@Suite("ProtectedFolders") struct ProtectedFoldersTests {
  private let folder = TemporaryFolder()

  private func objection(to path: String) throws -> String? {
    let job = JobContext(
      jobName: "team/clean", folder: folder.at("jobs/team"),
      outputFolder: folder.at("state/output/team/clean"),
      environment: [:], services: .null, timeZone: nil, allowed: nil)
    let protected = ProtectedFolders(
      of: job, home: Array(folder.at("homes/ada").utf8), workingDirectory: Array(folder.at("work/here").utf8))
    return try protected.objection(to: JobPath(Array(path.utf8), in: job.folder, of: "test"))
  }

  @Test(
    "what is or holds a folder that matters stays",
    arguments: [
      (".", "holds the job itself"), ("..", "holds the job itself"), ("../../jobs/", "holds the job itself"),
      ("../team/../team/.", "holds the job itself"), ("../..", "holds the job itself"),
      ("../../homes/ada", "is or holds the user's home"), ("../../homes/ada/", "is or holds the user's home"),
      ("../../homes", "is or holds the user's home"), ("../../link", "is or holds the user's home"),
      ("../../to-homes/ada", "is or holds the user's home"),
      ("../../state", "holds what almanac keeps"), ("../../state/output/team", "holds what almanac keeps"),
      ("../../work", "is or holds the working directory"),
      ("../../work/here", "is or holds the working directory"),
      ("/", "holds the job itself"), ("//", "holds the job itself"), ("/tmp", "holds the job itself"),
      ("/etc", "belongs to the system"), ("/usr/", "belongs to the system"),
      ("/usr/../etc/.", "belongs to the system"), ("/bin", "belongs to the system"),
    ])
  func stays(path: String, reason: String) throws {
    let made = folder.shell(
      "mkdir -p jobs/team state/output/team/clean real homes work/here && ln -s ../real homes/ada && ln -s homes to-homes"
    )
    #expect(made.status == 0)
    // A home may be known by a link, and by where that leads.
    if path.hasSuffix("link") {
      #expect(folder.shell("rmdir real && mkdir link && rm homes/ada && ln -s ../link homes/ada").status == 0)
    }
    #expect(try objection(to: path) == reason)
  }

  @Test(
    "what lies beside or below them may go, and so may links to them and all files",
    arguments: [
      "data", "../other", "../../homes/ada/old", "../../homes/bob", "../../state/output/team/clean",
      "../../state/output/team/clean/old", "../../work/there", "link", "link/", "/etc/hostname", "none",
    ])
  func mayGo(path: String) throws {
    let made = folder.shell(
      """
      mkdir -p jobs/team/data jobs/other state/output/team/clean/old homes/ada/old homes/bob work/here work/there
      ln -s ../../homes/ada jobs/team/link
      """)
    #expect(made.status == 0)
    #expect(try objection(to: path) == nil)
  }
}
