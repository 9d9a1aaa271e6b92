import LuaHost

/// The modules that a job can `require`, beside those that are part of the host itself.
public enum StandardModules {
  public static let all: [HostModule] = [
    module("http", HTTPModule.functions), module("json", JSONModule.functions),
    module("fs", FilesModule.functions), module("crypto", CryptoModule.functions),
    module("notify", NotifyModule.functions),
    module("csv", CSVModule.functions), module("process", ProcessModule.functions),
    module("time", TimeModule.functions), module("yaml", YAMLModule.functions),
    module("io", IOModule.functions),
  ]

  /// The names of all modules that every job can require, those of the host itself too.
  public static var names: [String] {
    all.map(\.name) + ["almanac.job", "almanac.kv", "almanac.log"]
  }

  private static func module(_ name: String, _ functions: [HostFunction]) -> HostModule {
    HostModule(
      name: "almanac." + name, functions: functions, luaSource: EmbeddedSource.bytes("almanac/\(name).lua"))
  }
}
