import JobWriting
import Scheduling

/// When an entry of a crontab is due, as a trigger.
struct CronTimes: Equatable {
  /// Empty where it never is.
  var trigger: LuaTable
  /// What differs: what it is about, and how.
  var notes: [(subject: String, reason: String)] = []

  struct Refusal: Error {
    var message: String
  }

  static func == (left: CronTimes, right: CronTimes) -> Bool {
    left.trigger == right.trigger && left.notes.elementsEqual(right.notes, by: ==)
  }

  /// - Parameter when: Five fields, or one word that begins with `@`.
  init(_ when: [String]) throws(Refusal) {
    let text = when.joined(separator: " ")
    if when.count == 1 {
      trigger = try Self.trigger(word: text)
      return
    }
    let fields = zip(Self.fields, when).map { field, text in Self.translated(text, field) }
    let expression = fields.map(\.text).joined(separator: " ")
    trigger = LuaTable()
    trigger.add("cron", .string(expression), comment: fields.compactMap(\.comment).first)
    notes = fields.flatMap(\.notes)
    do {
      _ = try CronExpression(parsing: expression, jobName: "any")
    } catch {
      let anyDay = fields[0].text + " " + fields[1].text + " * * *"
      let anyTime = "0 0 1 * " + fields[4].text
      guard (try? CronExpression(parsing: anyDay)) != nil, (try? CronExpression(parsing: anyTime)) != nil,
        error.message.contains("can never fire")
      else { throw Refusal(message: error.message) }
      // People write such days to switch an entry off.
      trigger = LuaTable()
      notes.append((text, "there is no such day, so cron never runs it; here it runs on demand only"))
    }
  }

  // MARK: - Words

  private static func trigger(word: String) throws(Refusal) -> LuaTable {
    switch word.lowercased() {
    case "@reboot": return ["on": "boot"]
    case "@every_minute": return ["cron": "* * * * *"]
    case "@every_second": return ["every": "1s"]
    case "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly":
      return ["cron": .string(word.lowercased())]
    default:
      // FreeBSD: so many seconds after the last run ended.
      if let seconds = Int(word.dropFirst()), seconds > 0, seconds < 1 << 31 {
        return ["restart_after": .string(Interval.seconds(Int64(seconds)).description)]
      }
      throw Refusal(
        message: "\"\(word)\" is no time; known are @reboot, @yearly, @annually, @monthly, @weekly, @daily, "
          + "@midnight, @hourly, @every_minute, @every_second and @SECONDS")
    }
  }

  // MARK: - Fields

  private struct Field {
    let name: String
    let range: ClosedRange<Int>
  }

  private static let fields = [
    Field(name: "minute", range: 0...59), Field(name: "hour", range: 0...23),
    Field(name: "day of month", range: 1...31), Field(name: "month", range: 1...12),
    Field(name: "day of week", range: 0...6),
  ]

  private struct Translated {
    var text: String
    var comment: String?
    var notes: [(subject: String, reason: String)] = []
  }

  /// A field as Almanac reads it, which is how cron reads it but for what is said.
  private static func translated(_ text: String, _ field: Field) -> Translated {
    var result = Translated(text: "")
    var items: [String] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      let step = parts.count == 2 ? Int(parts[1]) : nil
      if item.contains("~") {
        items.append(random(parts[0], field) + (parts.count == 2 ? "/" + parts[1] : ""))
        result.comment = "\(text): chosen once, by the job's name"
      } else if let step, step > field.range.count, let first = first(of: parts[0], field) {
        items.append(first)
        result.comment = "\(item) is no more than that"
      } else {
        items.append(String(item))
        result.notes += notes(item, parts, step, field)
      }
    }
    result.text = items.joined(separator: ",")
    return result
  }

  /// cronie's `low~high`, either of which may be missing.
  private static func random(_ item: Substring, _ field: Field) -> String {
    let ends = item.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
    let low = ends[0].isEmpty ? String(field.range.lowerBound) : String(ends[0])
    let high = ends.count < 2 || ends[1].isEmpty ? String(field.range.upperBound) : String(ends[1])
    return "H(\(low)-\(high))"
  }

  /// The first value of what is stepped through; nil where that is no number.
  private static func first(of item: Substring, _ field: Field) -> String? {
    if item == "*" { return String(field.range.lowerBound) }
    return item.split(separator: "-").first.flatMap { Int($0) }.map { String($0) }
  }

  private static func notes(
    _ item: Substring, _ parts: [Substring], _ step: Int?, _ field: Field
  ) -> [(subject: String, reason: String)] {
    let subject = "\(field.name) \(item)"
    if step != nil, Int(parts[0]) != nil {
      return [(subject, "cron reads it as \(parts[0]), or not at all; here it goes on to the field's end")]
    }
    let ends = parts[0].split(separator: "-").map { Int($0) }
    if ends.count == 2, let low = ends[0], let high = ends[1], low > high {
      return [(subject, "most crons refuse a range that goes down; here it goes over the field's end")]
    }
    // Signs of Quartz and Jenkins, alone or behind a number or a day's name.
    let letters = item.uppercased().filter(\.isLetter)
    let isOthers =
      item.contains { "?#".contains($0) } || ["L", "W", "LW", "H"].contains(letters)
      || letters.count == 4 && letters.hasSuffix("L")
    return isOthers ? [(subject, "cron does not know this; here it is read as Quartz and Jenkins do")] : []
  }
}
