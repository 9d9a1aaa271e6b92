/// Units as they lie in folders: the files, their templates, and the drop-ins beside them.
///
/// Source: `systemd.unit(5)`.
struct UnitFolder {
  /// Where a unit is looked for, the first of them first.
  var folders: [String]

  /// A unit with its drop-ins; nil where there is no file of it.
  ///
  /// - Parameter file: Where its own file is, if that is known.
  func unit(_ name: String, file: String? = nil) throws(ImportFile.Failure) -> UnitFile? {
    guard let file = file ?? self.file(of: name) else { return nil }
    var unit = UnitFile()
    unit.read(try ImportFile.text(at: file), file: file)
    for dropIn in dropIns(of: name) { unit.read(try ImportFile.text(at: dropIn), file: dropIn) }
    return unit
  }

  /// The file of a unit, else that of its template: `backup@home.service`, `backup@.service`.
  private func file(of name: String) -> String? {
    for candidate in [name] + (Self.template(name).map { [$0] } ?? []) {
      for folder in folders where ImportFile.kind(of: "\(folder)/\(candidate)") == .file {
        return "\(folder)/\(candidate)"
      }
    }
    return nil
  }

  /// `backup@.service` of `backup@home.service`.
  static func template(_ name: String) -> String? {
    guard let at = name.firstIndex(of: "@"), let dot = name.lastIndex(of: "."), at < dot else { return nil }
    let template = name[...at] + name[dot...]
    return template == name ? nil : String(template)
  }

  /// Drop-ins in the order in which they count: by their names, whichever folder they are in. One that is in an
  /// earlier folder hides those of its name in later ones.
  private func dropIns(of name: String) -> [String] {
    var paths: [String: String] = [:]
    for owner in owners(of: name) {
      for folder in folders {
        let path = "\(folder)/\(owner).d"
        guard ImportFile.kind(of: path) == .folder, let names = try? ImportFile.names(in: path) else {
          continue
        }
        for name in names where name.hasSuffix(".conf") && paths[name] == nil {
          guard ImportFile.kind(of: "\(path)/\(name)") == .file else { continue }
          paths[name] = "\(path)/\(name)"
        }
      }
    }
    return paths.sorted { $0.key < $1.key }.map(\.value)
  }

  /// What drop-ins of a unit may belong to, the most special first: `a-b@c.timer`, `a-b@.timer`, `a-.timer`, `timer`.
  private func owners(of name: String) -> [String] {
    guard let dot = name.lastIndex(of: ".") else { return [name] }
    var owners = [name] + (Self.template(name).map { [$0] } ?? [])
    var prefix = Substring(Specifiers.prefix(name))
    while let dash = prefix.dropLast().lastIndex(of: "-") {
      prefix = prefix[...dash]
      owners.append(String(prefix) + String(name[dot...]))
    }
    return owners + [String(name[name.index(after: dot)...])]
  }
}
