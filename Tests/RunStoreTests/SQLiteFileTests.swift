import Foundation
import RunLifecycle
import RunStore
import RunStoreSQLite
import Scheduling
import Testing

@Suite("A ledger's file") struct SQLiteFileTests {
  @Test("survives being opened again")
  func persistence() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/ledger.sqlite"
      let first = try SQLiteRunStore(at: path)
      let keys = try first.jobKeys(for: ["a", "b"])
      try first.close()
      #expect(try SQLiteRunStore(at: path).jobKeys(for: ["b", "a"]) == keys)
    }
  }

  @Test("can be read while a daemon writes, and is not written by who reads")
  func readOnly() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/ledger.sqlite"
      let writer = try SQLiteRunStore(at: path)
      _ = try writer.jobKeys(for: ["a"])
      let reader = try SQLiteRunStore(readOnlyAt: path)
      #expect(try reader.jobs().map(\.name) == ["a"])
      _ = try writer.jobKeys(for: ["b"])
      #expect(try reader.jobs().map(\.name) == ["a", "b"])
      #expect(throws: StoreError.self) { try reader.jobKeys(for: ["c"]) }
      try writer.close()
      #expect(try SQLiteRunStore(readOnlyAt: path).jobs().map(\.name) == ["a", "b"])
    }
  }

  @Test("is not made by who only wants to read")
  func absent() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/ledger.sqlite"
      #expect(throws: StoreError.self) { try SQLiteRunStore(readOnlyAt: path) }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test("of another kind is refused, and left as it is", arguments: ["not a database at all, but text", ""])
  func foreign(content: String) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/ledger.sqlite"
      if content.isEmpty {
        // The logs are a database of ours, but not a ledger.
        try SQLiteLogStore(at: path).close()
      } else {
        try Data(String(repeating: content, count: 100).utf8).write(to: URL(fileURLWithPath: path))
      }
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let error = try #require(throws: StoreError.self) { try SQLiteRunStore(at: path) }
      #expect(error.kind == .refused)
      #expect(error.description.hasPrefix(path))
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
  }

  @Test("of a newer version is refused, and says so")
  func newer() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/ledger.sqlite"
      try SQLiteRunStore(at: path).close()
      // The user version is a big-endian number at offset 60 of the file's header.
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      bytes.replaceSubrange(60..<64, with: [0, 0, 0, 99])
      try bytes.write(to: URL(fileURLWithPath: path))
      let error = try #require(throws: StoreError.self) { try SQLiteRunStore(at: path) }
      #expect(error.kind == .refused)
      #expect(error.description.contains("newer Almanac"))
    }
  }
}

@Suite("SQLiteLogStore") struct SQLiteLogStoreTests {
  @Test("finds lines by run and by job, and follows")
  func lines() throws {
    try withTemporaryFolder { folder in
      let store = try SQLiteLogStore(at: folder + "/logs.sqlite")
      let at = Instant(microseconds: 5_000_000)
      for number in Int64(1)...10 {
        let run: RunID? = number == 1 ? nil : RunID(number % 2)
        let fields: String? = number == 4 ? "{\"n\":4}" : nil
        let line = LogLine(
          run: run, job: JobKey(number > 5 ? 2 : 1), at: at, level: "info", message: "line \(number)",
          fields: fields)
        try store.append([line])
      }
      func messages(_ query: LogQuery) throws -> [String] { try store.lines(query).map(\.message) }
      #expect(try messages(LogQuery(run: RunID(1))) == ["line 3", "line 5", "line 7", "line 9"])
      #expect(try messages(LogQuery(job: JobKey(1), limit: 2)) == ["line 4", "line 5"])
      #expect(try messages(LogQuery(job: JobKey(2), after: 7, limit: 2)) == ["line 8", "line 9"])
      #expect(try messages(LogQuery(run: RunID(0), job: JobKey(2))) == ["line 6", "line 8", "line 10"])
      let fourth = try #require(try store.lines(LogQuery(run: RunID(0), limit: 100)).first { $0.seq == 4 })
      #expect(fourth.fields == "{\"n\":4}" && fourth.at == at && fourth.job == JobKey(1))
      #expect(try store.lines(LogQuery(job: JobKey(1))).first?.run == nil)
    }
  }
}
