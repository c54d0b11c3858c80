import Synchronization

/// The window between a body stream and the connection that sends it.
final class CurlUploadBuffer: Sendable {
    private struct State {
        /// The stream's pieces as they came; those before ``first`` are sent.
        var pieces: [[UInt8]] = []
        var first = 0
        /// How much of the first piece is sent.
        var offset = 0
        /// Bytes that are not sent yet.
        var available = 0
        /// The stream gave everything.
        var isComplete = false
        /// The transfer is over and takes nothing more.
        var isClosed = false
        var isConnectionPaused = false
        var feeder: CheckedContinuation<Void, Never>?
        var unpause: (@Sendable () -> Void)?

        mutating func append(_ piece: [UInt8]) {
            guard !piece.isEmpty else { return }
            pieces.append(piece)
            available += piece.count
        }

        /// Copies what is next, and lets go of pieces that are sent.
        mutating func read(into target: UnsafeMutableRawBufferPointer) -> Int {
            var filled = 0
            while filled < target.count, first < pieces.count {
                let piece = pieces[first]
                let count = min(target.count - filled, piece.count - offset)
                piece.withUnsafeBytes { source in
                    UnsafeMutableRawBufferPointer(rebasing: target[filled...]).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: source[offset..<(offset + count)])
                    )
                }
                filled += count
                offset += count
                guard offset == piece.count else { break }
                pieces[first] = []
                first += 1
                offset = 0
            }
            available -= filled
            if first == pieces.count || first >= 64 {
                pieces.removeFirst(first)
                first = 0
            }
            return filled
        }
    }

    private static let window = 256 << 10

    private let length: Int
    private let state = Mutex(State())

    init(length: Int) {
        self.length = length
    }

    /// What is held, sent or not, in bytes.
    var heldBytes: Int { state.withLock { $0.pieces.reduce(0) { $0 + $1.count } } }

    func onUnpauseNeeded(_ unpause: (@Sendable () -> Void)?) {
        state.withLock { $0.unpause = unpause }
    }

    /// Takes the stream's pieces as fast as the connection sends them; returns when all are taken or none is wanted.
    ///
    /// - Throws: what the stream throws; ``HTTPError`` when the stream is not as long as it said.
    func feed(from stream: HTTPRequestStream) async throws {
        let nextChunk = stream.makeChunks()
        var total = 0
        while let chunk = try await nextChunk() {
            total += chunk.count
            guard total <= length else {
                throw HTTPError(.malformed, "the body stream gives more than the \(length) bytes it said")
            }
            guard await push(chunk) else { return }
        }
        guard total == length else {
            throw HTTPError(.malformed, "the body stream gave \(total) of the \(length) bytes it said")
        }
        update { $0.isComplete = true }
    }

    /// What a connection that wants to send gets.
    enum Reading {
        /// So many bytes; 0 at the end of the body.
        case bytes(Int)
        /// Nothing yet: the connection waits until it is told to go on.
        case pause
        /// Nothing any more, though the body is not at its end.
        case closed
    }

    func read(into target: UnsafeMutableRawBufferPointer) -> Reading {
        let (reading, feeder) = state.withLock { state -> (Reading, CheckedContinuation<Void, Never>?) in
            guard state.available > 0 else {
                if state.isComplete { return (.bytes(0), nil) }
                if state.isClosed { return (.closed, nil) }
                state.isConnectionPaused = true
                return (.pause, nil)
            }
            let count = state.read(into: target)
            guard state.available < Self.window / 2 else { return (.bytes(count), nil) }
            defer { state.feeder = nil }
            return (.bytes(count), state.feeder)
        }
        feeder?.resume()
        return reading
    }

    /// The transfer is over, or takes nothing more of the body: whoever feeds it stops.
    func close() {
        let (feeder, unpause) = state.withLock { state in
            state.isClosed = true
            defer {
                state.feeder = nil
                state.unpause = nil
                state.isConnectionPaused = false
            }
            return (state.feeder, state.isConnectionPaused ? state.unpause : nil)
        }
        feeder?.resume()
        // libcurl does not end a transfer whose sending side is paused, not even when the answer is there.
        unpause?()
    }

    /// - Returns: `false` when the transfer is over.
    private func push(_ chunk: [UInt8]) async -> Bool {
        update { $0.append(chunk) }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.available >= Self.window, !state.isClosed else { return false }
                    state.feeder = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            close()
        }
        return state.withLock { !$0.isClosed }
    }

    /// Changes the state and wakes a connection that waited for bytes.
    private func update(_ change: (inout State) -> Void) {
        let unpause = state.withLock { state -> (@Sendable () -> Void)? in
            change(&state)
            guard state.isConnectionPaused else { return nil }
            state.isConnectionPaused = false
            return state.unpause
        }
        unpause?()
    }
}
