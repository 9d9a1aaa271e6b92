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

  private static func module(_ name: String, _ functions: [HostFunction]) -> HostModule {
    HostModule(
      name: "almanac." + name, functions: functions, luaSource: EmbeddedSource.bytes("almanac/\(name).lua"))
  }
}
