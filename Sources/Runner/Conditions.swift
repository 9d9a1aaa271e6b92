import Dispatch
import Files
import Glibc
import RunLifecycle

/// Finds out whether what a run requires holds.
///
/// Asked on a queue of its own: a file on a network that does not answer must not hold the loop up.
final class Conditions: Sendable {
  private let loop: EventLoop
  private let queue = DispatchQueue(label: "almanac.conditions", attributes: .concurrent)

  init(loop: EventLoop) { self.loop = loop }

  /// - Parameters:
  ///   - folder: Where the free space of `free_disk` is looked for.
  ///   - answer: Called on the loop's thread with what does not hold, in words.
  func check(_ requirements: Requirements, folder: String, answer: @escaping (String?) -> Void) {
    let answer = Answer(call: answer)
    let loop = loop
    queue.async {
      let unmet = Self.unmet(requirements, folder: folder)
      loop.post { answer.call(unmet) }
    }
  }

  /// Made and called on the loop's thread, and only carried by another.
  private struct Answer: @unchecked Sendable {
    let call: (String?) -> Void
  }

  /// The first requirement that does not hold, in words.
  static func unmet(_ requirements: Requirements, folder: String) -> String? {
    if requirements.network, !Machine.hasNetwork { return "there is no network (no default route is up)" }
    if requirements.acPower, Machine.isOnBattery { return "the machine runs on its battery" }
    if requirements.idle, let load = Machine.load, load > Machine.idleLoad {
      return "the machine is not idle (load \(load) a processor)"
    }
    if let needed = requirements.freeDisk, let free = Machine.freeBytes(at: folder), free < needed {
      return "free disk: \(free >> 20) MB are free at \(folder), and \(needed >> 20) MB are needed"
    }
    if let file = requirements.file, access(file, F_OK) != 0 { return "there is no \(file)" }
    return nil
  }
}

/// What the kernel says of the machine.
enum Machine {
  /// Below so much load a processor, averaged over a minute, the machine counts as idle.
  static let idleLoad = 0.3

  /// Names this boot of the machine. `ALMANAC_BOOT_ID` stands in for it in tests.
  static var bootID: String {
    if let given = getenv("ALMANAC_BOOT_ID") { return String(cString: given) }
    return text("/proc/sys/kernel/random/boot_id") ?? "unknown"
  }

  /// True if a default route is up, of either kind of address.
  static var hasNetwork: Bool {
    let isUp: (String, Int) -> Bool = { flags, radix in (Int(flags, radix: radix) ?? 0) & 1 != 0 }
    for line in (text("/proc/net/route") ?? "").split(separator: "\n").dropFirst() {
      let fields = line.split(whereSeparator: \.isWhitespace)
      if fields.count > 7, fields[1] == "00000000", fields[7] == "00000000", isUp(String(fields[3]), 16) {
        return true
      }
    }
    for line in (text("/proc/net/ipv6_route") ?? "").split(separator: "\n") {
      let fields = line.split(whereSeparator: \.isWhitespace)
      let isDefault = fields.count > 9 && fields[1] == "00" && fields[0].allSatisfy { $0 == "0" }
      if isDefault, fields[9] != "lo", isUp(String(fields[8]), 16) { return true }
    }
    return false
  }

  /// True if there is a battery, and nothing charges it.
  static var isOnBattery: Bool {
    let folder = "/sys/class/power_supply"
    var hasBattery = false
    for name in (try? Folder.names(in: folder)) ?? [] {
      switch text("\(folder)/\(name)/type") {
      case "Mains", "USB": if text("\(folder)/\(name)/online") == "1" { return false }
      case "Battery": if text("\(folder)/\(name)/scope") != "Device" { hasBattery = true }
      default: break
      }
    }
    return hasBattery
  }

  /// How many processes want to run, for each processor.
  static var load: Double? {
    guard let first = text("/proc/loadavg")?.split(separator: " ").first, let load = Double(first) else {
      return nil
    }
    return (load / Double(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) * 100).rounded() / 100
  }

  static func freeBytes(at path: String) -> Int64? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max : Int64(clamping: bytes)
  }

  /// What a file of the kernel's says, without the end of its line.
  private static func text(_ path: String) -> String? {
    guard let bytes = try? FileBytes.all(of: path) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}
