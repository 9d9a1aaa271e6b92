import FoundationEssentials
import Glibc
import Jobs
import Scheduling

/// Loads sources as far as their definitions, in host processes of its own that end with the call:
/// what `check` and `next` need.
public enum DefinitionLoader {
  /// - Parameters:
  ///   - hosts: how many processes at the most share the work.
  ///   - zone: of jobs that name none.
  ///   - defaults: settings of jobs that say nothing else.
  ///   - rocks: the state directory that has the jobs' rocks, or gets them, and who is told of what is being
  ///     installed for which job; `nil` leaves them out.
  /// - Returns: what is right, and all that is wrong.
  public static func load(
    _ sources: [JobSource], hosts: Int, zone: Zone = .system(), defaults: JobDefaults = .none,
    rocks: (state: StateDirectory, progress: (_ job: String, _ text: String) -> Void)? = nil
  ) throws -> (definitions: [JobDefinition], errors: [LoadError]) {
    guard !sources.isEmpty else { return ([], []) }
    var template = Array("/tmp/almanac-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw RunnerError("cannot make a folder in /tmp: \(errorText(errno))")
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
    var left = sources.count
    loop.onTurnEnd = { pool.flush() }
    for (number, source) in sources.enumerated() {
      jobs.load(source, number: number, ownHost: false, depth: .definition) { result in
        switch result {
        case .success(let loaded): definitions.append(loaded.definition)
        case .failure(let failure): errors += failure.errors
        }
        left -= 1
        if left == 0 { loop.stop() }
      }
    }
    pool.flush()
    loop.run()
    loader = nil
    installer?.close()
    pool.close()
    if let trouble { throw RunnerError(trouble) }
    return (definitions, errors)
  }
}
