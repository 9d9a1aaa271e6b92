import LuaHost
import Values

/// `almanac.yaml`: Lua values to YAML text and back.
enum YAMLModule {
  static let functions: [HostFunction] = [
    .immediate("encode", of: "yaml", takes: 1) { arguments, _ throws(Misuse) in
      do throws(YAMLTrouble) { return .values([.string(try YAMLWriter.document(arguments[0]))]) } catch {
        throw arguments.misuse(error.text)
      }
    },
    // The value comes in a list, so that `null` arrives as `yaml.null` and not as `nil`.
    .immediate("decode", of: "yaml", takes: 1) { arguments, _ throws(Misuse) in
      let text = try arguments.bytes(0, "text")
      return reading { () throws(YAMLDamage) in [try YAMLReader.document(text)] }
    },
    .immediate("decode_all", of: "yaml", takes: 1) { arguments, _ throws(Misuse) in
      let text = try arguments.bytes(0, "text")
      return reading { () throws(YAMLDamage) in try YAMLReader.documents(text) }
    },
  ]

  private static func reading(_ body: () throws(YAMLDamage) -> [DataValue]) -> HostReply {
    do throws(YAMLDamage) { return .values([.list(try body())]) } catch {
      return .trouble("not YAML: \(error.text)")
    }
  }
}
