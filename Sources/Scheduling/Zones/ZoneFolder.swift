#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The folder that holds the zone files.
struct ZoneFolder {
  let path: String

  /// `ALMANAC_ZONEINFO`, else the first of the usual places that exists.
  static var standard: ZoneFolder {
    if let path = environment("ALMANAC_ZONEINFO") { return ZoneFolder(path: path) }
    let places = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"]
    return ZoneFolder(path: places.first { access($0, R_OK) == 0 } ?? places[0])
  }

  /// Reads a zone's file.
  func load(_ name: String) throws(ScheduleError) -> Zone {
    // There is one UTC, with or without files.
    if name == Zone.utc.name { return .utc }
    guard isName(name) else { throw unknown(name) }
    let file = "\(path)/\(name)"
    guard let bytes = Self.contents(of: file) else {
      if ["Etc/UTC", "GMT"].contains(name) {
        return Zone(name: name, digest: "built-in", table: ZoneTable())
      }
      throw unknown(name)
    }
    do throws(ScheduleError) {
      return try Self.zone(named: name, bytes)
    } catch {
      throw ScheduleError("time zone \(quoted(name)): \(file) is \(error.message)")
    }
  }

  static func zone(named name: String, _ bytes: [UInt8]) throws(ScheduleError) -> Zone {
    let table = ZoneTable(try ZoneFile(bytes))
    var hash = StableHash()
    for byte in bytes { hash.combine(byte: byte) }
    return Zone(name: name, digest: hash.hexadecimal, table: table)
  }

  /// Whether it looks like `Europe/Vienna`: nothing that leads out of the folder.
  private func isName(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return !name.isEmpty && name.utf8.count <= 100 && !name.utf8.contains(0)
      && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") }
  }

  private func unknown(_ name: String) -> ScheduleError {
    let names = names()
    guard !names.isEmpty else {
      return ScheduleError(
        "\(quoted(name)) is not a known time zone: there are no zone files in \(path)"
          + " (install tzdata, or set ALMANAC_ZONEINFO to their folder)")
    }
    if names.contains(where: { $0.hasPrefix(name + "/") }) {
      return ScheduleError(
        "\(quoted(name)) is a region, not a time zone; write it like \"\(example(in: name, names))\"")
    }
    let near = Self.nearest(to: name, among: names)
    let hint =
      near.isEmpty
      ? "use an IANA name like \"Europe/Vienna\"" : "did you mean \(near.joined(separator: " or "))?"
    return ScheduleError("\(quoted(name)) is not a known time zone; \(hint)")
  }

  private func example(in region: String, _ names: [String]) -> String {
    names.filter { $0.hasPrefix(region + "/") }.min() ?? "Europe/Vienna"
  }

  /// The names of all zones in the folder.
  func names() -> [String] {
    var names: [String] = []
    collect(into: &names, prefix: "", depth: 0)
    return names.sorted()
  }

  private func collect(into names: inout [String], prefix: String, depth: Int) {
    guard depth < 4, let folder = opendir("\(path)/\(prefix)") else { return }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      // Zones begin with a capital letter; "posix", "right" and the tables do not.
      guard let first = name.utf8.first, (65...90).contains(first) else { continue }
      if Self.isFolder("\(path)/\(prefix)\(name)") {
        collect(into: &names, prefix: "\(prefix)\(name)/", depth: depth + 1)
      } else {
        names.append(prefix + name)
      }
    }
  }

  /// Up to three names that look like a slip of this one.
  static func nearest(to name: String, among names: [String]) -> [String] {
    func plain(_ text: String) -> [UInt8] {
      text.lowercased().utf8.map {
        $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0
      }
    }
    let wanted = plain(name)
    let city = wanted.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? wanted
    let limit = max(1, min(3, wanted.count / 4))
    let cityLimit = max(0, min(2, city.count / 4))
    let scored = names.compactMap { candidate -> (name: String, distance: Int)? in
      let letters = plain(candidate)
      let whole = SlipFinder.distance(wanted, letters, limit: limit)
      if whole <= limit { return (candidate, whole) }
      // The right city in the wrong region, or without one.
      guard let last = letters.split(separator: UInt8(ascii: "/")).last else { return nil }
      let part = SlipFinder.distance(city, Array(last), limit: cityLimit)
      return part <= cityLimit ? (candidate, limit + 1 + part) : nil
    }
    let least = scored.map(\.distance).min() ?? 0
    return scored.filter { $0.distance <= least + 1 }
      .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
  }
}

// MARK: - The machine's own zone

extension ZoneFolder {
  func systemZone() -> Zone { (try? zoneOfMachine()) ?? .utc }

  /// - Throws: where `TZ` says something that is no zone.
  func zoneOfMachine() throws(ScheduleError) -> Zone {
    if var name = Self.environment("TZ") {
      if name.hasPrefix(":") { name.removeFirst() }
      if let zone = zone(ofSetting: name) { return zone }
      throw name.hasPrefix("/")
        ? ScheduleError("TZ: \(quoted(name)) is not a zone file that can be read")
        : ScheduleError("TZ: \(unknown(name))")
    }
    if let bytes = Self.contents(of: "/etc/timezone"),
      let line = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first,
      let zone = zone(ofSetting: String(line.filter { !$0.isWhitespace }))
    {
      return zone
    }
    return zone(ofSetting: "/etc/localtime") ?? .utc
  }

  /// What `TZ` may hold: a name, a path, or a POSIX rule.
  private func zone(ofSetting setting: String) -> Zone? {
    if setting.isEmpty { return .utc }
    guard setting.hasPrefix("/") else {
      if let zone = try? Zone.named(setting) { return zone }
      guard let rule = PosixRule(parsing: setting) else { return nil }
      return Zone(name: setting, digest: "posix", table: ZoneTable(rule: rule))
    }
    // A path: the name behind it where it leads into a folder of zones.
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    for candidate in [
      Self.link(setting), realpath(setting, &buffer) == nil ? nil : Self.text(buffer), setting,
    ] {
      guard let candidate, let range = candidate.ranges(of: "/zoneinfo/").last else { continue }
      if let zone = try? Zone.named(String(candidate[range.upperBound...])) { return zone }
    }
    guard let bytes = Self.contents(of: setting) else { return nil }
    return try? Self.zone(named: setting, bytes)
  }

  private static func link(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    return readlink(path, &buffer, Int(PATH_MAX)) > 0 ? text(buffer) : nil
  }

  private static func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    return String(cString: value)
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The bytes of a file; nil where it cannot be read, is a folder, or is larger than any zone file.
  private static func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= 4 << 20 {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return count == 0 ? bytes : nil }
      bytes += buffer[..<count]
    }
    return nil
  }
}
