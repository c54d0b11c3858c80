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

    private static func transfer(_ context: UnsafeMutableRawPointer) -> CurlTransfer? {
        Unmanaged<CurlEasyHandle>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.transfer }
    }

    private static let writeCallback:
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
        ) -> Int = { data, _, count, context in
            guard let data, let context, let transfer = transfer(context) else { return 0 }
            return transfer.receiveBody(UnsafeRawBufferPointer(start: data, count: count))
        }

    private static let headerCallback:
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
        ) -> Int = { data, _, count, context in
            guard let data, let context, let transfer = transfer(context) else { return 0 }
            transfer.receiveHeaderLine(UnsafeRawBufferPointer(start: data, count: count))
            return count
        }

    private static let readCallback:
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
        ) -> Int = { data, size, count, context in
            guard let data, let context, let transfer = transfer(context) else { return Int(CURL_READFUNC_ABORT) }
            return transfer.fillUpload(UnsafeMutableRawBufferPointer(start: data, count: size * count))
        }

    private static let seekCallback: @convention(c) (UnsafeMutableRawPointer?, curl_off_t, CInt) -> CInt = {
        context,
        offset,
        origin in
        guard let context, origin == SEEK_SET, let transfer = transfer(context) else { return CURL_SEEKFUNC_FAIL }
        return transfer.seekUpload(to: Int(offset))
    }
}
