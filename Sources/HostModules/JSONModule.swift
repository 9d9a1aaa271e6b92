import LuaHost
import Values

/// `almanac.json`: Lua values to JSON text and back.
enum JSONModule {
  static let functions = [
    HostFunction(name: "encode", isOutside: false, needs: HostFunction.needsNothing) { call in
      do {
        let arguments = Arguments(call.arguments, of: "json.encode")
        let pretty = try arguments.options(1, known: ["pretty"]).flag("pretty")
        return .values([.string(try arguments[0].json(pretty: pretty, during: .ofRun))])
      } catch let misuse as Misuse {
        return .misuse(misuse.text)
      } catch {
        return .misuse("json.encode: \(error)")
      }
    },
    // The value comes in a list, so that `null` arrives as `json.null` and not as `nil`.
    .immediate("decode", of: "json", takes: 1) { arguments, _ throws(Misuse) in
      guard let text = arguments[0].asBytes else {
        throw arguments.misuse("text must be a string, not \(describe(arguments[0]))")
      }
      do throws(JSONTrouble) {
        return .values([.list([try DataValue(json: text, during: .ofRun)])])
      } catch {
        return .trouble("\(error)")
      }
    },
  ]
}
