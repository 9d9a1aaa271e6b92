import Glibc
import LuaHost
import Scheduling
import Values

// Instants and zones as scripts write them.
extension Arguments {
  /// The zone that is named at `index`, else the job's own, else the daemon's.
  func zone(_ index: Int, in job: JobContext) throws(Misuse) -> Zone {
    try Zone.of(try optionalText(index, "zone"), in: job, function)
  }

  /// A number of seconds since 1970, or ISO 8601 text: an instant of the years 1 to 9999.
  func instant(_ index: Int, _ name: String, in zone: Zone) throws(Misuse) -> Instant {
    let outside = misuse("\(name) must be an instant of the years 1 to 9999, not \(describe(self[index]))")
    switch self[index] {
    case .int(let seconds):
      guard let instant = Instant(wholeSeconds: seconds) else { throw outside }
      return instant
    case .double(let seconds):
      guard abs(seconds) < 1e12 else { throw outside }
      let instant = Instant(microseconds: Int64((seconds * 1_000_000).rounded()))
      guard (Instant.distantPast...Instant.distantFuture).contains(instant) else { throw outside }
      return instant
    case .string(let text):
      do throws(ScheduleError) { return try Instant(parsing: text, in: zone) } catch {
        throw misuse("\(name): \(error)")
      }
    case let value:
      throw misuse(
        "\(name) must be a number of seconds since 1970 or a text like \"2026-12-24T18:00\", not \(describe(value))"
      )
    }
  }
}

extension Instant {
  /// Nil outside the years 1 to 9999.
  init?(wholeSeconds seconds: Int64) {
    let (microseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    guard !overflow else { return nil }
    self.init(microseconds: microseconds)
    guard self >= .distantPast, self <= .distantFuture else { return nil }
  }

  /// Seconds since 1970: an integer where they are whole, so that `os.date` takes them.
  var value: DataValue {
    microseconds % 1_000_000 == 0 ? .int(microseconds / 1_000_000) : .double(Double(microseconds) / 1_000_000)
  }

  static func now() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
  }
}

extension Zone {
  /// The zone of jobs that name none, as the daemon was told it.
  private static let ofDaemon: Zone = {
    let named = getenv("ALMANAC_TIME_ZONE").flatMap { try? Zone.named(String(cString: $0)) }
    return named ?? .system()
  }()

  /// The zone of this name, else the job's own, else the daemon's.
  static func of(_ name: String?, in job: JobContext, _ function: String) throws(Misuse) -> Zone {
    guard let name = name ?? job.timeZone else { return ofDaemon }
    do throws(ScheduleError) { return try named(name) } catch { throw Misuse("\(function): \(error)") }
  }
}
