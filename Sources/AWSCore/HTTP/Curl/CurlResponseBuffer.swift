import Synchronization

/// The window between the connection and whoever reads a streamed body.
final class CurlResponseBuffer: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var end: Result<Void, any Error>?
        var reader: CheckedContinuation<[UInt8]?, any Error>?
        var isPaused = false
    }

    private enum Reading {
        case bytes([UInt8], mustUnpause: Bool)
        case end(Result<Void, any Error>)
        case wait
        case alreadyRead
    }

    /// What may lie here unread before the connection is paused.
    private static let window = 256 << 10

    private let state = Mutex(State())

    /// - Returns: `false` when the window is full; the same bytes then come again after the transfer goes on.
    func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (taken, reader) = state.withLock { state -> (Bool, CheckedContinuation<[UInt8]?, any Error>?) in
            if let reader = state.reader {
                state.reader = nil
                return (true, reader)
            }
            guard state.bytes.count < Self.window else {
                state.isPaused = true
                return (false, nil)
            }
            state.bytes.append(contentsOf: bytes)
            return (true, nil)
        }
        reader?.resume(returning: Array(bytes))
        return taken
    }

    /// Ends the body: what lies here can still be read, then comes the error, or the end when there is none.
    func finish(throwing error: (any Error)?) {
        let reader = state.withLock { state in
            guard state.end == nil else { return Optional<CheckedContinuation<[UInt8]?, any Error>>.none }
            state.end = error.map { .failure($0) } ?? .success(())
            defer { state.reader = nil }
            return state.reader
        }
        if let error {
            reader?.resume(throwing: error)
        } else {
            reader?.resume(returning: nil)
        }
    }

    /// The next piece, `nil` at the end; `unpause` is called when the connection waits for room.
    func next(unpause: () -> Void) async throws -> [UInt8]? {
        try await withCheckedThrowingContinuation { continuation in
            let reading = state.withLock { state -> Reading in
                if !state.bytes.isEmpty {
                    defer {
                        state.bytes = []
                        state.isPaused = false
                    }
                    return .bytes(state.bytes, mustUnpause: state.isPaused)
                }
                if let end = state.end { return .end(end) }
                guard state.reader == nil else { return .alreadyRead }
                state.reader = continuation
                return .wait
            }
            switch reading {
            case .bytes(let bytes, let mustUnpause):
                if mustUnpause { unpause() }
                continuation.resume(returning: bytes)
            case .end(let end): continuation.resume(with: end.map { nil })
            case .wait: break
            case .alreadyRead:
                continuation.resume(throwing: HTTPError(.malformed, "two tasks read the same body at once"))
            }
        }
    }
}

/// The reading end of a streamed body; letting go of it ends the transfer.
final class CurlResponseReader: Sendable {
    private let buffer: CurlResponseBuffer
    private let transfer: CurlTransfer
    private let feeder: CurlUploadFeeder?
    private let loop: CurlLoop
    /// Kept alive, since its end would be the transfer's: a caller may let go of the transport before the body.
    private let transport: CurlTransport

    init(
        buffer: CurlResponseBuffer,
        transfer: CurlTransfer,
        feeder: CurlUploadFeeder?,
        loop: CurlLoop,
        transport: CurlTransport
    ) {
        self.buffer = buffer
        self.transfer = transfer
        self.feeder = feeder
        self.loop = loop
        self.transport = transport
    }

    deinit {
        feeder?.cancel()
        loop.submit(.end(transfer, CancellationError()))
    }

    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await buffer.next(unpause: { loop.submit(.unpause(transfer)) })
        } onCancel: {
            loop.submit(.end(transfer, CancellationError()))
        }
    }
}
