import Files
import FoundationEssentials
import Glibc
import Jobs
import Scheduling

/// Loads sources as far as their definitions, in host processes of its own that end with the call:
/// what `check` and `next` need.
public enum DefinitionLoader {
  /// - Parameters:
  ///   - hosts: how many processes at the most share the work.
  ///   - modules: whether to compile the jobs' modules too, those that only `main` requires among them.
  ///   - zone: of jobs that name none.
  ///   - defaults: settings of jobs that say nothing else.
  ///   - rocks: the state directory that has the jobs' rocks, or gets them, and who is told of what is being
  ///     installed for which job; `nil` leaves them out.
  /// - Returns: what is right, and all that is wrong.
  public static func load(
    _ sources: [JobSource], modules: Bool = false, hosts: Int, zone: Zone = .system(),
    defaults: JobDefaults = .none,
    rocks: (state: StateDirectory, progress: (_ job: String, _ text: String) -> Void)? = nil
  ) throws -> (definitions: [JobDefinition], errors: [LoadError]) {
    guard !sources.isEmpty else { return ([], []) }
    var template = Array("/tmp/almanac-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw RunnerError("cannot make a folder in /tmp: \(SystemFailure())")
    }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { rmdir(folder) }
    let loop = try EventLoop()
    var trouble: String?
    var loader: JobLoader?
    let pool = HostPool(
      loop: loop, folder: folder, firstID: 1, sharedCount: min(hosts, (sources.count + 7) / 8),
      onEvent: { _, event in
        if case .loaded(let state, let result) = event { loader?.loaded(state, result) }
      },
      onDeath: { host, death in loader?.fell(with: host, death) },
      onTrouble: { text in
        guard let text else { return }
        trouble = text
        loop.stop()
      })
    let installer = rocks.map {
      RockInstaller(loop: loop, folder: $0.state.rocksFolder, progress: $0.progress)
    }
    let jobs = JobLoader(
      pool: pool, rocks: installer, loop: loop, zone: { zone }, defaults: defaults,
      outputFolder: { _ in folder }, secretsFolder: "", services: { _ in .null })
    loader = jobs
    var definitions: [JobDefinition] = []
    var errors: [LoadError] = []
    let texts = modules ? sources.flatMap(\.modulesAsSources) : []
    var left = sources.count + texts.count
    loop.onTurnEnd = { pool.flush() }
    func load(_ source: JobSource, number: Int, _ depth: JobLoader.Depth) {
      jobs.load(source, number: number, ownHost: false, depth: depth) { result in
        switch result {
        case .success(let loaded): if depth == .definition { definitions.append(loaded.definition) }
        // A module that does not compile may be told of twice: by the job that requires it, too.
        case .failure(let failure): errors += failure.errors.filter { !errors.contains($0) }
        }
        left -= 1
        if left == 0 { loop.stop() }
      }
    }
    for (number, source) in sources.enumerated() { load(source, number: number, .definition) }
    for (number, text) in texts.enumerated() { load(text, number: number, .text) }
    pool.flush()
    loop.run()
    loader = nil
    installer?.close()
    pool.close()
    if let trouble { throw RunnerError(trouble) }
    return (definitions, errors)
  }
}

extension JobSource {
  /// Each module as if it were a job's file, to be looked at by itself.
  fileprivate var modulesAsSources: [JobSource] {
    modules.map { JobSource(name: name, folder: folder, mainPath: $0.path, main: $0.bytes) }
  }
}
