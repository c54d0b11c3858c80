import AWSCore

/// Reads pages of listings as S3 sends them, and the checksum that S3 computes of objects.
struct ListingBenchmark {
    private let page: [UInt8]

    init() {
        let objects = (0..<1_000).map { number in
            let name = String(1_000_000 + number)
            return """
                <Contents><Key>daily/2026/11/21/Orders/AWSDynamoDB/01768385930622-efd1a093/data/\(name).json.gz</Key>\
                <LastModified>2026-11-21T02:05:10.000Z</LastModified>\
                <ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag>\
                <ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>\
                <Size>\(number)</Size><StorageClass>STANDARD</StorageClass></Contents>
                """
        }
        page = Array(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>backups</Name><Prefix></Prefix>\
            <KeyCount>1000</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>\
            <IsTruncated>false</IsTruncated>\(objects.joined())</ListBucketResult>
            """.utf8
        )
    }

    /// The seconds that so many thousands of entries take.
    func seconds(thousands: Int) throws -> Double {
        var size = 0
        let time = try ContinuousClock().measure {
            for _ in 0..<thousands {
                for object in try ListObjectsV2Page(parsing: page).objects { size += object.size }
            }
        }
        guard size == thousands * 999 * 500 else { throw WrongSum(size: size) }
        return time / .seconds(1)
    }

    /// CRC-64/NVME, in bytes per second.
    func checksummedBytesPerSecond(megabytes: Int) -> Double {
        let bytes = [UInt8](repeating: 0xA5, count: 1 << 20)
        var checksum = RunningChecksum(.crc64nvme)
        let time = ContinuousClock().measure {
            for _ in 0..<megabytes { bytes.withUnsafeBytes { checksum.update($0) } }
        }
        guard checksum.bytes.count == 8 else { return 0 }
        return Double(megabytes << 20) / (time / .seconds(1))
    }

    struct WrongSum: Error {
        var size: Int
    }
}
