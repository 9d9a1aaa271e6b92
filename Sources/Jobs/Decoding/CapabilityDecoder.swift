import Scheduling
import Values

/// Reads `allow`: what a job may do to the world, and nothing else (SPEC 4.2).
enum CapabilityDecoder {
  private static let wanted =
    "capabilities: " + Capability.Kind.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")

  /// The list; an empty one allows nothing. `nil` if there is none, or something is wrong with it.
  static func decode(_ reader: inout TableReader) -> [Capability]? {
    if let table = reader.value("allow")?.asTable, table.items.isEmpty, table.fields.isEmpty { return [] }
    guard let items = reader.oneOrMore("allow", wanted: wanted) else { return nil }
    let capabilities = items.compactMap { item in
      guard case .string(let text) = item.value else {
        reader.problems.add(
          item.place, Found.mismatch(item.value, "a capability (\"http\", \"fs:write:/srv\")"))
        return nil as Capability?
      }
      do throws(CapabilityError) { return try Capability(parsing: text) } catch {
        reader.problems.add(item.place, "\(Found.quoted(text)) \(error.objection ?? unknown(text))")
        return nil
      }
    }
    return capabilities.count == items.count ? capabilities : nil
  }

  private static func unknown(_ text: String) -> String {
    // What stands after the kind may be anything: the nearest is looked for without it.
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let known = Capability.Kind.allCases.map(\.rawValue)
    for count in [2, 1] where parts.count >= count {
      let head = parts.prefix(count).joined(separator: ":")
      guard let near = SlipFinder.nearest(to: head, in: known) else { continue }
      let rest = parts.dropFirst(count).map { ":" + $0 }.joined()
      return "is no capability; did you mean \"\(near)\(rest)\"?"
    }
    return "is no capability; there are \(wanted.dropFirst("capabilities: ".count))"
  }
}
