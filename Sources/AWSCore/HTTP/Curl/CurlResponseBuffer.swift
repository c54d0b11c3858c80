import Synchronization

/// The window between the connection and whoever reads a streamed body.
final class CurlResponseBuffer: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var end: Result<Void, any Error>?
        var reader: UnsafeContinuation<[UInt8]?, any Error>?
        var isPaused = false

        /// What lies here, for a reader that waits for it.
        mutating func takeDelivery() -> Delivery? {
            guard !bytes.isEmpty, let reader else { return nil }
            defer {
                self.reader = nil
                bytes = []
            }
            return Delivery(reader: reader, bytes: bytes)
        }
    }

    /// Bytes on their way to a reader, handed over outside of the lock.
    private struct Delivery {
        var reader: UnsafeContinuation<[UInt8]?, any Error>
        var bytes: [UInt8]

        func make() {
            reader.resume(returning: bytes)
        }
    }

    private enum Reading {
        case bytes([UInt8], mustUnpause: Bool)
        case end(Result<Void, any Error>)
        case wait
        case alreadyRead
    }

    /// What may lie here unread before the connection is paused.
    private static let window = 512 << 10

    private let state = Mutex(State())

    /// A waiting reader gets so much at once, and with ``deliver()`` what is less.
    ///
    /// libcurl gives 16 KiB at a time, and to wake a task for each of these costs more than the bytes themselves.
    private static let deliveryBytes = 256 << 10

    /// - Returns: `false` when the window is full; the same bytes then come again after the transfer goes on.
    func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (isTaken, delivery) = state.withLock { state -> (Bool, Delivery?) in
            guard state.bytes.count < Self.window else {
                state.isPaused = true
                return (false, nil)
            }
            // Grown once, and not step by step, but not for the short body that comes in one piece.
            if !state.bytes.isEmpty, state.bytes.capacity < Self.deliveryBytes {
                state.bytes.reserveCapacity(Self.deliveryBytes)
            }
            state.bytes.append(contentsOf: bytes)
            return (true, state.bytes.count >= Self.deliveryBytes ? state.takeDelivery() : nil)
        }
        delivery?.make()
        return isTaken
    }

    /// Hands what has come to a waiting reader.
    func deliver() {
        state.withLock { $0.takeDelivery() }?.make()
    }

    /// Ends the body: what lies here can still be read, then comes the error, or the end when there is none.
    func finish(throwing error: (any Error)?) {
        deliver()
        let reader = state.withLock { state in
            guard state.end == nil else { return Optional<UnsafeContinuation<[UInt8]?, any Error>>.none }
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
        try await withUnsafeThrowingContinuation { continuation in
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
