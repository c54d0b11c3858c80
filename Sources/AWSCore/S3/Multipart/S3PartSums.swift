/// Checksums and ETags of objects in parts, made from those of the parts: what S3 must say of the whole.
package enum S3PartSums {
    /// The checksum of all bytes, as S3 gives it with ``S3ChecksumType/fullObject``.
    ///
    /// - Parameter parts: values in Base64 and bytes, in order.
    /// - Returns: `nil` for an algorithm that cannot do that, and for a value that is none of its.
    package static func fullObject(
        _ algorithm: ChecksumAlgorithm,
        parts: some Sequence<(value: String, size: Int)>
    ) -> S3Checksum? {
        guard algorithm.isCombinable else { return nil }
        var whole = RunningChecksum(algorithm).bytes
        for part in parts {
            guard let value = Base64.bytes(part.value),
                let combined = algorithm.combine(whole, value, length: part.size)
            else { return nil }
            whole = combined
        }
        return S3Checksum(algorithm, value: Base64.string(whole))
    }

    /// The checksum of the parts' checksums with their number, as S3 gives it with ``S3ChecksumType/composite``.
    ///
    /// - Parameter parts: values in Base64, in order.
    /// - Returns: `nil` for a value that is none of the algorithm's.
    package static func composite(_ algorithm: ChecksumAlgorithm, parts: [String]) -> S3Checksum? {
        var checksum = RunningChecksum(algorithm)
        for part in parts {
            guard let value = Base64.bytes(part), value.count == algorithm.byteCount else { return nil }
            value.withUnsafeBytes { checksum.update($0) }
        }
        return S3Checksum(algorithm, value: "\(checksum.headerValue)-\(parts.count)")
    }

    /// The ETag of an object in parts, quotes included: the MD5 of the parts' MD5s, and their number.
    ///
    /// Holds for objects without encryption or with S3's own keys; with KMS keys an ETag is no checksum.
    package static func etag(parts: [[UInt8]]) -> String {
        var hash = MD5()
        for part in parts { part.withUnsafeBytes { hash.update($0) } }
        return "\"\(Hexadecimal.string(hash.finalize()))-\(parts.count)\""
    }
}

/// The ETag that an object would have, of bytes that arrive in pieces of any size.
package struct S3RunningETag: Sendable {
    private let partSizes: PartSizes
    private var part = MD5()
    private var partBytes = 0
    private var digests: [[UInt8]] = []

    /// How the object was cut.
    package enum PartSizes: Sendable, Equatable {
        /// Uploaded whole.
        case whole
        /// All but the last of one size.
        case equal(Int)
        /// Each of its own.
        case listed([Int])
    }

    package init(_ partSizes: PartSizes) {
        self.partSizes = partSizes
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let room = max(0, currentPartSize - partBytes)
            // A listed part of no bytes, or one behind the last that is listed, ends with what is there.
            let piece = rest.prefix(room == 0 ? rest.count : room)
            part.update(UnsafeRawBufferPointer(rebasing: piece))
            partBytes += piece.count
            rest = rest.dropFirst(piece.count)
            if partBytes == currentPartSize { endPart() }
        }
    }

    /// With its quotes.
    package var etag: String {
        if case .whole = partSizes { return "\"\(Hexadecimal.string(part.finalize()))\"" }
        var all = digests
        if partBytes > 0 || all.isEmpty { all.append(part.finalize()) }
        return S3PartSums.etag(parts: all)
    }

    private var currentPartSize: Int {
        switch partSizes {
        case .whole: .max
        case .equal(let size): max(1, size)
        case .listed(let sizes): digests.count < sizes.count ? sizes[digests.count] : .max
        }
    }

    private mutating func endPart() {
        digests.append(part.finalize())
        part = MD5()
        partBytes = 0
    }
}
