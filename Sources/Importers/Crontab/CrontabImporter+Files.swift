import JobWriting

extension CrontabImporter {
  /// Makes jobs of a crontab (`-`: standard input), or of all crontabs in a folder, such as `/etc/cron.d`.
  ///
  /// In a folder, files that cron passes over too (hidden ones, and what editors and packages leave behind) are left
  /// out, and the others' names become the jobs' namespaces.
  public func jobs(at path: String) -> Imported {
    guard ImportFile.kind(of: path) == .folder else { return jobs(ofFile: path, folder: nil) }
    let names: [String]
    do {
      names = try ImportFile.names(in: path)
    } catch {
      return Imported(problems: [error.description])
    }
    var all = Imported()
    for name in names where !Self.isLeftover(name) {
      let file = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
      guard ImportFile.kind(of: file) == .file else { continue }
      let one = jobs(ofFile: file, folder: name)
      all.jobs += one.jobs
      all.problems += one.problems
    }
    return all
  }

  private func jobs(ofFile path: String, folder: String?) -> Imported {
    do {
      if path == "-" { return jobs(of: try ImportFile.standardInput(), name: "crontab") }
      return jobs(
        of: try ImportFile.text(at: path), name: path, folder: folder, owner: Self.owner(ofFile: path))
    } catch {
      return Imported(problems: [error.description])
    }
  }

  /// Whose crontab it is, where it lies in the folder that cron keeps those of users in.
  private static func owner(ofFile path: String) -> String? {
    let parts = path.split(separator: "/").map(String.init)
    let folders = parts.dropLast().suffix(2)
    return [["cron", "crontabs"], ["cron", "tabs"], ["spool", "cron"]].contains(Array(folders))
      ? parts.last : nil
  }

  private static func isLeftover(_ name: String) -> Bool {
    name.hasSuffix("~") || name.hasSuffix("#")
      || [".dpkg-", ".rpm", ".bak", ".swp", ".cfsaved", ".orig"].contains { name.contains($0) }
  }
}
