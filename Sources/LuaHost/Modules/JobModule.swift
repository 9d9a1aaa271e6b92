import Files
import Glibc
import Values

/// `almanac.job`: what a job can do with its own run.
enum JobModule {
  static let functions: [String: Functions.Entry] = [
    "sleep": plain(sleep),
    "remaining": plain { call in
      guard let deadline = call.run?.deadline else { return .values([.null]) }
      return .values([.double(max(0, Double(deadline - monotonicNow()) / 1e9))])
    },
    "output": plain(output),
    "env": Functions.Entry(isOutside: false) { state, call in
      guard state.isConfigured else { return .reply(.misuse(unknownEnvironment)) }
      guard let name = call.arguments.first?.asString else { return .reply(.values([.null])) }
      if call.run == nil, state.limits.secrets.contains(name) {
        return .reply(.misuse("job.env.\(name) is a secret, which is read at each run: use it in main"))
      }
      let value = state.secrets[name] ?? call.job.environment[name]
      return .reply(.values([value.map(DataValue.string) ?? .null]))
    },
    "environment": Functions.Entry(isOutside: false) { state, call in
      guard state.isConfigured else { return .reply(.misuse(unknownEnvironment)) }
      let all = call.job.environment.merging(state.secrets) { $1 }
      return .reply(.values([.object(all.mapValues(DataValue.string))]))
    },
    "params": plain { call in .values([call.run?.params ?? .null]) },
    "skip": ending("job.skip") { arguments throws(Misuse) in
      .skipped(try arguments.optionalText(0, "the reason"))
    },
    "retry_after": ending("job.retry_after") { arguments throws(Misuse) in
      .retryAfter(
        seconds: try arguments.seconds(0, "the time to wait"), try arguments.optionalText(1, "the reason"))
    },
    "fatal": ending("job.fatal") { arguments throws(Misuse) in
      .fatal(try arguments.optionalText(0, "the message") ?? "fatal")
    },
  ]

  private static let unknownEnvironment =
    "job.env is not known at a file's top level, before the schedule is read: use it in initialize or main"

  private static func plain(_ body: @escaping @Sendable (HostCall) -> HostReply) -> Functions.Entry {
    Functions.Entry(isOutside: false) { _, call in .reply(body(call)) }
  }

  /// A function that ends the run.
  private static func ending(
    _ name: String, _ end: @escaping @Sendable (Arguments) throws(Misuse) -> RunEnd
  ) -> Functions.Entry {
    Functions.Entry(isOutside: false) { _, call in
      guard call.run != nil else {
        return .reply(.misuse("\(name) ends a run, and there is none: call it in main"))
      }
      do throws(Misuse) {
        return .end(try end(Arguments(call.arguments, of: name)))
      } catch {
        return .reply(.misuse(error.text))
      }
    }
  }

  /// `sleep(seconds)` or `sleep("10s")`
  @Sendable private static func sleep(_ call: HostCall) -> HostReply {
    let length: Int64
    do throws(Misuse) {
      length = Int64(try Arguments(call.arguments, of: "job.sleep").seconds(0, "the time") * 1e9)
    } catch {
      return .misuse(error.text)
    }
    if length == 0 { return .values([]) }
    guard call.canWait else { return .waiting }
    call.sleep(nanoseconds: length)
    return .waiting
  }

  /// `output(name)`: the path of a file or folder in the job's output folder, which is made.
  @Sendable private static func output(_ call: HostCall) -> HostReply {
    let name: String
    do throws(Misuse) {
      name = try Arguments(call.arguments, of: "job.output").optionalText(0, "the name") ?? ""
    } catch {
      return .misuse(error.text)
    }
    let parts = name.split(separator: "/", omittingEmptySubsequences: true)
    guard !name.hasPrefix("/"), !parts.contains(".."), !name.utf8.contains(0) else {
      return .misuse("job.output: \"\(name)\" is not a name in the job's output folder")
    }
    let folder = call.job.outputFolder
    let path = ([Substring(folder)] + parts.filter { $0 != "." }).joined(separator: "/")
    let parent = parts.isEmpty ? path : String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex))
    do throws(SystemFailure) {
      try Folder.make(parent, mode: 0o777)
      return .values([.string(path)])
    } catch {
      return .trouble("cannot make the folder \(parent): \(error)")
    }
  }
}

extension HostCall {
  /// Answers the call with nothing after that time.
  func sleep(nanoseconds: Int64) {
    let clock = state.host.clock
    let timer = clock.schedule(at: saturatingSum(monotonicNow(), nanoseconds)) { [weak self] in
      self?.resume(.values([]))
    }
    onCancel { clock.cancel(timer) }
  }
}
