import Glibc
import LuaHost
import Values

/// What `io`, and `os.execute`, `remove`, `rename` and `tmpname`, are made of, in `io.lua`.
///
/// Files are numbers here, of ``OpenFiles``. Trouble is `nil`, the system's message and its number. What may block
/// is done beside the workers.
enum IOModule {
  static let functions =
    [
      // open(path, mode), for reading only; create(path, mode), for all others.
      HostFunction(
        name: "open", isOutside: false, needs: { [access($0, .read)].compactMap(\.self) }, body: open),
      HostFunction(
        name: "create", isOutside: true,
        needs: { call in
          let reads = call.arguments.dropFirst().first?.asString?.contains("+") ?? false
          return [access(call, .write), reads ? access(call, .read) : nil].compactMap(\.self)
        }, body: open),
      HostFunction(name: "tmpfile", isOutside: true, needs: HostFunction.needsNothing) { call in
        adding(to: call) { () throws(SystemError) in try DiskFile(temporaryIn: temporaryFolder) }
      },
      HostFunction(name: "popen", isOutside: true, needs: shellIsNeeded, body: popen),
      // log("stdout" or "stderr", text)
      HostFunction(name: "log", isOutside: false, needs: HostFunction.needsNothing) { call in
        let files: OpenFiles = call.resource()
        files.log(bytes(call, 1), isError: call.arguments.first == "stderr", for: call)
        return .values([true])
      },
    ] + handleFunctions + systemFunctions

  /// What a file does, by its number. That it may do so was asked when it was opened.
  private static let handleFunctions = [
    // read(id, limit): some bytes, none at the end
    HostFunction(name: "read", isOutside: false, needs: HostFunction.needsNothing) { call in
      let limit = min(max(1, Int(clamping: integer(call, 1))), mostAtOnce)
      return with(
        call, disk: { file throws(SystemError) in [.bytes(try file.read(limit: limit))] },
        process: { $0.read(limit: limit, for: call) })
    },
    // write(id, bytes, how many were read ahead)
    HostFunction(name: "write", isOutside: true, needs: HostFunction.needsNothing) { call in
      let (data, unread) = (bytes(call, 1), Int(clamping: integer(call, 2)))
      let files: OpenFiles = call.resource()
      if unread == 0, case .disk(let file) = files[integer(call, 0)], file.gather(data) {
        return .values([true])
      }
      return with(
        call,
        disk: { file throws(SystemError) in
          try file.write(data, unread: unread)
          return [true]
        }, process: { $0.write(data, for: call) })
    },
    // What is flushed has been written: the run has called outside by then.
    HostFunction(name: "flush", isOutside: false, needs: HostFunction.needsNothing) { call in
      with(
        call,
        disk: { file throws(SystemError) in
          try file.flush()
          return [true]
        }, process: { _ in call.resume(.values([true])) })
    },
    // seek(id, whence, offset, how many were read ahead)
    HostFunction(name: "seek", isOutside: false, needs: HostFunction.needsNothing) { call in
      let (offset, unread) = (integer(call, 2), integer(call, 3))
      let whence = ["set": SEEK_SET, "end": SEEK_END][call.arguments[1].asString ?? ""] ?? SEEK_CUR
      let target = whence == SEEK_CUR ? offset.subtractingReportingOverflow(unread).partialValue : offset
      return with(
        call,
        disk: { file throws(SystemError) in
          [.int(Int64(try file.seek(Int(target), from: whence)))]
        }, process: { _ in call.resume(.values(SystemError(code: ESPIPE).values)) })
    },
    // setvbuf(id, mode)
    HostFunction(name: "setvbuf", isOutside: false, needs: HostFunction.needsNothing) { call in
      let buffering = call.arguments[1].asString.flatMap(DiskFile.Buffering.init(rawValue:)) ?? .full
      return with(
        call,
        disk: { file throws(SystemError) in
          try file.buffer(buffering)
          return [true]
        }, process: { _ in call.resume(.values([true])) })
    },
    HostFunction(name: "close", isOutside: false, needs: HostFunction.needsNothing) { call in
      let files: OpenFiles = call.resource()
      switch files[integer(call, 0)] {
      case .disk(let file):
        _ = files.remove(integer(call, 0))
        return answering(call) { () throws(SystemError) in
          try file.flush()
          return [true]
        }
      case .process(let stream):
        guard call.canWait else { return .waiting }
        _ = files.remove(integer(call, 0))
        stream.close(for: call)
        return .waiting
      case nil: return .values(SystemError(code: EBADF).values)
      }
    },
  ]

  /// What belongs to `os`.
  private static let systemFunctions = [
    // execute(command)
    HostFunction(name: "execute", isOutside: true, needs: shellIsNeeded) { call in
      shell(call, "os.execute") { plan in
        var plan = plan
        plan.logs = true
        plan.maxOutput = 0
        let run = ProcessRun(plan, call, call.resource()) { result in
          switch result {
          case .success(let end): return .values(end.status.values)
          case .failure(let trouble):
            // As a shell says that there is no such command.
            call.log(.warn, trouble.text)
            return .values(ChildProcess.Status.code(127).values)
          }
        }
        call.onCancel { run.stop() }
        run.begin()
      }
    },
    HostFunction(name: "remove", isOutside: true, needs: { [entry($0, 0)].compactMap(\.self) }) { call in
      path(call, 0) { path in
        answering(call) { () throws(SystemError) in
          guard path.withCString({ Glibc.remove($0) }) == 0 else {
            throw SystemError(code: errno, path: path.given)
          }
          return [true]
        }
      }
    },
    HostFunction(
      name: "rename", isOutside: true, needs: { [entry($0, 0), entry($0, 1)].compactMap(\.self) }
    ) { call in
      path(call, 0) { from in
        path(call, 1) { to in
          do throws(Misuse) {
            try FilesModule.refuse(from, call.job, of: "os.rename", done: "moved", program: "mv")
          } catch {
            return .misuse(error.text)
          }
          return answering(call) { () throws(SystemError) in
            guard from.withCString({ from in to.withCString { Glibc.rename(from, $0) } }) == 0 else {
              throw SystemError(code: errno)
            }
            return [true]
          }
        }
      }
    },
    // tmpname(): a new, empty file
    HostFunction(
      name: "tmpname", isOutside: true,
      needs: { _ in [Capability(.write, path: Array(temporaryFolder.utf8))] }
    ) { call in
      answering(call) { () throws(SystemError) in
        let (file, name) = try DiskFile.temporary(in: temporaryFolder)
        Glibc.close(file)
        return [.bytes(name)]
      }
    },
  ]

  /// To read or write the file that the first argument names.
  private static func access(_ call: HostCall, _ kind: Capability.Kind) -> Capability? {
    let given = bytes(call, 0)
    return given.isEmpty ? nil : Capability(kind, path: FilePath.absolute(given, in: call.job.folder))
  }

  /// To change the entry that an argument names, be it a link.
  private static func entry(_ call: HostCall, _ index: Int) -> Capability? {
    let given = bytes(call, index)
    if given.isEmpty { return nil }
    return Capability(.write, path: FilePath.absolute(given, in: call.job.folder), followsLast: false)
  }

  private static let shellIsNeeded: HostFunction.Needs = { _ in [Capability(.process, "sh")] }

  /// The most that is read by one call, in bytes.
  private static let mostAtOnce = 1 << 20

  private static var temporaryFolder: String {
    HostEnvironment.variables["TMPDIR"].map { String(decoding: $0, as: UTF8.self) } ?? "/tmp"
  }

  @Sendable private static func open(_ call: HostCall) -> HostReply {
    let mode = call.arguments.count > 1 ? call.arguments[1].asString ?? "r" : "r"
    return path(call, 0) { path in
      adding(to: call) { () throws(SystemError) in try DiskFile(path, mode: mode) }
    }
  }

  @Sendable private static func popen(_ call: HostCall) -> HostReply {
    shell(call, "io.popen") { plan in
      let files: OpenFiles = call.resource()
      guard files.hasRoom else { return call.resume(.values(SystemError(code: EMFILE).values)) }
      let stream = ProcessStream(call)
      stream.begin(plan, reads: call.arguments[1] == "r") { files.add(.process(stream)) }
    }
  }

  /// Does `work`, beside the workers, with the plan for the shell's command that the first argument is.
  private static func shell(
    _ call: HostCall, _ function: String, _ work: @escaping @Sendable (ProcessPlan) -> Void
  ) -> HostReply {
    do throws(Misuse) {
      let plan = try ProcessPlan(
        shell: bytes(call, 0), try Options(.null, of: function, known: []), in: call.job)
      // Where the run cannot wait, this raises; nothing is started.
      guard call.canWait else { return .waiting }
      BlockingWork.begin { work(plan) }
      return .waiting
    } catch {
      return .misuse(error.text)
    }
  }

  private static func path(
    _ call: HostCall, _ index: Int, _ body: (JobPath) -> HostReply
  ) -> HostReply {
    let given = bytes(call, index)
    if given.isEmpty { return .values(SystemError(code: ENOENT, path: "").values) }
    do throws(Misuse) {
      return body(try JobPath(given, in: call.job.folder, of: "io"))
    } catch {
      return .misuse(error.text)
    }
  }

  /// Opens a file, and answers with its number.
  private static func adding(
    to call: HostCall, _ open: @escaping @Sendable () throws(SystemError) -> DiskFile
  ) -> HostReply {
    let files: OpenFiles = call.resource()
    return answering(call) { () throws(SystemError) in
      guard files.hasRoom else { throw SystemError(code: EMFILE) }
      return [.int(files.add(.disk(try open())))]
    }
  }

  /// Has the file that the first argument names do something.
  private static func with(
    _ call: HostCall, disk: @escaping @Sendable (DiskFile) throws(SystemError) -> [DataValue],
    process: (ProcessStream) -> Void
  ) -> HostReply {
    let files: OpenFiles = call.resource()
    switch files[integer(call, 0)] {
    case .disk(let file): return answering(call) { () throws(SystemError) in try disk(file) }
    case .process(let stream):
      guard call.canWait else { return .waiting }
      process(stream)
      return .waiting
    case nil: return .values(SystemError(code: EBADF).values)
    }
  }

  private static func answering(
    _ call: HostCall, _ work: @escaping @Sendable () throws(SystemError) -> [DataValue]
  ) -> HostReply {
    BlockingWork.reply(to: call) {
      do throws(SystemError) { return .success(try work()) } catch { return .success(error.values) }
    }
  }

  // `io.lua` has checked the arguments; what is not there counts as nothing.

  private static func bytes(_ call: HostCall, _ index: Int) -> [UInt8] {
    call.arguments.indices.contains(index) ? call.arguments[index].asBytes ?? [] : []
  }

  private static func integer(_ call: HostCall, _ index: Int) -> Int64 {
    call.arguments.indices.contains(index) ? call.arguments[index].asInt ?? 0 : 0
  }
}

extension SystemError {
  /// As Lua's functions return it.
  var values: [DataValue] { [.null, .string(message), .int(Int64(code))] }
}
