import LuaHost
import Values

// gzip and tar.
extension FilesModule {
  private static let gzipEnding = Array(".gz".utf8)

  static let archiveFunctions: [HostFunction] = [
    .long("gzip", of: "fs", changes: true) { arguments, job throws(Misuse) in
      let source = try arguments.path(0, in: job, name: "from")
      let given =
        arguments[1] == .null ? try arguments.bytes(0, "from") + gzipEnding : try arguments.bytes(1, "to")
      let destination = try JobPath(given, in: job.folder, of: arguments.function, name: "to")
      let level = try level(arguments.options(2, known: ["level"]))
      return { cancellation throws(Trouble) in
        try GzipFile.pack(source, to: destination, level: level, cancellation)
        return [.bytes(given)]
      }
    },
    .long("gunzip", of: "fs", takes: 2, changes: true) { arguments, job throws(Misuse) in
      let source = try arguments.path(0, in: job, name: "from")
      let name = try arguments.bytes(0, "from")
      guard arguments[1] != .null || name.count > 3 && name.suffix(3).elementsEqual(gzipEnding) else {
        throw arguments.misuse("\(describe(arguments[0])) does not end in .gz: say where to unpack it to")
      }
      let given = arguments[1] == .null ? name.dropLast(3) : try arguments.bytes(1, "to")[...]
      let destination = try JobPath(Array(given), in: job.folder, of: arguments.function, name: "to")
      return { cancellation throws(Trouble) in
        try GzipFile.unpack(source, to: destination, cancellation)
        return [.bytes(Array(given))]
      }
    },
    .long("tar", of: "fs", changes: true) { arguments, job throws(Misuse) in
      let source = try arguments.path(0, in: job, name: "from")
      let destination = try arguments.path(1, in: job, name: "to")
      let options = try tarOptions(arguments, destination)
      return { cancellation throws(Trouble) in
        let archive = try TarWriter.pack(source, to: destination, options, cancellation)
        return [
          [
            "entries": .int(Int64(archive.entries)), "bytes": .int(Int64(archive.bytes)),
            "skipped": .list(archive.skipped.map(DataValue.bytes)),
          ]
        ]
      }
    },
    .long("untar", of: "fs", takes: 2, changes: true) { arguments, job throws(Misuse) in
      let source = try arguments.path(0, in: job, name: "from")
      let folder = try arguments.path(1, in: job, name: "to")
      return { cancellation throws(Trouble) in
        let archive = try TarReader.unpack(source, into: folder, cancellation)
        return [["entries": .int(Int64(archive.entries)), "bytes": .int(Int64(archive.bytes))]]
      }
    },
  ]

  private static func level(_ options: Options) throws(Misuse) -> Int {
    try options.count("level", in: 1...9) ?? 6
  }

  private static func tarOptions(
    _ arguments: Arguments, _ destination: JobPath
  ) throws(Misuse) -> TarWriter.Options {
    let options = try arguments.options(2, known: ["exclude", "gzip", "level", "prefix"])
    var result = TarWriter.Options()
    let isNamedSo = destination.given.hasSuffix(".gz") || destination.given.hasSuffix(".tgz")
    result.isCompressed = try options.flag("gzip", absent: isNamedSo)
    result.level = try level(options)
    if let prefix = try options.bytes("prefix") {
      guard let name = FolderTree.Name(prefix), !prefix.contains(0) else {
        throw options.misuse(
          "prefix must be a relative path without \"..\", not \(describe(options["prefix"]))")
      }
      result.prefix = Array(name.parts.joined(separator: [UInt8(ascii: "/")]))
    }
    if options["exclude"] != .null {
      let patterns = options["exclude"].asTable?.items ?? [options["exclude"]]
      result.excluded = patterns.compactMap(\.asBytes)
      guard result.excluded.count == patterns.count, result.excluded.allSatisfy({ !$0.contains(0) }) else {
        throw options.misuse("exclude must be a list of patterns like \"*.tmp\"")
      }
    }
    return result
  }
}
