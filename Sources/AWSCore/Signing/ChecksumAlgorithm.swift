/// A checksum that S3 verifies and stores with an object.
package enum ChecksumAlgorithm: String, Sendable, CaseIterable {
    case crc32 = "CRC32"
    case crc32c = "CRC32C"
    /// What S3 computes when nobody asks for another.
    case crc64nvme = "CRC64NVME"
    case sha1 = "SHA1"
    case sha256 = "SHA256"

    /// Lower case: `x-amz-checksum-crc32`.
    package var headerName: String {
        switch self {
        case .crc32: "x-amz-checksum-crc32"
        case .crc32c: "x-amz-checksum-crc32c"
        case .crc64nvme: "x-amz-checksum-crc64nvme"
        case .sha1: "x-amz-checksum-sha1"
        case .sha256: "x-amz-checksum-sha256"
        }
    }

    /// The bytes of a value before Base64.
    package var byteCount: Int {
        switch self {
        case .crc32, .crc32c: 4
        case .crc64nvme: 8
        case .sha1: 20
        case .sha256: 32
        }
    }

    /// The header's value for these bytes: Base64, CRCs big-endian.
    package func headerValue(_ bytes: [UInt8]) -> String {
        var checksum = RunningChecksum(self)
        bytes.withUnsafeBytes { checksum.update($0) }
        return checksum.headerValue
    }
}

/// A checksum of bytes that arrive in pieces.
package struct RunningChecksum: Sendable {
    private enum State: Sendable {
        case crc32(CRC32)
        case crc32c(CRC32C)
        case crc64nvme(CRC64NVME)
        case sha1(SHA1)
        case sha256(SHA256)
    }

    private var state: State

    package init(_ algorithm: ChecksumAlgorithm) {
        state =
            switch algorithm {
            case .crc32: .crc32(CRC32())
            case .crc32c: .crc32c(CRC32C())
            case .crc64nvme: .crc64nvme(CRC64NVME())
            case .sha1: .sha1(SHA1())
            case .sha256: .sha256(SHA256())
            }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .crc32(var checksum):
            checksum.update(bytes)
            state = .crc32(checksum)
        case .crc32c(var checksum):
            checksum.update(bytes)
            state = .crc32c(checksum)
        case .crc64nvme(var checksum):
            checksum.update(bytes)
            state = .crc64nvme(checksum)
        case .sha1(var checksum):
            checksum.update(bytes)
            state = .sha1(checksum)
        case .sha256(var checksum):
            checksum.update(bytes)
            state = .sha256(checksum)
        }
    }

    package var bytes: [UInt8] {
        switch state {
        case .crc32(let checksum): withUnsafeBytes(of: checksum.value.bigEndian) { Array($0) }
        case .crc32c(let checksum): withUnsafeBytes(of: checksum.value.bigEndian) { Array($0) }
        case .crc64nvme(let checksum): withUnsafeBytes(of: checksum.value.bigEndian) { Array($0) }
        case .sha1(let checksum): checksum.finalize()
        case .sha256(let checksum): checksum.finalize().bytes
        }
    }

    /// As S3 has it in `x-amz-checksum-…`.
    package var headerValue: String { Base64.string(bytes) }
}
