import Glibc
import LuaHost
import Values

// Whole folders, links, modes and digests.
extension FilesModule {
  static let treeFunctions: [HostFunction] = [
    .long("copy", of: "fs", changes: true) { arguments, job throws(Misuse) in
      let source = try arguments.path(0, in: job, name: "from")
      let destination = try arguments.path(1, in: job, name: "to")
      let recursive = try arguments.options(2, known: ["recursive"]).flag("recursive")
      return { cancellation throws(Trouble) in
        if recursive, let status = try FileSystem.status(source), FileSystem.isFolder(status) {
          try FileSystem.copyFolder(source, to: destination, cancellation)
        } else {
          try FileSystem.copy(source, to: destination, cancellation)
        }
        return [true]
      }
    },
    .long("move", of: "fs", takes: 2, changes: true) { arguments, job throws(Misuse) in
      let source = try arguments.path(0, in: job, name: "from")
      let destination = try arguments.path(1, in: job, name: "to")
      try refuse(source, job, of: arguments.function, done: "moved", program: "mv")
      return { cancellation throws(Trouble) in
        try FileSystem.move(source, to: destination, cancellation)
        return [true]
      }
    },
    .long("hash", of: "fs", takes: 2, changes: false) { arguments, job throws(Misuse) in
      let path = try arguments.path(0, in: job)
      let algorithm = try DigestAlgorithm(try arguments.optionalText(1, "digest") ?? "sha256", arguments)
      return { cancellation throws(Trouble) in
        let input = try InputFile(path, for: "hash")
        var digest = algorithm.running
        while let piece = try input.next() {
          try cancellation.check()
          digest.update(piece)
        }
        return [.string(BinaryText.hex(digest.finish()))]
      }
    },
    function("chmod", takes: 2, changes: true) { arguments, job throws(Misuse) in
      let path = try arguments.path(0, in: job)
      let text = try arguments.text(1, "mode")
      guard (3...4).contains(text.utf8.count), let mode = mode_t(text, radix: 8) else {
        throw arguments.misuse("mode must be octal digits like \"0644\", not \(describe(arguments[1]))")
      }
      return { () throws(Trouble) in
        guard path.withCString({ chmod($0, mode) }) == 0 else { throw .system("change the mode of", path) }
        return [true]
      }
    },
    function("symlink", takes: 2, changes: true) { arguments, job throws(Misuse) in
      let target = try arguments.bytes(0, "target")
      guard !target.isEmpty, !target.contains(0) else {
        throw arguments.misuse("target is empty, or has a zero byte")
      }
      let path = try arguments.path(1, in: job)
      return { () throws(Trouble) in
        try FileSystem.makeLink(path, to: target)
        return [true]
      }
    },
    function("readlink", takes: 1, changes: false) { arguments, job throws(Misuse) in
      let path = try arguments.path(0, in: job)
      return { () throws(Trouble) in [.bytes(try FileSystem.link(path))] }
    },
    // What is in one folder, for the iterator of `fs.walk`, and the folder's own number.
    .long("scan", of: "fs", shownAs: "walk", changes: false) { arguments, job throws(Misuse) in
      let path = try arguments.path(0, in: job)
      let options = try arguments.options(1, known: ["depth", "follow", "hidden", "on_error"])
      _ = try options.count("depth", in: 1...Int.max)
      let follow = try options.flag("follow")
      let hidden = try options.flag("hidden", absent: true)
      return { cancellation throws(Trouble) in
        guard let folder = try FileSystem.status(path) else { throw .system("list", path, code: ENOENT) }
        var entries: [DataValue] = []
        for name in try FileSystem.names(in: path) where hidden || name.first != UInt8(ascii: ".") {
          try cancellation.check()
          if let entry = try entry(path.appending(name), name, follow: follow) { entries.append(entry) }
        }
        return [.list(entries), .string("\(folder.st_dev):\(folder.st_ino)")]
      }
    },
  ]

  /// Nil for what is gone by now.
  private static func entry(_ path: JobPath, _ name: [UInt8], follow: Bool) throws(Trouble) -> DataValue? {
    guard let own = try FileSystem.status(path, followingLinks: false) else { return nil }
    let isLink = own.st_mode & S_IFMT == S_IFLNK
    // A link that leads nowhere stays a link.
    let status = isLink && follow ? try FileSystem.status(path) ?? own : own
    let kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: "file"
      case S_IFDIR: "folder"
      case S_IFLNK: "link"
      default: "other"
      }
    return .object([
      "name": .bytes(name), "type": .string(kind), "link": .bool(isLink), "size": .int(Int64(status.st_size)),
      "modified": .double(seconds(status.st_mtim)), "mode": .string(octal(status.st_mode & 0o7777)),
    ])
  }
}
