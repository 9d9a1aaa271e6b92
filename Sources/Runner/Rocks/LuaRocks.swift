import CLinux
import Files
import FoundationEssentials
import Glibc
import Jobs
import Synchronization

/// The `luarocks` program: installs into a tree, in a child process. Its calls wait, and belong on a thread of their
/// own; ``stop()`` may be called from any.
final class LuaRocks: Sendable {
  /// What went wrong, with the program's own words.
  struct Failure: Error {
    let text: String
  }

  /// One rock, with all that it depends on, should not take longer, in nanoseconds: some compile for minutes.
  private static let limit: Int64 = 1_800_000_000_000

  private struct State {
    var child: pid_t?
    var isStopped = false
  }

  private let program: String
  private let state = Mutex(State())

  /// - Throws: How to get the program, if it is not there.
  init() throws(Failure) {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    let folders = path.split(separator: ":")
    guard let folder = folders.first(where: { access("\($0)/luarocks", X_OK) == 0 }) else {
      throw Failure(
        text: "LuaRocks is needed to install rocks, and there is no program luarocks in PATH; install it "
          + "(on Debian and Ubuntu: apt install luarocks; native rocks need gcc and liblua5.4-dev too)")
    }
    program = "\(folder)/luarocks"
  }

  /// Installs a rock, and what it depends on.
  ///
  /// - Parameters:
  ///   - server: A folder or an address to take rocks from, and from nowhere else; `nil` for what the program is
  ///     configured to.
  func install(
    _ rock: RocksFile.Rock, into tree: RockTree, lock: RockTree.Lock, server: String?
  ) throws(Failure) {
    // Of a rock to install it takes one exact version; of one that something depends on, any that fits.
    let wish = "\(tree.path)/wish-1-1.rockspec"
    let text = """
      package = "wish"
      version = "1-1"
      source = { url = "" }
      dependencies = { "\(rock.text)" }
      build = { type = "none" }

      """
    do throws(SystemFailure) { try FileBytes.replace(wish, with: Array(text.utf8)) } catch {
      throw Failure(text: "cannot write \(wish): \(error)")
    }
    defer { unlink(wish) }
    var arguments = ["--lua-version=5.4", "--tree=\(tree.tree)"]
    if let server, !server.isEmpty { arguments.append("--only-server=\(server)") }
    arguments += ["install", "--deps-only", "--deps-mode=one", wish]
    let (status, output) = try run(arguments, lock: lock)
    guard status != 0 else { return }
    throw Failure(text: "luarocks cannot install \(rock.text): \(Self.gist(of: output, status))")
  }

  /// Ends the program with all that it started; what it was doing fails.
  func stop() {
    state.withLock { state in
      state.isStopped = true
      if let child = state.child { kill(-child, SIGKILL) }
    }
  }

  /// What of the program's words says what is wrong: its errors, else its last lines. That there is no such rock
  /// is also what it says of servers that it did not reach; then the first of those stands beside it.
  private static func gist(of output: [UInt8], _ status: Int32) -> String {
    let lines = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isNewline)
      .filter { !$0.allSatisfy(\.isWhitespace) }
    let errors = lines.filter { $0.contains("Error") || $0.contains("error:") }
    let gist = (errors.isEmpty ? lines.suffix(5) : errors.suffix(5)).map {
      $0.hasPrefix("Error: ") ? $0.dropFirst(7) : $0
    }
    guard !gist.isEmpty else { return "it ended with status \(status >> 8 & 0xff)" }
    let unreached = lines.first { $0.contains("Failed searching manifest: ") }
    let words = unreached?.split(separator: ": ", maxSplits: 2).last.map { " (\($0))" } ?? ""
    return gist.joined(separator: "; ") + words
  }

  // MARK: The child

  /// Runs the program to its end, and returns its wait status and the end of what it wrote.
  private func run(
    _ arguments: [String], lock: RockTree.Lock
  ) throws(Failure) -> (status: Int32, output: [UInt8]) {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw Failure(text: "cannot make a socket for luarocks: \(SystemFailure())")
    }
    defer { close(ends[0]) }
    // It holds the lock too: should this process be killed, nobody installs beside a program that goes on.
    let child = spawn(arguments, [ends[1], lock.descriptor])
    close(ends[1])
    guard child > 0 else { throw Failure(text: "cannot start \(program): \(SystemFailure(code: -child))") }
    let isStopped = state.withLock { state in
      state.child = child
      return state.isStopped
    }
    if isStopped { kill(-child, SIGKILL) }
    return try follow(child, ends[0])
  }

  private func spawn(_ arguments: [String], _ descriptors: [Int32]) -> pid_t {
    let words = ["sh", "-c", "exec \"$@\" </dev/null >&3 2>&1 3>&-", "sh", program] + arguments
    let pointers = words.map { strdup($0) } + [nil]
    let environment = ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in pointers + environment { free(text) } }
    return clinux_spawn("/bin/sh", pointers, environment, descriptors, Int32(descriptors.count))
  }

  private func follow(_ child: pid_t, _ descriptor: Int32) throws(Failure) -> (Int32, [UInt8]) {
    let deadline = clinux_monotonic_ns() + Self.limit
    var output: [UInt8] = []
    var (status, isOpen, hasEnded, isLate) = (Int32(0), true, false, false)
    while true {
      // What it leaves running in the background may keep the socket open: that is not waited for.
      var wait = pollfd(fd: isOpen ? descriptor : -1, events: Int16(POLLIN), revents: 0)
      if poll(&wait, 1, hasEnded ? 0 : 100) > 0 {
        isOpen = Self.read(descriptor, to: &output)
        if isOpen { continue }
      }
      if hasEnded { break }
      hasEnded = waitpid(child, &status, WNOHANG) == child
      if !hasEnded, clinux_monotonic_ns() > deadline {
        isLate = true
        kill(-child, SIGKILL)
      }
    }
    state.withLock { $0.child = nil }
    kill(-child, SIGKILL)
    if isLate { throw Failure(text: "luarocks has not ended within \(Self.limit / 60_000_000_000) minutes") }
    return (status, output)
  }

  /// Reads what has come, and keeps the last of all; false at its end.
  private static func read(_ descriptor: Int32, to output: inout [UInt8]) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(descriptor, &chunk, chunk.count)
    guard count > 0 else { return false }
    output += chunk[..<count]
    if output.count > 64 << 10 { output.removeFirst(output.count - (32 << 10)) }
    return true
  }
}
