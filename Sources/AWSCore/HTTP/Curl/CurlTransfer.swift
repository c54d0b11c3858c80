internal import CCurl
import Synchronization

/// One request on its way and the answer as it comes in.
///
/// `@unchecked Sendable`: made and given its `delivery` by the calling task, handed over through the loop's locked
/// inbox, and from then on touched by the loop's thread alone. The two buffers lock for themselves.
final class CurlTransfer: @unchecked Sendable {
    /// Who waits for what.
    enum Delivery {
        case none
        case whole(CheckedContinuation<HTTPResponse, any Error>)
        /// The head goes to the continuation, the body to the buffer.
        case head(CheckedContinuation<HTTPResponse, any Error>, CurlResponseBuffer)
        case body(CurlResponseBuffer)
    }

    let request: HTTPRequest
    let upload: CurlUploadBuffer?
    let maximumBodyBytes: Int
    var delivery = Delivery.none
    var handle: CurlEasyHandle?
    var isCancelled = false
    /// What a callback found wrong, more exact than the code libcurl makes of it.
    var failure: HTTPError?
    var onUnpauseNeeded: (@Sendable () -> Void)? {
        didSet { upload?.onUnpauseNeeded(onUnpauseNeeded) }
    }

    private var head = CurlResponseHead()
    private var body: [UInt8] = []
    private var uploadOffset = 0

    init(_ request: HTTPRequest, upload: CurlUploadBuffer?, maximumBodyBytes: Int) throws {
        guard !request.url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw HTTPError(.malformed, "the URL holds a blank or a control character")
        }
        self.request = request
        self.upload = upload
        self.maximumBodyBytes = maximumBodyBytes
    }

    static func owner(of pointer: UnsafeMutableRawPointer) -> CurlTransfer? {
        var context: UnsafeMutableRawPointer?
        ccurl_get_pointer(pointer, CURLINFO_PRIVATE, &context)
        return context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    func succeed() {
        upload?.close()
        switch delivery {
        case .none: break
        case .whole(let continuation):
            continuation.resume(returning: HTTPResponse(status: head.status, headers: head.headers, body: body))
        case .head(let continuation, let buffer):
            buffer.finish(throwing: nil)
            continuation.resume(returning: HTTPResponse(status: head.status, headers: head.headers))
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

    private func receiveHeaderLine(_ line: UnsafeRawBufferPointer) {
        guard head.consume(line) else { return }
        if case .head(let continuation, let buffer) = delivery {
            delivery = .body(buffer)
            continuation.resume(returning: HTTPResponse(status: head.status, headers: head.headers))
        } else if case .whole = delivery, let length = head.contentLength {
            body.reserveCapacity(min(length, maximumBodyBytes))
        }
    }

    /// - Returns: what libcurl's write callback has to return.
    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        if case .body(let buffer) = delivery {
            return buffer.append(bytes) ? bytes.count : Int(CURL_WRITEFUNC_PAUSE)
        }
        guard body.count + bytes.count <= maximumBodyBytes else {
            failure = HTTPError(.responseTooLarge, "the answer is larger than \(maximumBodyBytes) bytes")
            return 0
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    private func fillUpload(_ target: UnsafeMutableRawBufferPointer) -> Int {
        if let upload { return upload.read(into: target) ?? Int(CURL_READFUNC_PAUSE) }
        guard case .bytes(let bytes) = request.body else { return 0 }
        let count = min(target.count, bytes.count - uploadOffset)
        bytes.withUnsafeBytes { source in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[uploadOffset..<uploadOffset + count]))
        }
        uploadOffset += count
        return count
    }

    /// Goes back to `offset`, when libcurl found a kept connection dead and sends the request once more.
    private func seekUpload(to offset: Int) -> CInt {
        guard upload == nil, case .bytes(let bytes) = request.body, (0...bytes.count).contains(offset) else {
            return CURL_SEEKFUNC_CANTSEEK
        }
        uploadOffset = offset
        return CURL_SEEKFUNC_OK
    }

    static let writeCallback:
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
        ) -> Int = { data, _, count, context in
            guard let data, let context else { return 0 }
            return Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
                .receiveBody(UnsafeRawBufferPointer(start: data, count: count))
        }

    static let headerCallback:
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
        ) -> Int = { data, _, count, context in
            guard let data, let context else { return 0 }
            Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
                .receiveHeaderLine(UnsafeRawBufferPointer(start: data, count: count))
            return count
        }

    static let readCallback:
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
        ) -> Int = { data, size, count, context in
            guard let data, let context else { return Int(CURL_READFUNC_ABORT) }
            return Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
                .fillUpload(UnsafeMutableRawBufferPointer(start: data, count: size * count))
        }

    static let seekCallback: @convention(c) (UnsafeMutableRawPointer?, curl_off_t, CInt) -> CInt = {
        context,
        offset,
        origin in
        guard let context, origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
        return Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue().seekUpload(to: Int(offset))
    }
}

extension CurlTransfer: Hashable {
    static func == (left: CurlTransfer, right: CurlTransfer) -> Bool { left === right }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
