import AWSTesting
import Terminal

/// Collects what would go to the terminal.
struct RecordedOutput: Sendable {
    private let bytes = WatchedValue<[UInt8]>([])

    var text: String { String(decoding: bytes.current, as: UTF8.self) }

    /// Suspends until `wanted` has been written.
    func wait(for wanted: String) async throws {
        try await bytes.wait { String(decoding: $0, as: UTF8.self).contains(wanted) }
    }

    func output(isTerminal: Bool = false, columns: Int? = nil, failure: Int32? = nil) -> TextOutput {
        TextOutput(isTerminal: isTerminal, columns: { columns }) { [bytes] piece in
            if let failure { throw TextOutput.Failure(code: failure) }
            bytes.update { $0 += piece }
        }
    }
}
