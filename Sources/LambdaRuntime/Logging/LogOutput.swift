import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where log lines go; whole lines, one after the other.
package struct LogOutput: Sendable {
    private let writeLine: @Sendable ([UInt8]) -> Void

    /// - Parameter write: Gets a whole line with its newline; may be called from several threads at once.
    package init(_ write: @escaping @Sendable ([UInt8]) -> Void) {
        writeLine = write
    }

    /// Writes a line, which ends with a newline.
    package func write(_ line: [UInt8]) {
        writeLine(line)
    }

    package static let standardOutput = LogOutput(descriptor: STDOUT_FILENO)
    package static let standardError = LogOutput(descriptor: STDERR_FILENO)

    private init(descriptor: Int32) {
        let lock = DescriptorGuard()
        self.init { line in lock.write(line, to: descriptor) }
    }
}

/// Keeps the lines of one descriptor apart.
private final class DescriptorGuard: Sendable {
    private let mutex = Mutex(())

    /// Writes a line with one `write(2)`, because Lambda makes one log event of it; more only where a pipe wants parts.
    func write(_ line: [UInt8], to descriptor: Int32) {
        mutex.withLock { _ in
            var written = 0
            while written < line.count {
                let count = line.withUnsafeBytes { bytes in
                    #if canImport(Glibc)
                        Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
                    #else
                        Musl.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
                    #endif
                }
                if count < 0 && errno == EINTR { continue }
                // A log that cannot be written must not stop a backup.
                guard count > 0 else { return }
                written += count
            }
        }
    }
}
