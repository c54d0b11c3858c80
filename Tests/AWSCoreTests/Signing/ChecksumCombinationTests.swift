import AWSTesting
import Testing

@testable import AWSCore

@Suite("Checksums of wholes and parts")
struct ChecksumCombinationTests {
    @Test("CRC-64/NVME has the value of its specification, however the bytes are cut")
    func crc64nvme() {
        let text = Array("123456789".utf8)
        #expect(CRC64NVME.checksum(text) == 0xAE8B_1486_0A79_9888)
        #expect(CRC64NVME.checksum([]) == 0)
        #expect(ChecksumAlgorithm.crc64nvme.headerValue(text) == "rosUhgp5mIg=")
        var seed = SeededGenerator(seed: 7)
        let bytes = (0..<1_000).map { _ in UInt8.random(in: 0...255, using: &seed) }
        // Bit by bit, as the polynomial is defined.
        var expected = UInt64.max
        for byte in bytes {
            expected ^= UInt64(byte)
            for _ in 0..<8 { expected = expected & 1 == 1 ? expected >> 1 ^ 0x9A6C_9329_AC4B_C9B5 : expected >> 1 }
        }
        #expect(CRC64NVME.checksum(bytes) == ~expected)
        for cut in 0...40 {
            var checksum = CRC64NVME()
            bytes[..<cut].withUnsafeBytes { checksum.update($0) }
            bytes[cut...].withUnsafeBytes { checksum.update($0) }
            #expect(checksum.value == ~expected)
        }
    }

    @Test("The checksum of the whole follows from those of its parts")
    func fullObject() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for algorithm in ChecksumAlgorithm.allCases {
            for _ in 0..<30 {
                let parts = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                    (0..<[0, 1, 7, 300, 5_000][Int.random(in: 0..<5, using: &generator)]).map { _ in
                        UInt8.random(in: 0...255, using: &generator)
                    }
                }
                let sums = parts.map { (value: algorithm.headerValue($0), size: $0.count) }
                let whole = S3PartSums.fullObject(algorithm, parts: sums)
                if algorithm.isCombinable {
                    #expect(whole?.value == algorithm.headerValue(parts.flatMap(\.self)), "seed \(seed)")
                } else {
                    #expect(whole == nil)
                }
            }
        }
        // Lengths that no test can write out: combining is associative.
        let (a, b, c): ([UInt8], [UInt8], [UInt8]) = ([1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12])
        let crc = ChecksumAlgorithm.crc32
        let left = crc.combine(a, b, length: 5 << 30).flatMap { crc.combine($0, c, length: 3 << 40) }
        let right = crc.combine(b, c, length: 3 << 40).flatMap { crc.combine(a, $0, length: 5 << 30 + 3 << 40) }
        #expect(left != nil)
        #expect(left == right)
        #expect(crc.combine(a, [1], length: 1) == nil)
        #expect(S3PartSums.fullObject(.crc32, parts: [(value: "?", size: 1)]) == nil)
    }

    @Test("A composite checksum is that of the parts' checksums, with their number")
    func composite() {
        // Of S3's documentation: SHA-256 of the concatenated digests.
        let parts = [Array("hello".utf8), Array("world".utf8)]
        let sums = parts.map { ChecksumAlgorithm.sha256.headerValue($0) }
        let expected = SHA256.digest(parts.flatMap { SHA256.digest($0).bytes }).bytes
        let checksum = S3PartSums.composite(.sha256, parts: sums)
        #expect(checksum == S3Checksum(.sha256, value: Base64.string(expected) + "-2"))
        #expect(S3PartSums.composite(.sha256, parts: ["AAAA"]) == nil)
    }

    @Test("The ETag of an object in parts follows from its bytes and their sizes")
    func etag() {
        let bytes = Array(0..<255) as [UInt8]
        func etag(_ sizes: S3RunningETag.PartSizes, piece: Int) -> String {
            var running = S3RunningETag(sizes)
            for start in stride(from: 0, to: bytes.count, by: piece) {
                bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { running.update($0) }
            }
            return running.etag
        }
        func expected(_ sizes: [Int]) -> String {
            var rest = bytes[...]
            let digests = sizes.map { size in
                defer { rest = rest.dropFirst(size) }
                return MD5.digest(Array(rest.prefix(size)))
            }
            return "\"\(Hexadecimal.string(MD5.digest(digests.flatMap(\.self))))-\(sizes.count)\""
        }
        for piece in [1, 3, 64, 100, 1_000] {
            #expect(etag(.whole, piece: piece) == "\"\(Hexadecimal.string(MD5.digest(bytes)))\"")
            #expect(etag(.equal(100), piece: piece) == expected([100, 100, 55]))
            #expect(etag(.equal(51), piece: piece) == expected([51, 51, 51, 51, 51]))
            #expect(etag(.listed([5, 200, 50]), piece: piece) == expected([5, 200, 50]))
            #expect(etag(.listed([5, 200]), piece: piece) == expected([5, 200, 50]))
        }
        // What S3 says of an object of one empty part.
        #expect(S3RunningETag(.equal(5)).etag == "\"59adb24ef3cdbe0297f05b395827453f-1\"")
    }
}
