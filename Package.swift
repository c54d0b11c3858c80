// swift-tools-version: 6.2
import PackageDescription

// The system on which function and programs run need not have what this one has, so each brings everything along in one
// static executable. scripts/build-release asks for it. Position-independent, because a static program with a fixed address
// sorts all its unwind tables at the start, 12 ms; lld, because gold cannot link this form; packed relocations take 1.4 MB
// less. For --wrap see WithoutProc.c.
let isStatic = Context.environment["STATIC_EXECUTABLES"] != nil
let releaseLinkage: [LinkerSetting] =
    isStatic
    ? [
        .unsafeFlags([
            "-static-executable", "-use-ld=lld", "-Xclang-linker", "-static-pie",
            "-Xlinker", "--pack-dyn-relocs=relr", "-Xlinker", "-O2", "-Xlinker", "--wrap=open",
        ])
    ]
    : []

let package = Package(
    name: "dynamodb-backup",
    products: [
        .executable(name: "bootstrap", targets: ["Bootstrap"]),
        .executable(name: "monitor", targets: ["Monitor"]),
        .executable(name: "restore", targets: ["Restore"]),
        .executable(name: "export-table-schema", targets: ["ExportTableSchema"]),
        .executable(name: "sync", targets: ["Sync"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .yum(["libcurl-devel"]), .brew(["curl"])]
        ),
        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .yum(["openssl-devel"]), .brew(["openssl@3"])]
        ),
        .systemLibrary(
            name: "CExpat",
            pkgConfig: "expat",
            providers: [.apt(["libexpat1-dev"]), .yum(["expat-devel"]), .brew(["expat"])]
        ),
        .systemLibrary(
            name: "CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .yum(["zlib-devel"]), .brew(["zlib"])]
        ),
        .target(
            name: "AWSCore",
            dependencies: ["CCurl", "COpenSSL", "CExpat", "CZlib", .product(name: "Logging", package: "swift-log")]
        ),
        .target(
            name: "LambdaRuntime",
            dependencies: ["AWSCore", .product(name: "Logging", package: "swift-log")]
        ),
        .target(
            name: "BackupCore",
            dependencies: ["AWSCore", .product(name: "Logging", package: "swift-log")]
        ),
        .target(
            name: "SyncCore",
            dependencies: ["AWSCore", "BackupCore", .product(name: "Logging", package: "swift-log")]
        ),
        .target(
            name: "Terminal",
            dependencies: [
                "AWSCore", "CGlibcCompatibility",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        // Lets a static executable run on a system with another glibc, or without /proc; see the C files.
        .target(
            name: "CGlibcCompatibility",
            cSettings: isStatic ? [.define("_GNU_SOURCE"), .define("STATIC_EXECUTABLES")] : []
        ),
        .executableTarget(
            name: "Bootstrap",
            dependencies: ["AWSCore", "BackupCore", "CGlibcCompatibility", "LambdaRuntime", "SyncCore"],
            linkerSettings: releaseLinkage
        ),
        .executableTarget(
            name: "Monitor",
            dependencies: [
                "AWSCore", "BackupCore", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            linkerSettings: releaseLinkage
        ),
        .executableTarget(
            name: "Restore",
            dependencies: [
                "AWSCore", "BackupCore", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            linkerSettings: releaseLinkage
        ),
        .executableTarget(
            name: "ExportTableSchema",
            dependencies: [
                "AWSCore", "BackupCore", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            linkerSettings: releaseLinkage
        ),
        .executableTarget(
            name: "Sync",
            dependencies: [
                "AWSCore", "BackupCore", "SyncCore", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            linkerSettings: releaseLinkage
        ),
        // Run by scripts/bench; in no product.
        .executableTarget(name: "BenchmarkHarness", dependencies: ["AWSCore", "SyncCore"], path: "Benchmarks/Harness"),
        .target(name: "AWSTesting", dependencies: ["AWSCore"]),
        .testTarget(name: "AWSCoreTests", dependencies: ["AWSCore", "AWSTesting"]),
        .testTarget(
            name: "LambdaRuntimeTests",
            dependencies: ["AWSCore", "AWSTesting", "LambdaRuntime", .product(name: "Logging", package: "swift-log")]
        ),
        .testTarget(
            name: "BackupCoreTests",
            dependencies: ["AWSCore", "AWSTesting", "BackupCore", .product(name: "Logging", package: "swift-log")]
        ),
        .testTarget(
            name: "SyncCoreTests",
            dependencies: [
                "AWSCore", "AWSTesting", "BackupCore", "SyncCore", .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "BootstrapTests", dependencies: ["AWSCore", "AWSTesting", "Bootstrap"]),
        .testTarget(name: "SyncTests", dependencies: ["SyncCore", "Sync", "Terminal"]),
        .testTarget(name: "AWSTestingTests", dependencies: ["AWSCore", "AWSTesting"]),
        .testTarget(
            name: "TerminalTests",
            dependencies: [
                "AWSCore", "AWSTesting", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        // Runs the built programs as their users do.
        .testTarget(name: "CommandTests", dependencies: ["AWSCore", "AWSTesting"], exclude: ["Transcripts"]),
    ],
    swiftLanguageModes: [.v6]
)

// One place that gives every Swift target the same strictness, so that none can fall behind.
for target in package.targets where [.regular, .executable, .test].contains(target.type) {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
