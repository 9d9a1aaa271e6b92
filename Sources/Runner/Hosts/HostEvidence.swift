import CLinux
import Files
import Glibc

/// What a host's runs had done, in memory that the daemon shares with it.
///
/// The file behind it outlives both: the next start reads there whether a run's `main` had been
/// called when everything was killed.
final class HostEvidence {
  enum Stage: Int32, Comparable {
    case free, handedOver, mainCalled, calledOutside

    static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
  }

  /// Whom a worker worked for when it brought its host down.
  enum Owner: Equatable {
    case slot(Int32)
    case state(UInt32)
  }

  let path: String
  let descriptor: Int32
  private let map: OpaquePointer
  private var freeSlots: [Int32] = []
  private var nextFreshSlot: Int32 = 0

  init(path: String) throws(RunnerError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw RunnerError("cannot open \(path): \(SystemFailure())") }
    // Its blocks are taken now: a page that finds the disk full when it is first written ends the process.
    let full = posix_fallocate(descriptor, 0, off_t(evidence_size()))
    guard full == 0, let map = evidence_map(descriptor) else {
      let reason = SystemFailure(code: full == 0 ? errno : full)
      close(descriptor)
      if full != 0 { unlink(path) }
      throw RunnerError("cannot map \(path): \(reason)")
    }
    self.map = map
  }

  /// Whether the file goes with the object. Hold on to one of them until what it tells has become
  /// durable otherwise.
  var endsWithObject = true

  deinit {
    evidence_unmap(map)
    close(descriptor)
    if endsWithObject { unlink(path) }
  }

  func reset() { evidence_reset(map, HostEvidence.bootID, 0, 0) }

  func setHost(_ pid: pid_t) { evidence_set_host(map, Int64(pid), clinux_start_time(pid)) }

  /// The host that last used this file, as long as it lives.
  var livingHost: pid_t? { Self.living(evidence_pid(map), evidence_start_time(map)) }

  /// The keeper of the host that last used this file (`clinux_keeper.h`), if it had begun: it ends what the host
  /// had started, and may be dead by now.
  var keeper: pid_t? { pid_t(exactly: evidence_keeper(map)).flatMap { $0 > 1 ? $0 : nil } }

  /// The same, as long as it lives.
  var livingKeeper: pid_t? { Self.living(evidence_keeper(map), evidence_keeper_start_time(map)) }

  private static func living(_ pid: Int64, _ startTime: UInt64) -> pid_t? {
    guard let pid = pid_t(exactly: pid), pid > 1, startTime != 0, clinux_start_time(pid) == startTime else {
      return nil
    }
    return pid
  }

  /// False when the machine was started again since: then nobody knows what the file's pages hold.
  var isOfThisBoot: Bool { String(cString: evidence_boot_id(map)) == HostEvidence.bootID }

  /// A slot for an attempt; `nil` when the host is full.
  func takeSlot(run: UInt64, attempt: Int) -> Int32? {
    let slot: Int32
    if let free = freeSlots.popLast() {
      slot = free
    } else if nextFreshSlot < Int32(EVIDENCE_SLOTS) {
      slot = nextFreshSlot
      nextFreshSlot += 1
    } else {
      return nil
    }
    evidence_slot_take(map, slot, run, UInt32(clamping: attempt))
    return slot
  }

  /// Gives the slot back; only when the end of its attempt is durable.
  func freeSlot(_ slot: Int32) {
    evidence_slot_free(map, slot)
    freeSlots.append(slot)
  }

  func stage(of slot: Int32) -> Stage { Stage(rawValue: evidence_slot_stage(map, slot)) ?? .free }

  /// When `main` was called, in microseconds since the epoch; 0 if it was not.
  func startedAt(_ slot: Int32) -> Int64 { evidence_slot_started_us(map, slot) }

  /// Every attempt that has a slot.
  func attempts() -> [(run: UInt64, attempt: UInt32, stage: Stage, startedAt: Int64)] {
    (0..<Int32(EVIDENCE_SLOTS)).compactMap { slot in
      let stage = stage(of: slot)
      guard stage != .free else { return nil }
      return (evidence_slot_run(map, slot), evidence_slot_attempt(map, slot), stage, startedAt(slot))
    }
  }

  /// Who brought the host down, and by which signal, if a worker did.
  func culprit() -> (owner: Owner, signal: Int32)? {
    for worker in 0..<Int32(EVIDENCE_WORKERS) {
      let fault = evidence_worker_fault(map, worker)
      guard fault != 0, let owner = owner(of: worker) else { continue }
      return (owner, Int32(clamping: fault))
    }
    return nil
  }

  /// Whom the workers work for at this moment.
  func owners() -> [Owner] { (0..<Int32(EVIDENCE_WORKERS)).compactMap { owner(of: $0) } }

  private func owner(of worker: Int32) -> Owner? {
    HostEvidence.owner(code: evidence_worker_owner(map, worker))
  }

  /// How an owner is written down: a slot as its number plus one, a state above 32 bits.
  private static func owner(code: UInt64) -> Owner? {
    if code == 0 { return nil }
    if code >> 32 != 0 { return .state(UInt32(truncatingIfNeeded: code)) }
    return .slot(Int32(truncatingIfNeeded: code) - 1)
  }

  /// Changes whenever the machine starts.
  static let bootID: String = {
    let file = fopen("/proc/sys/kernel/random/boot_id", "re")
    guard let file else { return "unknown" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 64)
    guard fgets(&line, 64, file) != nil else { return "unknown" }
    return String(decoding: line.prefix { $0 > 32 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()
}
