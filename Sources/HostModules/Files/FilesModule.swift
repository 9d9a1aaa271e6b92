import Glibc
import LuaHost
import Values

/// `almanac.fs`: files and folders.
///
/// What blocks is done on threads of its own while the run waits. A file that is missing, a folder that is
/// full and the like give `nil, err`; a wrong argument raises.
enum FilesModule {
  /// How many bytes a script may hold of one file at once.
  static let readLimit = 64 << 20
  private static let lineChunk = 64 * 1024

  static let functions = (ownFunctions + treeFunctions + archiveFunctions).map { $0.needing(uses) }

  private static let ownFunctions: [HostFunction] =
    [
      function("read", changes: false) { arguments, job throws(Misuse) in
        let path = try arguments.path(0, in: job)
        let options = try arguments.options(1, known: ["offset", "size"])
        let offset = try options.count("offset", in: 0...Int.max) ?? 0
        let size = try options.byteCount("size", upTo: readLimit)
        return { () throws(Trouble) in
          if let size { return [.bytes(try FileSystem.read(path, offset: offset, limit: size))] }
          let bytes = try FileSystem.read(path, offset: offset, limit: readLimit) { size in
            let known = size.map { "it has \(megabytes($0)), " } ?? ""
            return
              "cannot read \(path.given): \(known)more than \(megabytes(readLimit)) are not held at once "
              + "(fs.lines reads line by line, { offset =, size = } a piece)"
          }
          return [.bytes(bytes)]
        }
      },
      // A piece of a file for the iterator of `fs.lines`.
      function("chunk", shownAs: "lines", takes: 2, changes: false) { arguments, job throws(Misuse) in
        let path = try arguments.path(0, in: job)
        let offset = Int(arguments[1].asInt ?? 0)
        return { () throws(Trouble) in [.bytes(try FileSystem.read(path, offset: offset, limit: lineChunk))] }
      },
      .long("write", of: "fs", takes: 2, changes: true) { arguments, job throws(Misuse) in
        let path = try arguments.path(0, in: job)
        let bytes = try arguments.bytes(1, "data")
        return { cancellation throws(Trouble) in
          let file = try AtomicFile(replacing: path, cancellation)
          defer { file.abandon() }
          try file.write(bytes)
          try file.commit()
          return [true]
        }
      },
      function("append", takes: 2, changes: true) { arguments, job throws(Misuse) in
        let path = try arguments.path(0, in: job)
        let bytes = try arguments.bytes(1, "data")
        return { () throws(Trouble) in
          try FileSystem.append(bytes, to: path)
          return [true]
        }
      },
      function("list", takes: 1, changes: false) { arguments, job throws(Misuse) in
        let path =
          arguments[0] == .null
          ? try JobPath([UInt8(ascii: ".")], in: job.folder, of: "fs.list")
          : try arguments.path(0, in: job)
        return { () throws(Trouble) in [.list(try FileSystem.names(in: path).map(DataValue.bytes))] }
      },
      .long("glob", of: "fs", takes: 1, changes: false) { arguments, job throws(Misuse) in
        let glob = try Glob(try arguments.bytes(0, "pattern"), in: job.folder, of: arguments.function)
        return { cancellation throws(Trouble) in [.list(try glob.matches(cancellation).map(DataValue.bytes))]
        }
      },
      function("exists", takes: 1, changes: false) { arguments, job throws(Misuse) in
        let path = try arguments.path(0, in: job)
        return { () throws(Trouble) in [.bool(try FileSystem.status(path) != nil)] }
      },
      function("stat", takes: 1, changes: false) { arguments, job throws(Misuse) in
        let path = try arguments.path(0, in: job)
        return { () throws(Trouble) in [try stat(path)] }
      },
      function("disk", takes: 1, changes: false) { arguments, job throws(Misuse) in
        let path = try arguments.path(0, in: job)
        return { () throws(Trouble) in [try disk(path)] }
      },
      function("mkdir", takes: 1, changes: true) { arguments, job throws(Misuse) in
        let path = try arguments.path(0, in: job)
        return { () throws(Trouble) in
          try FileSystem.makeFolder(path)
          return [true]
        }
      },
      .long("remove", of: "fs", changes: true) { arguments, job throws(Misuse) in
        let path = try arguments.path(0, in: job)
        let recursive = try arguments.options(1, known: ["recursive"]).flag("recursive")
        if recursive { try refuse(path, job, of: arguments.function, done: "removed", program: "rm") }
        return { cancellation throws(Trouble) in
          try FileSystem.remove(path, recursive: recursive, cancellation)
          return [true]
        }
      },
    ]

  /// What each function does with its arguments.
  private static let uses: [String: [PathUse]] = [
    "read": [.read(0)], "chunk": [.read(0)], "list": [.read(0)], "glob": [.search(0)], "exists": [.read(0)],
    "stat": [.read(0)], "disk": [.read(0)], "hash": [.read(0)], "scan": [.read(0)], "readlink": [.look(0)],
    "write": [.write(0)], "append": [.write(0)], "mkdir": [.write(0)], "chmod": [.write(0)],
    "remove": [.change(0)], "symlink": [.change(1)], "move": [.change(0), .change(1)],
    "copy": [.read(0), .write(1)], "tar": [.read(0), .write(1)], "untar": [.read(0), .write(1)],
    "gzip": [.read(0), .packed(1, of: 0)], "gunzip": [.read(0), .unpacked(1, of: 0)],
  ]

  static func function(
    _ name: String, shownAs shown: String? = nil, takes: Int? = nil, changes: Bool,
    _ prepare: @escaping @Sendable (Arguments, JobContext) throws(Misuse) -> HostFunction.Work
  ) -> HostFunction {
    .blocking(name, of: "fs", shownAs: shown, takes: takes, changes: changes, prepare)
  }

  private static func stat(_ path: JobPath) throws(Trouble) -> DataValue {
    guard let status = try FileSystem.status(path) else { throw .system("look at", path, code: ENOENT) }
    let link = try FileSystem.status(path, followingLinks: false)
    let kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: "file"
      case S_IFDIR: "folder"
      default: "other"
      }
    return .object([
      "type": .string(kind), "size": .int(Int64(status.st_size)),
      "modified": .double(seconds(status.st_mtim)),
      "mode": .string(octal(status.st_mode & 0o7777)),
      "link": .bool(link.map { $0.st_mode & S_IFMT == S_IFLNK } ?? false),
    ])
  }

  private static func disk(_ path: JobPath) throws(Trouble) -> DataValue {
    var status = statvfs()
    guard path.withCString({ statvfs($0, &status) }) == 0 else { throw .system("look at", path) }
    func bytes(_ blocks: UInt) -> DataValue {
      let (product, overflow) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize))
      return .int(overflow ? .max : Int64(clamping: product))
    }
    let used = status.f_blocks - min(status.f_blocks, status.f_bfree)
    return .object([
      "total": bytes(status.f_blocks), "free": bytes(status.f_bfree), "available": bytes(status.f_bavail),
      "used": bytes(used),
    ])
  }

  /// A slip in a variable must not take away the job's own folder, the user's home or the like.
  ///
  /// - Parameters:
  ///   - done: What does not happen to it: `removed`.
  ///   - program: What does it for those who mean it.
  static func refuse(
    _ path: JobPath, _ job: JobContext, of function: String, done: String, program: String
  ) throws(Misuse) {
    guard let objection = ProtectedFolders(of: job).objection(to: path) else { return }
    throw Misuse(
      "\(function): \(path.given) \(objection): it is not \(done) (almanac.process with \"\(program)\" does what you mean)"
    )
  }

  static func seconds(_ time: timespec) -> Double {
    Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
  }

  static func octal(_ mode: mode_t) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  private static func megabytes(_ bytes: Int) -> String { "\(bytes >> 20) MB" }
}

extension Arguments {
  /// The path at `index`, relative to the job's folder.
  func path(_ index: Int, in job: JobContext, name: String = "path") throws(Misuse) -> JobPath {
    try JobPath(try bytes(index, name), in: job.folder, of: function, name: name)
  }
}
