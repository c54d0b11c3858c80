import Glibc

/// A place to write text to: standard output, standard error, or a test's list.
package struct TextOutput: Sendable {
    /// Writing failed.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// `EPIPE` when the reader has gone.
        package var code: Int32

        package init(code: Int32) {
            self.code = code
        }

        package var isReaderGone: Bool { code == EPIPE }
        package var description: String { "the output cannot be written: \(String(cString: strerror(code)))" }
    }

    /// Whether a person looks at it.
    package let isTerminal: Bool
    private let columnsNow: @Sendable () -> Int?
    private let writeBytes: @Sendable ([UInt8]) throws -> Void

    package init(
        isTerminal: Bool,
        columns: @escaping @Sendable () -> Int? = { nil },
        write: @escaping @Sendable ([UInt8]) throws -> Void
    ) {
        self.isTerminal = isTerminal
        columnsNow = columns
        writeBytes = write
    }

    /// The width of the terminal at this moment; `nil` where there is none.
    package var columns: Int? { columnsNow() }

    /// Writes all of the text.
    ///
    /// - Throws: ``Failure``.
    package func write(_ text: String) throws {
        guard !text.isEmpty else { return }
        try writeBytes(Array(text.utf8))
    }

    package static let standardOutput = TextOutput(descriptor: STDOUT_FILENO)
    package static let standardError = TextOutput(descriptor: STDERR_FILENO)

    private init(descriptor: Int32) {
        self.init(isTerminal: isatty(descriptor) == 1) {
            var size = winsize()
            guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
            return Int(size.ws_col)
        } write: { bytes in
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes { all in
                    Glibc.write(descriptor, all.baseAddress?.advanced(by: written), all.count - written)
                }
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { throw Failure(code: errno) }
                written += count
            }
        }
    }
}
