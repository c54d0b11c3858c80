internal import CCurl
import Synchronization

/// One request on its way and the answer as it comes in.
///
/// `@unchecked Sendable`: made and given its `delivery` by the calling task, handed over through the loop's locked
/// inbox, and from then on touched by the loop's thread alone. The two buffers lock for themselves.
final class CurlTransfer: @unchecked Sendable {
    /// Who waits for what.
    ///
    /// Each is resumed once, because `delivery` changes when it is; a check of that would cost a piece of memory for
    /// each request.
    enum Delivery {
        case none
        case whole(UnsafeContinuation<CurlAnswer, any Error>)
        /// The head goes to the continuation, the body to the buffer.
        case head(UnsafeContinuation<CurlAnswer, any Error>, CurlResponseBuffer)
        case body(CurlResponseBuffer)
    }

    let request: HTTPRequest
    let upload: CurlUploadBuffer?
    let maximumBodyBytes: Int
    /// Whether the answer's body is handed over while it arrives.
    let isStreaming: Bool
    var delivery = Delivery.none
    var handle: CurlEasyHandle?
    /// Where it stands among the loop's transfers while it is on its way.
    var activeIndex: Int?
    /// What the transfer is to end with, when that was decided before it began.
    var earlyEnd: (any Error)?
    /// What a callback found wrong, more exact than the code libcurl makes of it.
    var failure: (any Error)?

    private(set) var head = CurlResponseHead()
    private var body: [UInt8] = []
    /// What is set aside for a body because its head says how long it is; more than that has to come first.
    private static let maximumReservation = 16 << 20
    private var uploadOffset = 0
    private var hasUndeliveredBody = false

    /// A body stream was sent in part when a kept connection turned out dead: it has to begin anew.
    struct BodyMustRestart: Error {}

    /// - Parameter maximumBodyBytes: the largest body to collect; `nil` to hand the body over while it arrives.
    init(_ request: HTTPRequest, maximumBodyBytes: Int?) {
        self.request = request
        if case .stream(let stream) = request.body {
            self.upload = CurlUploadBuffer(length: stream.length)
        } else {
            self.upload = nil
        }
        self.maximumBodyBytes = maximumBodyBytes ?? 0
        self.isStreaming = maximumBodyBytes == nil
    }

    func succeed() {
        upload?.close()
        switch delivery {
        case .none: break
        case .whole(let continuation):
            continuation.resume(returning: CurlAnswer(head: head, body: body))
        case .head(let continuation, let buffer):
            buffer.finish(throwing: nil)
            continuation.resume(returning: CurlAnswer(head: head, body: []))
        case .body(let buffer): buffer.finish(throwing: nil)
        }
        delivery = .none
    }

    func finish(throwing error: any Error) {
        upload?.close()
        switch delivery {
        case .none: break
        case .whole(let continuation), .head(let continuation, _): continuation.resume(throwing: error)
        case .body(let buffer): buffer.finish(throwing: error)
        }
        delivery = .none
    }

    /// Hands over what has come of a streamed body, once nothing more is to be had from the connection for now.
    func deliverBody() {
        guard hasUndeliveredBody, case .body(let buffer) = delivery else { return }
        hasUndeliveredBody = false
        buffer.deliver()
    }

    func receiveHeaderLine(_ line: UnsafeRawBufferPointer) {
        guard head.consume(line) else { return }
        if !isStreaming, let length = head.contentLength {
            body.reserveCapacity(min(length, maximumBodyBytes, Self.maximumReservation))
        }
        // From here on libcurl takes nothing more of the body, and whoever makes it need not go on.
        if head.status >= 400 { upload?.close() }
        if case .head(let continuation, let buffer) = delivery {
            delivery = .body(buffer)
            continuation.resume(returning: CurlAnswer(head: head, body: []))
        }
    }

    /// - Returns: what libcurl's write callback has to return.
    func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        if case .body(let buffer) = delivery {
            guard buffer.append(bytes) else { return Int(CURL_WRITEFUNC_PAUSE) }
            hasUndeliveredBody = true
            return bytes.count
        }
        guard body.count + bytes.count <= maximumBodyBytes else {
            failure = HTTPError(.responseTooLarge, "the answer is larger than \(maximumBodyBytes) bytes")
            return 0
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    func fillUpload(_ target: UnsafeMutableRawBufferPointer) -> Int {
        if let upload {
            return switch upload.read(into: target) {
            case .bytes(let count): count
            case .pause: Int(CURL_READFUNC_PAUSE)
            case .closed: Int(CURL_READFUNC_ABORT)
            }
        }
        guard case .bytes(let bytes) = request.body else { return 0 }
        let count = min(target.count, bytes.count - uploadOffset)
        bytes.withUnsafeBytes { source in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[uploadOffset..<uploadOffset + count]))
        }
        uploadOffset += count
        return count
    }

    /// Goes back to `offset`, when libcurl found a kept connection dead and sends the request once more.
    func seekUpload(to offset: Int) -> CInt {
        guard upload == nil else {
            failure = BodyMustRestart()
            return CURL_SEEKFUNC_FAIL
        }
        guard case .bytes(let bytes) = request.body, (0...bytes.count).contains(offset) else {
            return CURL_SEEKFUNC_FAIL
        }
        uploadOffset = offset
        return CURL_SEEKFUNC_OK
    }
}

extension CurlTransfer: Hashable {
    static func == (left: CurlTransfer, right: CurlTransfer) -> Bool { left === right }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
