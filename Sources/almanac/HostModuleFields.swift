import HostModules

/// What is in the modules that every job can require, by the annotations that editors are given.
enum HostModuleFields {
  /// The fields by the module's name.
  static let all: [String: Set<String>] = Dictionary(
    uniqueKeysWithValues: StandardModules.names.map { name in
      let short = name.split(separator: ".").last.map(String.init) ?? name
      let annotations = Resource.all(in: "annotations/").first { $0.name == short + ".lua" }
      return (name, annotations.map { fields(of: short, in: $0.text) } ?? [])
    })

  /// `function http.get(`, and `---@field status` of the module or of what its functions return.
  private static func fields(of module: String, in text: String) -> Set<String> {
    var fields: Set<String> = []
    for line in text.split(separator: "\n") {
      for opening in ["function \(module).", "---@field "] where line.hasPrefix(opening) {
        fields.insert(
          String(line.dropFirst(opening.count).prefix { $0.isLetter || $0.isNumber || $0 == "_" }))
      }
    }
    return fields
  }
}
