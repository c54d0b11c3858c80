import AWSCore

/// Compares bytes that were read with what S3 has computed of them.
enum ContentCheck {
    /// Checks all of an object.
    ///
    /// - Returns: the object's checksum, when S3 had one that could be compared.
    /// - Throws: ``DamagedCopyError``.
    static func check(_ bytes: [UInt8], against head: S3ObjectHead) throws -> S3Checksum? {
        guard bytes.count == head.size else {
            throw DamagedCopyError(message: "\(bytes.count) bytes came instead of \(head.size)")
        }
        if let checksum = head.fullObjectChecksum, let algorithm = checksum.algorithm {
            guard algorithm.headerValue(bytes) == checksum.value else {
                throw DamagedCopyError(message: "the bytes that came have another \(checksum.name)")
            }
            return checksum
        }
        if let etag = head.digestETag {
            var running = S3RunningETag(.whole)
            bytes.withUnsafeBytes { running.update($0) }
            guard running.etag == etag else { throw DamagedCopyError(message: "the bytes that came have another MD5") }
        }
        return nil
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
