import Dispatch
import FoundationEssentials
import Glibc
import Jobs

/// Sees to it that the rocks of a job are there before it loads.
///
/// What is installed is not installed again as long as its `rocks.txt` says the same. The installing is done by child
/// processes, with a thread of its own each; everything else belongs to the loop's thread, which never waits.
final class RockInstaller {
  /// A tree that may be used as long as somebody keeps this.
  struct Ready {
    let tree: RockTree
    fileprivate let lock: RockTree.Lock
  }

  typealias Done = (Result<Ready, LoadFailure>) -> Void

  /// So many are installed at a time.
  private static let width = 4

  private struct Wish {
    let file: RocksFile
    let job: String
    let done: Done
  }

  private let loop: EventLoop
  private let folder: String
  private let server: String?
  private let progress: (_ job: String, _ text: String) -> Void
  private let queue = DispatchQueue(label: "almanac.rocks", attributes: .concurrent)
  /// What is in use, as long as this is there.
  private var ready: [RockTree: Ready] = [:]
  private var wishes: [RockTree: [Wish]] = [:]
  private var waiting: [RockTree] = []
  private var active: [RockTree: Installation] = [:]

  /// - Parameters:
  ///   - folder: of all trees; it need not be there.
  ///   - progress: is told what is being done, for people, on the loop.
  init(loop: EventLoop, folder: String, progress: @escaping (_ job: String, _ text: String) -> Void) {
    self.loop = loop
    self.folder = folder
    self.progress = progress
    server = ProcessInfo.processInfo.environment["ALMANAC_ROCKS_SERVER"]
  }

  /// Has the rocks there. `done` is called on the loop; at once, if they are.
  func prepare(_ file: RocksFile, for job: String, done: @escaping Done) {
    let tree = RockTree(of: file, in: folder)
    if let there = ready[tree] ?? whole(tree) {
      ready[tree] = there
      return done(.success(there))
    }
    wishes[tree, default: []].append(Wish(file: file, job: job, done: done))
    guard active[tree] == nil, !waiting.contains(tree) else { return }
    waiting.append(tree)
    pump()
  }

  /// Removes the trees that no job has asked for, nor any other process uses; some time soon.
  func sweep() {
    let (folder, kept) = (folder, Set(ready.keys).union(wishes.keys))
    queue.async { RockTree.sweep(folder, keeping: kept) }
  }

  /// Ends what is being installed; nobody is told.
  func close() {
    for installation in active.values { installation.stop() }
    wishes = [:]
    waiting = []
  }

  private func whole(_ tree: RockTree) -> Ready? {
    guard tree.isWhole, let lock = try? tree.lock(alone: false), tree.isWhole else { return nil }
    return Ready(tree: tree, lock: lock)
  }

  private func pump() {
    while active.count < Self.width, !waiting.isEmpty {
      let tree = waiting.removeFirst()
      guard let wish = wishes[tree]?.first else { continue }
      let loop = loop
      let report = Sent { [weak self] (text: String) in self?.progress(wish.job, text) }
      let finish = Sent { [weak self] (result: Installation.Result) in self?.ended(tree, result) }
      let installation = Installation(tree: tree, file: wish.file, server: server) { text in
        loop.post { report.work(text) }
      }
      active[tree] = installation
      queue.async {
        let result = installation.run()
        loop.post { finish.work(result) }
      }
    }
  }

  private func ended(_ tree: RockTree, _ result: Installation.Result) {
    active[tree] = nil
    let wishes = wishes.removeValue(forKey: tree) ?? []
    for wish in wishes {
      switch result {
      case .success(let lock):
        let there = Ready(tree: tree, lock: lock)
        ready[tree] = there
        wish.done(.success(there))
      case .failure(let failure):
        let line = failure.rock.flatMap { rock in wish.file.rocks.first { $0.text == rock } }?.line
        wish.done(
          .failure(
            LoadFailure(
              [LoadError(job: wish.job, file: wish.file.path, line: line, message: failure.text)],
              mayPass: true)))
      }
    }
    pump()
  }

  /// Work that is made and done on the loop's thread, and only carried by another.
  private struct Sent<Value>: @unchecked Sendable {
    let work: (Value) -> Void

    init(_ work: @escaping (Value) -> Void) { self.work = work }
  }
}

/// One installation, on a thread that may wait.
private final class Installation: Sendable {
  struct Failure: Error {
    /// The rock at fault, if it is one's.
    var rock: String?
    let text: String
  }

  typealias Result = Swift.Result<RockTree.Lock, Failure>

  private let tree: RockTree
  private let file: RocksFile
  private let server: String?
  private let report: @Sendable (String) -> Void
  private let program: Swift.Result<LuaRocks, LuaRocks.Failure>

  init(tree: RockTree, file: RocksFile, server: String?, report: @escaping @Sendable (String) -> Void) {
    self.tree = tree
    self.file = file
    self.server = server
    self.report = report
    do throws(LuaRocks.Failure) { program = .success(try LuaRocks()) } catch { program = .failure(error) }
  }

  func stop() { if case .success(let program) = program { program.stop() } }

  func run() -> Result {
    do throws(RunnerError) {
      let lock = try takeLock()
      if !tree.isWhole {
        try tree.clear()
        if let failure = installAll(lock) { return .failure(failure) }
        try tree.markWhole(file)
      }
      lock.share()
      return .success(lock)
    } catch {
      return .failure(Failure(text: error.description))
    }
  }

  private func installAll(_ lock: RockTree.Lock) -> Failure? {
    for (index, rock) in file.rocks.enumerated() {
      do throws(LuaRocks.Failure) {
        let program = try program.get()
        report("installing the rock \(rock.text) (\(index + 1) of \(file.rocks.count))")
        try program.install(rock, into: tree, lock: lock, server: server)
      } catch {
        guard case .success = program else { return Failure(text: error.text) }
        return Failure(rock: rock.text, text: error.text)
      }
    }
    return nil
  }

  /// Waits for whoever installs the same.
  private func takeLock() throws(RunnerError) -> RockTree.Lock {
    var saidSo = false
    while true {
      if let lock = try tree.lock(alone: true) { return lock }
      // Installed by another meanwhile, and in use.
      if tree.isWhole, let lock = try tree.lock(alone: false) { return lock }
      if !saidSo { report("another almanac is installing the same rocks; waiting for it") }
      saidSo = true
      usleep(100_000)
    }
  }
}
