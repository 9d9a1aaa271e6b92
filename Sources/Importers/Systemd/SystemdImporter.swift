import Glibc
import JobWriting

/// Makes jobs of systemd's timers, each with the service that it starts.
public struct SystemdImporter {
  /// The machine whose units they are.
  public struct Machine: Sendable {
    public var host: String
    public var users: Users
    /// Where systemd itself looks for units, the first of them first.
    public var unitFolders: [String]

    public init(host: String, users: Users, unitFolders: [String] = Machine.systemFolders) {
      self.host = host
      self.users = users
      self.unitFolders = unitFolders
    }

    /// This one.
    public static let here = Machine(host: hostName, users: .ofMachine)

    private static var hostName: String {
      var name = utsname()
      guard uname(&name) == 0 else { return "localhost" }
      return withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    public static let systemFolders = [
      "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
      "/usr/lib/systemd/system",
      "/lib/systemd/system",
    ]
  }

  public var machine: Machine

  public init(machine: Machine) { self.machine = machine }

  /// Makes jobs of a timer, or of all timers in a folder, such as `/etc/systemd/system`.
  ///
  /// Services and drop-ins are looked for beside the timers; for a folder of systemd's own, in all of those.
  public func jobs(at path: String) -> Imported {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    switch ImportFile.kind(of: path) {
    case .folder:
      let timers: [(name: String, file: String)]
      do {
        timers = try self.timers(in: path)
      } catch {
        return Imported(problems: [error.description])
      }
      guard !timers.isEmpty else { return Imported(problems: ["\(path): there is no timer in this folder"]) }
      var all = Imported()
      for timer in timers {
        let one = job(of: timer.name, file: timer.file, in: path)
        all.jobs += one.jobs
        all.problems += one.problems
      }
      return all
    default:
      let name = String(path.split(separator: "/").last ?? "")
      guard name.hasSuffix(".timer") else {
        return Imported(problems: [
          "\(path): this is no timer; name a .timer file, or a folder with some in it"
        ])
      }
      let folder = path.contains("/") ? String(path.dropLast(name.count + 1)) : "."
      return job(of: name, file: path, in: folder.isEmpty ? "/" : folder)
    }
  }

  /// The timers in a folder, and the instances of templates that are linked for a target to want.
  private func timers(in folder: String) throws(ImportFile.Failure) -> [(name: String, file: String)] {
    var timers: [(name: String, file: String)] = []
    var wanted: [(name: String, file: String)] = []
    for name in try ImportFile.names(in: folder) {
      let path = "\(folder)/\(name)"
      if name.hasSuffix(".timer") {
        timers.append((name, path))
      } else if name.hasSuffix(".wants"), ImportFile.kind(of: path) == .folder {
        for link in try ImportFile.names(in: path) where link.hasSuffix(".timer") {
          wanted.append((link, "\(path)/\(link)"))
        }
      }
    }
    let known = Set(timers.map(\.name))
    let instances = wanted.filter { link in
      !known.contains(link.name)
        && (UnitFolder.template(link.name) != nil || ImportFile.kind(of: link.file) == .file)
    }
    let served = Set(instances.compactMap { UnitFolder.template($0.name) })
    // A template whose instances are there is not missing one.
    return timers.filter { !served.contains($0.name) } + instances
  }

  private func job(of name: String, file: String, in folder: String) -> Imported {
    let own = [folder]
    let units = UnitFolder(
      folders: machine.unitFolders.contains(folder)
        ? own + machine.unitFolders.filter { $0 != folder } : own)
    if ImportFile.kind(of: file) == .other {
      return Imported(problems: [
        "\(file): this unit is masked, so that systemd does not start it; no job was made"
      ])
    }
    do {
      let isLink = ImportFile.kind(of: file) == .file
      guard let timer = try units.unit(name, file: isLink ? file : nil) else {
        return Imported(problems: ["\(file): there is no such timer"])
      }
      var instance = name
      if let at = name.firstIndex(of: "@"), name[at...].hasPrefix("@.") {
        guard let given = timer.last("Install", "DefaultInstance") else {
          let linked = name[...at] + "NAME" + name[name.index(after: at)...]
          return Imported(problems: ["\(file): this is a template; link it as \(linked), and import that"])
        }
        instance = name[...at] + given.value + name[name.index(after: at)...]
      }
      var specifiers: Set<String> = []
      let unitName = Specifiers(unit: instance, machine: machine).expanded(
        timer.last("Timer", "Unit")?.value ?? Specifiers.stem(instance) + ".service", unknown: &specifiers)
      let service = unitName.hasSuffix(".service") ? try units.unit(unitName) : nil
      let job = TimerJob(
        name: instance, file: file, timer: timer, serviceName: unitName, service: service, machine: machine)
      return Imported(jobs: [job.imported], problems: timer.problems + (service?.problems ?? []))
    } catch {
      return Imported(problems: [error.description])
    }
  }
}
