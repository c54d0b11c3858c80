import Glibc

/// Where the AWS configuration of this user lies, and how its files are read.
package struct ConfigurationFiles: Sendable {
    /// `AWS_CONFIG_FILE`, by default `~/.aws/config`; `nil` without a home folder.
    package var configPath: String?
    /// `AWS_SHARED_CREDENTIALS_FILE`, by default `~/.aws/credentials`; `nil` without a home folder.
    package var credentialsPath: String?
    /// The `.aws` folder, in which caches lie; `nil` without a home folder.
    package var folder: String?
    private let home: String?

    package init(environment: [String: String]) {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
        self.home = home
        self.folder = home.map { "\($0)/.aws" }
        self.configPath = folder.map { "\($0)/config" }
        self.credentialsPath = folder.map { "\($0)/credentials" }
        if let path = environment["AWS_CONFIG_FILE"], !path.isEmpty { configPath = expand(path) }
        if let path = environment["AWS_SHARED_CREDENTIALS_FILE"], !path.isEmpty { credentialsPath = expand(path) }
    }

    /// The path with a leading `~/` replaced by the home folder.
    package func expand(_ path: String) -> String {
        guard let home, path == "~" || path.hasPrefix("~/") else { return path }
        return home + path.dropFirst()
    }

    /// The file's bytes; `nil` when there is no such file.
    ///
    /// - Throws: ``ConfigurationError`` when it is there but cannot be read, or holds more than 16 MiB.
    package static func read(_ path: String) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw unreadable(path, errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = systemRead(descriptor, &buffer)
            if count < 0 {
                if errno == EINTR { continue }
                throw unreadable(path, errno)
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= 16 << 20 else {
                throw ConfigurationError("\(path) is too large to be a settings file")
            }
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> ConfigurationError {
        let remedy = code == EACCES ? "; check the permissions of the file and its folders" : ""
        return ConfigurationError("cannot read \(path): \(String(cString: strerror(code)))\(remedy)")
    }
}

/// Outside the type, where the name `read` means the C library's.
private func systemRead(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
    read(descriptor, &buffer, buffer.count)
}
