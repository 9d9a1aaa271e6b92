// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours fails on a warning; those of our dependencies do not.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
  name: "almanac",
  products: [
    .executable(name: "almanac", targets: ["almanac"]),
    .library(name: "Scheduling", targets: ["Scheduling"]),
    .library(name: "RunLifecycle", targets: ["RunLifecycle"]),
    .library(name: "TaskScheduling", targets: ["TaskScheduling"]),
    .library(name: "RunStore", targets: ["RunStore", "RunStoreSQLite", "RunStoreTesting"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    // Lua, and nothing else that knows it.
    // Linked statically, as the program `lua5.4` is: through the shared library, table code costs a quarter more.
    .systemLibrary(name: "CLuaSystem", providers: [.apt(["liblua5.4-dev"])]),
    .target(
      name: "CLua", dependencies: ["CLuaSystem"], linkerSettings: [.linkedLibrary(":liblua5.4.a")]),
    .target(
      name: "LuaHost",
      dependencies: [
        "CLua", "Files", "Scheduling", "Values", .product(name: "HeapModule", package: "swift-collections"),
      ],
      swiftSettings: strict),
    .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "HostModules",
      dependencies: [
        "CArchive", "CLinux", "CZlib", "Files", "LuaHost", "Notifying", "Scheduling", "Values", "WebClient",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .target(
      name: "HostProcess",
      dependencies: ["CLinux", "HostModules", "HostProtocol", "KillPoints", "LuaHost", "Values"],
      swiftSettings: strict),

    // Servers elsewhere; knows neither Lua nor jobs.
    .target(
      name: "WebClient",
      dependencies: [
        "CZlib", "Files", "Scheduling",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),

    .target(
      name: "Notifying",
      dependencies: [
        "Files", "Scheduling", "Values", "WebClient",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),

    // Files and folders, and the system's words for what went wrong with them.
    .target(name: "Files", swiftSettings: strict),

    // Pure: no clock, no waiting, no I/O but for reading zone files.
    .target(name: "Values", swiftSettings: strict),
    .target(name: "Scheduling", swiftSettings: strict),
    .target(
      name: "RunLifecycle",
      dependencies: ["Scheduling", .product(name: "HeapModule", package: "swift-collections")],
      swiftSettings: strict),
    .target(name: "HostProtocol", dependencies: ["Values"], swiftSettings: strict),

    // Files of one folder that change together.
    .target(
      name: "FolderSyncing",
      dependencies: ["Files", "Values", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: strict),

    // What others have, as job files.
    .target(name: "JobWriting", dependencies: ["Jobs", "Scheduling", "Values"], swiftSettings: strict),
    .target(name: "Importers", dependencies: ["Files", "JobWriting", "Scheduling"], swiftSettings: strict),
    .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
    .target(
      name: "TaskScheduling",
      dependencies: [
        "CExpat", "FolderSyncing", "JobWriting", "Scheduling", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),

    // Where the fault campaign ends the program: in debug builds only.
    .target(
      name: "KillPoints",
      swiftSettings: strict + [.define("KILL_POINTS", .when(configuration: .debug))]),

    // The daemon's side.
    .target(name: "CLinux", cSettings: [.define("INJECTED_CLOCK", .when(configuration: .debug))]),
    .target(name: "CResources"),
    .target(
      name: "Jobs",
      dependencies: [
        "CLinux", "Files", "FolderSyncing", "Notifying", "RunLifecycle", "Scheduling", "Values",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: strict),
    .target(
      name: "Settings",
      dependencies: [
        "Jobs", "RunStore", "Scheduling", "Values", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .target(name: "RunStore", dependencies: ["RunLifecycle", "Scheduling", "Values"], swiftSettings: strict),
    .target(
      name: "RunStoreSQLite",
      dependencies: [
        "Files", "KillPoints", "RunLifecycle", "RunStore", "Scheduling", "Values",
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .target(
      name: "RunStoreTesting", dependencies: ["RunLifecycle", "RunStore", "Scheduling", "Values"],
      swiftSettings: strict
    ),
    .target(
      name: "Runner",
      dependencies: [
        "CLinux", "Files", "HostProtocol", "Jobs", "KillPoints", "Notifying", "RunLifecycle", "RunStore",
        "Scheduling", "Values",
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "almanac",
      dependencies: [
        "CLinux", "CResources", "Files", "FolderSyncing", "HostProcess", "Importers", "JobWriting", "Jobs",
        "RunLifecycle", "RunStore", "RunStoreSQLite", "Runner", "Scheduling", "Settings", "TaskScheduling",
        "Values",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict,
      // What native rocks are linked to when a job loads them in a host of its own.
      linkerSettings: [
        .unsafeFlags([
          "-Xlinker", "--dynamic-list=\(Context.packageDirectory)/Sources/CLuaSystem/api.symbols",
        ])
      ]),
    .testTarget(
      name: "SchedulingTests", dependencies: ["Scheduling"], exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "ImportersTests", dependencies: ["Importers", "JobWriting", "Jobs", "Scheduling", "Values"],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(name: "FilesTests", dependencies: ["Files"], swiftSettings: strict),
    .testTarget(name: "FolderSyncingTests", dependencies: ["FolderSyncing"], swiftSettings: strict),
    .testTarget(
      name: "TaskSchedulingTests",
      dependencies: [
        "FolderSyncing", "JobWriting", "Jobs", "Scheduling", "TaskScheduling", "TestSupport", "Values",
      ],
      swiftSettings: strict),
    .testTarget(name: "JobWritingTests", dependencies: ["JobWriting"], swiftSettings: strict),
    .testTarget(name: "ValuesTests", dependencies: ["Values"], swiftSettings: strict),
    .testTarget(
      name: "JobsTests",
      dependencies: [
        "CResources", "Jobs", "Notifying", "RunLifecycle", "Scheduling", "TestSupport", "Values",
      ],
      swiftSettings: strict),
    // The planner in virtual time: a world for it to live in, and what holds its ledger against that.
    .target(
      name: "Simulation", dependencies: ["RunLifecycle", "RunStore", "RunStoreTesting", "Scheduling"],
      path: "Tests/Simulation/World", swiftSettings: strict),
    .executableTarget(
      name: "planner-simulation", dependencies: ["Simulation"], path: "Tests/Simulation/Command",
      swiftSettings: strict
    ),
    // The real binary, killed and broken again and again: its rounds, and what holds its ledger against what ran.
    .target(
      name: "Campaign",
      dependencies: [
        "KillPoints", "RunLifecycle", "RunStore", "RunStoreSQLite", "Scheduling", "Simulation", "TestSupport",
        "Values",
      ],
      path: "Tests/Campaign/World", swiftSettings: strict),
    .executableTarget(
      name: "fault-campaign", dependencies: ["Campaign", "KillPoints"], path: "Tests/Campaign/Command",
      swiftSettings: strict),
    .testTarget(
      name: "RunLifecycleTests",
      dependencies: ["RunLifecycle", "RunStore", "RunStoreTesting", "Scheduling", "Simulation"],
      swiftSettings: strict),
    .testTarget(
      name: "RunStoreTests",
      dependencies: ["RunLifecycle", "RunStore", "RunStoreSQLite", "RunStoreTesting", "Scheduling"],
      swiftSettings: strict),
    .testTarget(
      name: "SettingsTests",
      dependencies: ["Jobs", "RunLifecycle", "RunStore", "Scheduling", "Settings", "Values"],
      swiftSettings: strict),
    .testTarget(
      name: "LuaHostTests", dependencies: ["CLua", "CLuaSystem", "LuaHost", "Values"],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
      name: "HostModulesTests",
      dependencies: [
        "CResources", "HostModules", "LuaHost", "TestSupport", "Values",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "WebClientTests",
      dependencies: [
        "Scheduling", "TestSupport", "WebClient",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RunnerTests",
      dependencies: [
        "Jobs", "Notifying", "RunLifecycle", "Runner", "Scheduling", "Values",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "NotifyingTests", dependencies: ["Notifying", "Scheduling", "TestSupport", "Values"],
      swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "Campaign", "Jobs", "KillPoints", "TestSupport", "Values", "almanac",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      exclude: ["Hostile/fuzz.lua"], swiftSettings: strict),
    // What several test targets use.
    .target(
      name: "TestSupport",
      dependencies: [
        "Values",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      path: "Tests/TestSupport", exclude: ["maildrop.py"], swiftSettings: strict),
  ]
)
