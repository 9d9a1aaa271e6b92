// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "almanac-benchmarks",
  dependencies: [
    .package(name: "almanac", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "SchedulingBenchmarks",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "Scheduling", package: "almanac"),
      ],
      path: "Benchmarks/SchedulingBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    .executableTarget(
      name: "load",
      dependencies: [
        .product(name: "RunLifecycle", package: "almanac"), .product(name: "RunStore", package: "almanac"),
        .product(name: "Scheduling", package: "almanac"),
      ],
      path: "Load"),
    .executableTarget(name: "lua-cost", path: "LuaCost", exclude: ["snippets.lua"]),
  ]
)
