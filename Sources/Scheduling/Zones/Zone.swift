import Synchronization

/// The rules of one IANA time zone, read from the system's TZif files.
///
/// A zone loads once; ``forgetCache()`` makes the next ``named(_:)`` read its file again, so that a changed
/// file is noticed: its ``digest`` differs.
public final class Zone: Sendable, Equatable, CustomStringConvertible {
  /// The IANA name: `Europe/Vienna`.
  public let name: String
  /// A short hash of the zone file's content.
  public let digest: String
  let table: ZoneTable

  init(name: String, digest: String, table: ZoneTable) {
    self.name = name
    self.digest = digest
    self.table = table
  }

  public static let utc = Zone(name: "UTC", digest: "built-in", table: ZoneTable())

  private static let cache = Mutex<[String: Zone]>([:])

  /// The zone of this name. `UTC` needs no file.
  ///
  /// - Throws: where there is no such zone, with names that are near; or where its file makes no sense.
  public static func named(_ name: String) throws(ScheduleError) -> Zone {
    if let zone = cache.withLock({ $0[name] }) { return zone }
    let zone = try ZoneFolder.standard.load(name)
    cache.withLock { $0[name] = zone }
    return zone
  }

  /// Zones that are asked for from now on are read from their files again.
  public static func forgetCache() { cache.withLock { $0.removeAll() } }

  /// The machine's zone: from `TZ`, `/etc/timezone` or `/etc/localtime`; UTC where none says.
  public static func system() -> Zone { ZoneFolder.standard.systemZone() }

  /// As ``system()``, but a `TZ` that names no zone is an error, and not UTC.
  public static func ofMachine() throws(ScheduleError) -> Zone { try ZoneFolder.standard.zoneOfMachine() }

  /// Two zones are equal when their names and the content of their files are.
  public static func == (left: Zone, right: Zone) -> Bool {
    left === right || (left.name == right.name && left.digest == right.digest)
  }

  public var description: String { name }

  /// Seconds east of UTC.
  public func offset(at instant: Instant) -> Int {
    Int(table.offset(of: table.segment(at: instant.seconds)))
  }

  /// The day on the calendar at the place.
  public func date(at instant: Instant) -> LocalDate {
    LocalDate(dayNumber: Int(floorDivide(localSeconds(at: instant), secondsPerDay)))
  }

  /// The clock at the place, in whole seconds since its 1970-01-01T00:00.
  func localSeconds(at instant: Instant) -> Int64 {
    let seconds = instant.seconds
    return seconds + table.offset(of: table.segment(at: seconds))
  }

  /// The instant of a local date and time: where daylight saving skips it, the first instant after the
  /// gap; where it comes twice, the first of the two.
  public func instant(of date: LocalDate, at time: TimeOfDay) -> Instant {
    instant(ofLocal: Int64(date.dayNumber) * secondsPerDay + Int64(time.seconds))
  }

  /// As ``instant(of:at:)``, of seconds since the place's 1970-01-01T00:00 and a part of a second.
  func instant(ofLocal local: Int64, fraction: Interval = .zero) -> Instant {
    let seconds = table.utc(ofLocal: local)
    let isInGap = seconds + table.offset(of: table.segment(at: seconds)) != local
    return Instant(seconds: seconds) + (isInGap ? .zero : fraction)
  }
}
