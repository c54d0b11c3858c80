/// A checksum that S3 has of an object or a part.
package struct S3Checksum: Sendable, Equatable, Hashable {
    /// AWS's word, such as `CRC64NVME`; there are more than ``ChecksumAlgorithm`` can compute.
    package var name: String
    /// Base64; of a composite one with `-` and the number of parts behind it.
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    package init(_ algorithm: ChecksumAlgorithm, value: String) {
        self.init(name: algorithm.rawValue, value: value)
    }

    /// `nil` for one that cannot be computed here.
    package var algorithm: ChecksumAlgorithm? { ChecksumAlgorithm(rawValue: name) }

    var headerName: String { "x-amz-checksum-" + name.lowercased() }

    /// All of S3's names (botocore's model of 2026-11).
    private static let names = [
        "CRC64NVME", "CRC32", "CRC32C", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128",
    ]

    static func all(in headers: HTTPHeaders) -> [S3Checksum] {
        names.compactMap { name in
            headers["x-amz-checksum-" + name.lowercased()].map { S3Checksum(name: name, value: $0) }
        }
    }

    static func all(in element: XMLElement?) -> [S3Checksum] {
        guard let element else { return [] }
        return names.compactMap { name in
            element["Checksum" + name].map { S3Checksum(name: name, value: $0.text) }
        }
    }

    var element: XMLElement { XMLElement(name: "Checksum" + name, text: value) }
}

/// What a checksum of an object that was uploaded in parts is made of.
package enum S3ChecksumType: String, Sendable {
    /// Of all bytes, as if they had come at once; the CRCs only.
    case fullObject = "FULL_OBJECT"
    /// Of the parts' checksums.
    case composite = "COMPOSITE"
}
