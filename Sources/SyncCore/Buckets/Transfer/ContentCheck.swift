import AWSCore

/// Compares bytes that are read, in their order, with what S3 has computed of all of them.
struct ContentCheck: Sendable {
    /// The object's checksum, when S3 has one that can be computed here.
    let checksum: S3Checksum?
    private let size: Int
    private let etag: String?
    private var count = 0
    private var runningChecksum: RunningChecksum?
    private var runningETag: S3RunningETag?

    /// - Parameters:
    ///   - head: of the whole object, asked for with checksums.
    ///   - partSizes: bytes of each of its parts; `nil` where nobody has asked.
    init(of head: S3ObjectHead, partSizes: [Int]? = nil) {
        size = head.size
        checksum = head.fullObjectChecksum
        runningChecksum = checksum?.algorithm.map { RunningChecksum($0) }
        if runningChecksum != nil {
            etag = nil
        } else if let digest = head.digestETag {
            etag = digest
            runningETag = S3RunningETag(.whole)
        } else if let partSizes, head.hasDigestETag {
            etag = head.etag
            runningETag = S3RunningETag(.listed(partSizes))
        } else {
            etag = nil
        }
    }

    /// Whether more is compared than how many bytes there are.
    var comparesBytes: Bool { runningChecksum != nil || runningETag != nil }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        count += bytes.count
        runningChecksum?.update(bytes)
        runningETag?.update(bytes)
    }

    /// Whether no more bytes may come.
    var isAtEnd: Bool { count >= size }

    /// - Throws: ``DamagedCopyError`` unless all bytes have come, and are the object's.
    func requireRight() throws(DamagedCopyError) {
        guard count == size else { throw DamagedCopyError(message: "\(count) bytes came instead of \(size)") }
        if let runningChecksum, let checksum, runningChecksum.headerValue != checksum.value {
            throw DamagedCopyError(message: "the bytes that came have another \(checksum.name)")
        }
        if let runningETag, runningETag.etag != etag {
            throw DamagedCopyError(message: "the bytes that came have another MD5")
        }
    }

    /// Checks all of an object.
    ///
    /// - Returns: the object's checksum, when S3 had one that could be compared.
    /// - Throws: ``DamagedCopyError``.
    static func check(_ bytes: [UInt8], against head: S3ObjectHead) throws(DamagedCopyError) -> S3Checksum? {
        var check = ContentCheck(of: head)
        bytes.withUnsafeBytes { check.update($0) }
        try check.requireRight()
        return check.checksum
    }
}

extension S3ObjectHead {
    /// A checksum of all bytes that can be computed here.
    var fullObjectChecksum: S3Checksum? {
        guard checksumType != .composite else { return nil }
        return checksums.first { $0.algorithm != nil && !$0.value.contains("-") }
    }

    /// The same, when those of parts can be made into that of the whole.
    var fullObjectCRC: S3Checksum? {
        guard let checksum = fullObjectChecksum else { return nil }
        return switch checksum.algorithm {
        case .crc32, .crc32c, .crc64nvme: checksum
        case .sha1, .sha256, nil: nil
        }
    }

    /// The ETag, when it is the MD5 of all bytes.
    var digestETag: String? {
        guard hasDigestETag, let etag, etag.utf8.count == 34, !etag.contains("-") else { return nil }
        return etag
    }
}
