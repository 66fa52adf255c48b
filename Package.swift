// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "landline",
    products: [.executable(name: "landline", targets: ["landline"])],
    dependencies: [
        // Without its default traits Hummingbird needs only FoundationEssentials (tens of MiB less to load).
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        // Its pkg-config file asks for -D_REENTRANT, which SwiftPM warns about; the module map names the libraries.
        .systemLibrary(name: "CAvahi", providers: [.apt(["libavahi-client-dev"])]),
        .systemLibrary(name: "CMemory"),
        .systemLibrary(name: "CFiles"),
        // Optimized in every build, since it computes much and is not what one debugs.
        .target(
            name: "CImaging", cSettings: [.unsafeFlags(["-O2"])],
            linkerSettings: ["jpeg", "png", "gif", "webp", "webpdemux"].map { .linkedLibrary($0) }),
        // C23, for #embed.
        .target(name: "CWebClient", cSettings: [.unsafeFlags(["-std=c23"])]),

        .target(name: "Cryptography", dependencies: ["COpenSSL"], swiftSettings: swiftSettings),
        .target(name: "MatrixCore", dependencies: ["Cryptography"], swiftSettings: swiftSettings),
        .target(
            name: "Storage",
            dependencies: ["MatrixCore", "Cryptography", "CSQLite", "CFiles"],
            swiftSettings: swiftSettings),
        .target(
            name: "Homeserver",
            dependencies: ["Storage", "MatrixCore", "Cryptography", .product(name: "Logging", package: "swift-log")],
            swiftSettings: swiftSettings),
        .target(
            name: "HTTPAPI",
            dependencies: [
                "Homeserver", "MatrixCore", "Cryptography", "CWebClient",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "LAN",
            dependencies: ["Cryptography", "CAvahi", .product(name: "Logging", package: "swift-log")],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "landline",
            dependencies: [
                "HTTPAPI", "Homeserver", "Storage", "MatrixCore", "Cryptography", "LAN", "CImaging", "CMemory",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),

        .target(
            name: "TestSupport",
            dependencies: [
                "HTTPAPI", "Homeserver", "Storage", "MatrixCore",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: swiftSettings),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography", "COpenSSL", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(name: "MatrixCoreTests", dependencies: ["MatrixCore", "Cryptography"], swiftSettings: swiftSettings),
        .testTarget(name: "StorageTests", dependencies: ["Storage", "MatrixCore", "Cryptography", "TestSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "HomeserverTests",
            dependencies: [
                "Homeserver", "Storage", "MatrixCore", "Cryptography", "TestSupport", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "HTTPAPITests",
            dependencies: [
                "HTTPAPI", "Homeserver", "MatrixCore", "Cryptography", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "LANTests",
            dependencies: ["LAN", .product(name: "Logging", package: "swift-log")],
            swiftSettings: swiftSettings),
    ]
)
