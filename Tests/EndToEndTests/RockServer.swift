import Foundation

/// A folder of rocks that LuaRocks installs from, offline.
struct RockServer {
  let path: String

  init(in folder: String) throws {
    path = folder + "/rocks-server"
    try FileManager.default.createDirectory(atPath: path + "/sources", withIntermediateDirectories: true)
  }

  static let isAvailable = FileManager.default.isExecutableFile(atPath: "/usr/bin/luarocks")

  /// Offers a rock of one file.
  ///
  /// - Parameters:
  ///   - module: the file's name decides whether it is Lua or C: `greeter.lua`, `fast.c`.
  ///   - dependencies: as in a rockspec.
  func offer(
    _ name: String, _ version: String = "1.0", module: String, _ text: String, dependencies: [String] = []
  ) throws {
    let plain = String(module.prefix { $0 != "." })
    try write(
      name, version, text, to: module, dependencies,
      build: "{ type = 'builtin', modules = { [\"\(plain)\"] = '\(module)' } }")
  }

  /// Offers a rock whose installing runs a shell command.
  func offer(_ name: String, command: String) throws {
    try write(
      name, "1.0", "return {}", to: "none.lua", [],
      build: "{ type = 'command', build_command = 'true', install_command = [[\(command)]] }")
  }

  private func write(
    _ name: String, _ version: String, _ text: String, to file: String, _ dependencies: [String],
    build: String
  ) throws {
    let folder = "\(path)/sources/\(name)-\(version)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try text.write(toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8)
    let list = (["lua >= 5.1"] + dependencies).map { "'\($0)'" }.joined(separator: ", ")
    try """
    package = "\(name)"
    version = "\(version)-1"
    source = { url = "file://\(folder)/\(file)" }
    dependencies = { \(list) }
    build = \(build)
    """.write(toFile: "\(path)/\(name)-\(version)-1.rockspec", atomically: true, encoding: .utf8)
    try makeManifest()
  }

  private func makeManifest() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/luarocks-admin")
    process.arguments = ["--lua-version=5.4", "make-manifest", path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Almanac.Failure(description: "luarocks-admin ended with \(process.terminationStatus)")
    }
  }
}
