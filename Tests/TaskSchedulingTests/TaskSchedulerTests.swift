import Foundation
import TaskScheduling
import Testing

@Suite("TaskScheduler") struct TaskSchedulerTests {
  /// A folder of jobs that goes with the test.
  private final class Folder {
    let path = NSTemporaryDirectory() + "task-scheduler-" + UUID().uuidString
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var files: [String] {
      let names = FileManager.default.subpaths(atPath: path) ?? []
      return names.filter { $0.hasSuffix(".lua") }.sorted()
    }
  }

  private static func definition(_ path: String) -> TaskDefinition {
    [
      "Path": TaskDefinition(.text(path, isQuoted: true)),
      "Actions": [["Type": "EXEC", "Path": "/bin/true"]],
    ]
  }

  @Test("registers and deletes tasks one by one, by their paths") func registers() throws {
    let folder = Folder()
    let scheduler = TaskScheduler(jobs: folder.path)
    for path in [#"\myApp\one"#, "/myApp/deep/two", #"\root task"#] {
      try scheduler.register(scheduler.build(Self.definition(path)))
    }
    #expect(folder.files == ["myApp/deep/two.lua", "myApp/one.lua", "root_task.lua"])
    #expect(try scheduler.register(scheduler.build(Self.definition(#"\myApp\one"#))).changes.isEmpty)
    #expect(try scheduler.deleteTask(#"\myApp\one"#).changes.map(\.job) == ["myApp/one"])
    #expect(throws: TaskError.self) { try scheduler.deleteTask(#"\myApp\one"#) }
    #expect(throws: TaskError.self) { try scheduler.deleteTask(#"\"#) }
    #expect(throws: TaskError.self) { try scheduler.deleteTask(#"\..\one"#) }
    #expect(folder.files == ["myApp/deep/two.lua", "root_task.lua"])
  }

  @Test("makes the folder of the tasks match their list") func syncs() throws {
    let folder = Folder()
    let scheduler = TaskScheduler(jobs: folder.path)
    func tasks(_ paths: String...) throws -> [ScheduledTask] {
      try paths.map { try scheduler.build(Self.definition($0)) }
    }
    try scheduler.sync(tasks(#"\myApp\one"#, #"\myApp\two"#))
    #expect(folder.files == ["myApp/one.lua", "myApp/two.lua"])
    let plan = try scheduler.sync(tasks(#"\myApp\two"#, #"\myApp\three"#))
    #expect(plan.changes.map(\.kind) == [.delete, .create])
    #expect(folder.files == ["myApp/three.lua", "myApp/two.lua"])
    for list in [
      try tasks(#"\a\one"#, #"\b\two"#), try tasks(#"\one"#), try tasks(#"\a\one"#, #"\A\ONE"#), [],
    ] {
      #expect(throws: TaskError.self) { try scheduler.sync(list) }
    }
    #expect(folder.files == ["myApp/three.lua", "myApp/two.lua"])
    try scheduler.sync([], folder: "myApp", allowEmpty: true)
    #expect(folder.files.isEmpty)
  }

  @Test("a task that nothing here can run is refused") func nothingToRun() {
    #expect(throws: TaskError.self) {
      try TaskScheduler().build(["Path": "/a/b", "Actions": [["Type": "SHOW_MESSAGE", "Title": "hi"]]])
    }
  }
}
