import Values

/// What a run has written into its job's key-value store and the daemon has not kept yet: first what the
/// step in progress has written, below it what the run has.
struct KeyValueBuffer {
  static let longestKey = 512
  /// As JSON.
  static let longestValue = 1 << 20
  /// What the store of a job may hold.
  static let storeLimit = 64 << 20
  /// What a run, and each of its steps, may write before it is kept.
  static let pendingLimit = 16 << 20

  /// Writes that are kept, or undone, together.
  private struct Layer {
    private(set) var writes: [ExactText: KeyValueWrite] = [:]
    private var bytes = 0

    func bytes(with write: KeyValueWrite) -> Int {
      bytes - (writes[ExactText(write.key)]?.size ?? 0) + write.size
    }

    mutating func put(_ write: KeyValueWrite) {
      bytes = bytes(with: write)
      writes[ExactText(write.key)] = write
    }

    mutating func forget(_ key: ExactText) { bytes -= writes.removeValue(forKey: key)?.size ?? 0 }

    var inOrder: [KeyValueWrite] { writes.sorted { $0.key < $1.key }.map(\.value) }
  }

  private var run = Layer()
  private var step: Layer?
  /// What keys count in the store, of those that were asked for.
  private var stored: [ExactText: Int] = [:]
  /// What the store would hold if all were kept now; `nil` until the daemon has said what it holds.
  private var total: Int?
  private var totalBeforeStep: Int?

  /// What was written under a key, if anything was.
  func written(_ key: String) -> KeyValueWrite? {
    step?.writes[ExactText(key)] ?? run.writes[ExactText(key)]
  }

  /// Whether enough is known to write under the key: else the daemon is asked for it first.
  func knows(_ key: String) -> Bool {
    total != nil && (written(key) != nil || stored[ExactText(key)] != nil)
  }

  mutating func learn(_ key: String, size: Int, used: Int) {
    stored[ExactText(key)] = size
    if total == nil { total = used }
  }

  /// Takes a write of a key that is known, or says why not.
  mutating func put(_ write: KeyValueWrite) -> String? {
    let old = written(write.key)?.size ?? stored[ExactText(write.key)] ?? 0
    let newTotal = (total ?? 0) - old + write.size
    if newTotal > Self.storeLimit, write.value != nil {
      return "the job's store would hold \(newTotal) bytes, and it may hold \(byteText(Self.storeLimit)): "
        + "delete what is no longer needed"
    }
    if (step ?? run).bytes(with: write) > Self.pendingLimit {
      return "more than \(byteText(Self.pendingLimit)) were written that are not kept yet; "
        + "job.step keeps what is written in it when it ends"
    }
    total = newTotal
    if step != nil { step?.put(write) } else { run.put(write) }
    return nil
  }

  /// The keys with this prefix as the run sees them.
  func keys(_ prefix: String, stored: [String]) -> [String] {
    var keys = Set(stored.map { ExactText($0) })
    for layer in [run, step ?? Layer()] {
      for (key, write) in layer.writes where key.text.utf8.starts(with: prefix.utf8) {
        if write.value == nil { keys.remove(key) } else { keys.insert(key) }
      }
    }
    return keys.sorted().map(\.text)
  }

  var runWrites: [KeyValueWrite] { run.inOrder }
  var stepWrites: [KeyValueWrite] { step?.inOrder ?? [] }

  // MARK: Steps

  mutating func beginStep() {
    step = Layer()
    totalBeforeStep = total
  }

  mutating func undoStep() {
    guard step != nil else { return }
    step = nil
    total = totalBeforeStep
  }

  /// What the step wrote is in the store: it takes the place of what the run wrote before.
  mutating func keepStep() {
    for (key, write) in step?.writes ?? [:] {
      run.forget(key)
      stored[key] = write.size
    }
    step = nil
  }

  /// What the step wrote belongs to the run from now on: in a dry run, which keeps nothing.
  mutating func joinStep() {
    for write in stepWrites { run.put(write) }
    step = nil
  }
}
