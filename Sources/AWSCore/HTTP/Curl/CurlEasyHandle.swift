internal import CCurl

/// One libcurl easy handle with the options that every transfer shares; used again for transfer after transfer.
///
/// Belongs to the thread of ``CurlLoop``.
final class CurlEasyHandle {
    let pointer: UnsafeMutableRawPointer
    /// Whose bytes it carries.
    private(set) var transfer: CurlTransfer? {
        didSet { unretainedTransfer = transfer.map(Unmanaged.passUnretained) }
    }
    /// The same, for libcurl's callbacks; stands as long as `transfer` does.
    private(set) var unretainedTransfer: Unmanaged<CurlTransfer>?
    private var headerList = CurlHeaderList()
    /// A body that goes out with the headers; libcurl keeps nothing of it.
    private var inlineBody = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private let errorBuffer: UnsafeMutablePointer<CChar>
    /// What the last transfer set and the next one mostly wants again; libcurl copies every text it is given.
    private var lastURL = URLParts()
    private var lastShape: Shape?
    private var lastUsesProxy: Bool?
    private var lastIsStreaming: Bool?
    private var lastTimeouts: HTTPTimeouts?

    /// What an URL is put together from.
    private struct URLParts: Equatable {
        var scheme = HTTPRequest.Scheme.https
        var authority = ""
        var path = ""
        var query = ""
    }

    /// How libcurl sends a request: what the method's and the body's options depend on.
    private enum Shape: Equatable {
        case get
        case head
        case inline(HTTPMethod)
        case upload(HTTPMethod)
        case custom(HTTPMethod)
    }

    /// Below this a body goes out in one piece with the headers (libcurl's MAX_INITIAL_POST_SIZE).
    private static let inlineBodyLimit = 64 << 10
    /// What libcurl reads at once; it allocates that much for each transfer in flight.
    private static let bufferBytes = 64 << 10
    private static let streamingBufferBytes = 256 << 10
    /// What is kept for the next body.
    private static let keptBodyBytes = 16 << 10

    init(caBundle: String?) throws {
        guard let pointer = curl_easy_init() else {
            throw HTTPError(.resourcesExhausted, "libcurl gives no handle")
        }
        self.pointer = pointer
        self.errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))

        set(CURLOPT_ERRORBUFFER, pointer: UnsafeMutableRawPointer(errorBuffer))
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        // S3 keys may hold "..", and the signature covers the path as it is written.
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_LOW_SPEED_LIMIT, 1)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
        // A proxy's answer to CONNECT is not the answer that anybody waits for.
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Without it, whoever ends a transfer while its host name is looked up waits for getaddrinfo, and with the
        // loop's thread every other transfer does.
        set(CURLOPT_QUICK_EXIT, 1)
        if let caBundle { trustOnly(caBundle) }
        setCallbacks()
    }

    deinit {
        curl_easy_cleanup(pointer)
        errorBuffer.deallocate()
        inlineBody.deallocate()
    }

    /// libcurl's own words on the last failure.
    var errorText: String? {
        let text = String(cString: errorBuffer)
        return text.isEmpty ? nil : text
    }

    /// Makes the PEM file the only source of trust.
    ///
    /// Debian's libcurl also trusts a directory unless told not to, and only without one does it keep the parsed
    /// certificates for the next connection.
    private func trustOnly(_ caBundle: String) {
        set(CURLOPT_CAINFO, caBundle)
        set(CURLOPT_PROXY_CAINFO, caBundle)
        ccurl_set_string(pointer, CURLOPT_CAPATH, nil)
        ccurl_set_string(pointer, CURLOPT_PROXY_CAPATH, nil)
    }

    /// Sets everything that differs from one transfer to the next.
    ///
    /// - Throws: ``HTTPError`` of code ``HTTPError/Code/malformed`` when something in the request would be taken for
    ///   something else on the wire; the handle is then of no further use.
    func prepare(for transfer: CurlTransfer) throws {
        let request = transfer.request
        self.transfer = transfer
        errorBuffer[0] = 0
        let url = URLParts(
            scheme: request.scheme,
            authority: request.authority,
            path: request.path,
            query: request.query
        )
        if url != lastURL {
            try request.validateURL()
            lastURL = url
            set(CURLOPT_URL, request.url)
        }
        if transfer.isStreaming != lastIsStreaming {
            lastIsStreaming = transfer.isStreaming
            set(CURLOPT_BUFFERSIZE, transfer.isStreaming ? Self.streamingBufferBytes : Self.bufferBytes)
        }
        if request.usesProxy != lastUsesProxy {
            lastUsesProxy = request.usesProxy
            // An empty string turns proxies off, those of the environment too; NULL lets the environment decide.
            ccurl_set_string(pointer, CURLOPT_PROXY, request.usesProxy ? nil : "")
        }
        if request.timeouts != lastTimeouts {
            lastTimeouts = request.timeouts
            set(CURLOPT_CONNECTTIMEOUT_MS, request.timeouts.connect.wholeMilliseconds)
            set(CURLOPT_TIMEOUT_MS, request.timeouts.total?.wholeMilliseconds ?? 0)
            set(CURLOPT_LOW_SPEED_TIME, request.timeouts.stall.map { ($0.wholeMilliseconds + 999) / 1000 } ?? 0)
        }
        let shape = Self.shape(of: request)
        if shape != lastShape {
            lastShape = shape
            setMethod(shape)
        }
        setBody(of: request, shape)
        ccurl_set_headers(pointer, CURLOPT_HTTPHEADER, try headerList.fill(request))
    }

    /// Lets go of the last transfer.
    func clear() {
        transfer = nil
        ccurl_set_headers(pointer, CURLOPT_HTTPHEADER, nil)
        if inlineBody.count > Self.keptBodyBytes {
            inlineBody.deallocate()
            inlineBody = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            // libcurl must not be left with what is no more; the next body sets it again.
            ccurl_set_pointer(pointer, CURLOPT_POSTFIELDS, nil)
        }
    }

    private static func shape(of request: HTTPRequest) -> Shape {
        switch (request.method, request.body) {
        case (.get, .empty): .get
        case (.head, _): .head
        case (.delete, .empty): .custom(.delete)
        case (let method, .bytes(let bytes)) where bytes.count <= inlineBodyLimit: .inline(method)
        case (let method, .empty): .inline(method)
        case (let method, _): .upload(method)
        }
    }

    private func setMethod(_ shape: Shape) {
        // HTTPGET also undoes NOBODY, UPLOAD and POST of the transfer before.
        set(CURLOPT_HTTPGET, 1)
        ccurl_set_string(pointer, CURLOPT_CUSTOMREQUEST, nil)
        switch shape {
        case .get: break
        case .head: set(CURLOPT_NOBODY, 1)
        case .custom(let method): set(CURLOPT_CUSTOMREQUEST, method.rawValue)
        case .inline(let method):
            set(CURLOPT_POST, 1)
            if method != .post { set(CURLOPT_CUSTOMREQUEST, method.rawValue) }
        case .upload(let method):
            set(CURLOPT_UPLOAD, 1)
            set(CURLOPT_CUSTOMREQUEST, method.rawValue)
        }
    }

    private func setBody(of request: HTTPRequest, _ shape: Shape) {
        switch shape {
        case .inline:
            if case .bytes(let bytes) = request.body { setInlineBody(bytes) } else { setInlineBody([]) }
        case .upload: ccurl_set_offset(pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(request.body.length))
        case .get, .head, .custom: break
        }
    }

    private func setInlineBody(_ bytes: [UInt8]) {
        if bytes.count > inlineBody.count || inlineBody.baseAddress == nil {
            inlineBody.deallocate()
            inlineBody = .allocate(byteCount: max(bytes.count, Self.keptBodyBytes), alignment: 16)
        }
        inlineBody.copyBytes(from: bytes)
        ccurl_set_offset(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        // Never NULL, also for no bytes: libcurl would ask the read callback for the body.
        ccurl_set_pointer(pointer, CURLOPT_POSTFIELDS, inlineBody.baseAddress)
    }

    private func set(_ option: CURLoption, _ value: Int) {
        ccurl_set_long(pointer, option, value)
    }

    private func set(_ option: CURLoption, _ value: String) {
        ccurl_set_string(pointer, option, value)
    }

    private func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer?) {
        ccurl_set_pointer(pointer, option, value)
    }
}

extension Duration {
    /// Milliseconds, rounded up, so that a short limit never becomes 0, which libcurl takes as none; at most 24 days,
    /// which libcurl can count.
    var wholeMilliseconds: Int {
        guard self < .milliseconds(Int32.max) else { return Int(Int32.max) }
        let (seconds, attoseconds) = components
        let milliseconds = Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        return max(1, milliseconds)
    }
}
