import AWSCore
import Testing

@testable import SyncCore

/// What S3 says of two objects, and what that says of their bytes.
@Suite("What two objects' heads tell")
struct HeadComparisonTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var left: HTTPHeaders
        var right: HTTPHeaders
        var outcome: HeadComparison.Outcome

        init(_ name: String, _ left: HTTPHeaders, _ right: HTTPHeaders, _ outcome: HeadComparison.Outcome) {
            testDescription = name
            self.left = left
            self.right = right
            self.outcome = outcome
        }
    }

    private static let full: HTTPHeaders = ["x-amz-checksum-type": "FULL_OBJECT"]
    private static let crc: HTTPHeaders = ["ETag": "\"e-2\"", "x-amz-checksum-crc64nvme": "AAAA"]

    static let cases: [Case] = [
        Case("the same MD5", ["ETag": "\"e\""], ["ETag": "\"e\""], .equal),
        Case("another MD5", ["ETag": "\"e\""], ["ETag": "\"f\""], .different),
        Case(
            "the same MD5 of an object of another size",
            ["ETag": "\"e\"", "Content-Length": "9"],
            ["ETag": "\"e\""],
            .different
        ),
        Case("one checksum for two sizes", crc + full + ["Content-Length": "9"], crc + full, .different),
        Case("no ETags", [:], [:], .unknown),
        Case("ETags of objects in parts, cut alike", ["ETag": "\"e-2\""], ["ETag": "\"e-2\""], .equal),
        Case(
            "ETags of objects in parts, which depend on how they were cut",
            ["ETag": "\"e-2\""],
            ["ETag": "\"f-2\""],
            .unknown
        ),
        Case("an MD5 and an ETag of parts", ["ETag": "\"e\""], ["ETag": "\"e-1\""], .unknown),
        Case(
            "the same ETag with a KMS key, which is no MD5",
            ["ETag": "\"e\"", "x-amz-server-side-encryption": "aws:kms"],
            ["ETag": "\"e\"", "x-amz-server-side-encryption": "aws:kms"],
            .unknown
        ),
        Case(
            "another ETag with a KMS key on one side",
            ["ETag": "\"e\""],
            ["ETag": "\"f\"", "x-amz-server-side-encryption": "aws:kms:dsse"],
            .unknown
        ),
        Case(
            "the same ETag with S3's own key",
            ["ETag": "\"e\"", "x-amz-server-side-encryption": "AES256"],
            ["ETag": "\"e\""],
            .equal
        ),
        Case("the same checksum of the whole, cut otherwise", crc + full, crc + full + ["ETag": "\"f-9\""], .equal),
        Case(
            "another checksum of the whole",
            crc + full,
            crc + full + ["ETag": "\"f-9\"", "x-amz-checksum-crc64nvme": "B"],
            .different
        ),
        Case(
            "another checksum of objects that came whole, whose type nobody tells",
            ["ETag": "\"e\"", "x-amz-server-side-encryption": "aws:kms", "x-amz-checksum-crc64nvme": "A"],
            ["ETag": "\"f\"", "x-amz-server-side-encryption": "aws:kms", "x-amz-checksum-crc64nvme": "B"],
            .different
        ),
        Case(
            "other checksums of checksums, which depend on how they were cut",
            crc + ["x-amz-checksum-type": "COMPOSITE"],
            crc + ["x-amz-checksum-type": "COMPOSITE", "x-amz-checksum-crc64nvme": "B-2", "ETag": "\"f-9\""],
            .unknown
        ),
        Case(
            "a checksum of checksums against one of the whole",
            crc + full,
            crc + ["x-amz-checksum-type": "COMPOSITE", "x-amz-checksum-crc64nvme": "B-2", "ETag": "\"f-9\""],
            .unknown
        ),
        Case(
            "checksums that only one side has",
            crc + full,
            ["ETag": "\"f-9\"", "x-amz-checksum-sha256": "A"],
            .unknown
        ),
    ]

    @Test("is what the bytes are, or that nothing is known", arguments: cases)
    func outcome(of pair: Case) throws {
        let size: HTTPHeaders = ["Content-Length": "7"]
        let left = try #require(S3ObjectHead(headers: size + pair.left))
        let right = try #require(S3ObjectHead(headers: size + pair.right))
        #expect(HeadComparison.compare(left, right) == pair.outcome)
        #expect(HeadComparison.compare(right, left) == pair.outcome)
    }
}

@Suite("How an object is cut into parts")
struct PartLayoutTests {
    @Test(
        "keeps to S3's limits, whatever its size",
        arguments: [1, 5 << 20, (8 << 20) * 10_000, (8 << 20) * 10_000 + 1, 5 << 40],
        [5 << 20, 8 << 20, 512 << 20]
    )
    func limits(size: Int, preferred: Int) {
        let layout = PartLayout(size: size, preferredPartSize: preferred)
        #expect(layout.count <= 10_000)
        #expect(layout.partSize >= preferred && layout.partSize <= 5 << 30 && layout.partSize.isMultiple(of: 1 << 20))
        let ranges = (1...layout.count).map { layout.range(of: $0) }
        #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == size)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound && !$1.isEmpty })
    }
}

extension PartLayoutTests {
    @Test("can be any that S3 takes from others, and is the whole")
    func listed() throws {
        let (five, more) = (5 << 20, (5 << 20) + 1)
        let layout = try #require(PartLayout(size: five + more + 1, partSizes: [five, more, 1]))
        #expect(
            (1...layout.count).map { layout.range(of: $0) } == [
                0..<five, five..<(five + more), (five + more)..<(five + more + 1),
            ]
        )
        #expect(layout.partSizes == [five, more, 1])
        #expect(PartLayout(size: 3, partSizes: [3])?.partSizes == [3])
        for (size, parts) in [
            (five + more, [five]), (five, [five, five]), (five, []), (five, [five - 1, 1]),
            (6 << 30, [five, (6 << 30) - five]),
            (10_001 * five, Array(repeating: five, count: 10_001)),
        ] {
            #expect(PartLayout(size: size, partSizes: parts) == nil)
        }
    }
}

/// Later fields replace earlier ones of the same name.
private func + (left: HTTPHeaders, right: HTTPHeaders) -> HTTPHeaders {
    var all = left
    for field in right.fields { all[field.name] = field.value }
    return all
}
