internal import CCurl

/// What libcurl calls, with the handle as context, to hand over answers and to ask for bodies.
extension CurlEasyHandle {
    /// The object of one of libcurl's handles.
    static func owner(of pointer: UnsafeMutableRawPointer) -> CurlEasyHandle? {
        var context: UnsafeMutableRawPointer?
        ccurl_get_pointer(pointer, CURLINFO_PRIVATE, &context)
        return context.map { Unmanaged<CurlEasyHandle>.fromOpaque($0).takeUnretainedValue() }
    }

    func setCallbacks() {
        ccurl_set_transfer_callback(pointer, CURLOPT_WRITEFUNCTION, Self.writeCallback)
        ccurl_set_transfer_callback(pointer, CURLOPT_HEADERFUNCTION, Self.headerCallback)
        ccurl_set_transfer_callback(pointer, CURLOPT_READFUNCTION, Self.readCallback)
        ccurl_set_seek_callback(pointer, Self.seekCallback)
        let context = Unmanaged.passUnretained(self).toOpaque()
        for option in [
            CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_PRIVATE,
        ] {
            ccurl_set_pointer(pointer, option, context)
        }
    }

    /// Does something with the transfer that the handle carries; counts no references, as this is called for each line.
    @inline(__always)
    private static func withTransfer<Result>(
        _ context: UnsafeMutableRawPointer,
        _ body: (CurlTransfer) -> Result
    ) -> Result? {
        Unmanaged<CurlEasyHandle>.fromOpaque(context)._withUnsafeGuaranteedRef { handle in
            handle.unretainedTransfer?._withUnsafeGuaranteedRef(body)
        }
    }

    private static let writeCallback:
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
        ) -> Int = { data, _, count, context in
            guard let data, let context else { return 0 }
            return withTransfer(context) { $0.receiveBody(UnsafeRawBufferPointer(start: data, count: count)) } ?? 0
        }

    private static let headerCallback:
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
        ) -> Int = { data, _, count, context in
            guard let data, let context else { return 0 }
            return withTransfer(context) {
                $0.receiveHeaderLine(UnsafeRawBufferPointer(start: data, count: count))
                return count
            } ?? 0
        }

    private static let readCallback:
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
        ) -> Int = { data, size, count, context in
            guard let data, let context else { return Int(CURL_READFUNC_ABORT) }
            return withTransfer(context) {
                $0.fillUpload(UnsafeMutableRawBufferPointer(start: data, count: size * count))
            } ?? Int(CURL_READFUNC_ABORT)
        }

    private static let seekCallback: @convention(c) (UnsafeMutableRawPointer?, curl_off_t, CInt) -> CInt = {
        context,
        offset,
        origin in
        guard let context, origin == SEEK_SET else { return CURL_SEEKFUNC_FAIL }
        return withTransfer(context) { $0.seekUpload(to: Int(offset)) } ?? CURL_SEEKFUNC_FAIL
    }
}
