import Scheduling
import Testing

@Suite("ByteCount") struct ByteCountTests {
  @Test(
    "reads an amount with its unit",
    arguments: [
      ("0B", 0), ("17B", 17), ("512KB", 524_288), ("512 KB", 524_288), ("64MB", 67_108_864),
      ("64m", 67_108_864),
      ("1GiB", 1_073_741_824), ("1.5GB", 1_610_612_736), ("1024GB", 1_099_511_627_776),
    ] as [(String, Int)])
  func amounts(text: String, bytes: Int) throws {
    #expect(try ByteCount(parsing: text).bytes == bytes)
  }

  @Test(
    "refuses what is no amount, and says why",
    arguments: [
      ("lots", "\"lots\" is not a size (\"64MB\", \"512KB\", \"1GB\")"),
      ("", "\"\" is not a size (\"64MB\", \"512KB\", \"1GB\")"),
      ("MB", "\"MB\" is not a size (\"64MB\", \"512KB\", \"1GB\")"),
      ("-1MB", "\"-1MB\" is not a size (\"64MB\", \"512KB\", \"1GB\")"),
      ("1e3MB", "\"1e3MB\" is not a size (\"64MB\", \"512KB\", \"1GB\")"),
      ("0x10MB", "\"0x10MB\" is not a size (\"64MB\", \"512KB\", \"1GB\")"),
      ("infMB", "\"infMB\" is not a size (\"64MB\", \"512KB\", \"1GB\")"),
      ("nanB", "\"nanB\" is not a size (\"64MB\", \"512KB\", \"1GB\")"),
      ("20", "\"20\" has no unit; add one: \"20MB\", \"20KB\""),
      ("1025GB", "\"1025GB\" is more than 1024GB"),
      ("99999999999999999999GB", "\"99999999999999999999GB\" is more than 1024GB"),
    ])
  func refusals(text: String, message: String) {
    #expect(throws: ScheduleError(message)) { try ByteCount(parsing: text) }
  }
}
