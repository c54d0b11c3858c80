import AWSTesting
import Foundation
import Testing

@testable import AWSCore

/// The scanner against the XML parser, which says what a document is; a failure names the seed, which repeats it.
@Suite("The scanner of listings")
struct ListingScannerTests {
    private static let seeds = (0..<40).map { _ in UInt64.random(in: .min ... .max) }

    @Test("It reads what an XML parser reads, and nothing else", arguments: seeds)
    func oracle(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let listing = RandomListing(using: &generator)
            let text = String(decoding: listing.document, as: UTF8.self)
            let expected = Result { try ListingElementReader.read(listing.document).finish() }.map(Seen.init)
            guard let scanned = ListingScanner.read(listing.document) else {
                #expect(!listing.isPlain, "seed \(seed): the scanner should take \(text)")
                continue
            }
            let result = Result { try scanned.finish() }.map(Seen.init)
            #expect(result.value == expected.value, "seed \(seed): \(text)")
            #expect(result.error == expected.error, "seed \(seed): \(text)")
        }
    }

    @Test("Damaged documents are read as an XML parser reads them, or refused", arguments: seeds)
    func damage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let whole = RandomListing(using: &generator).document
            var document = whole
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: document.removeLast(Int.random(in: 1..<document.count, using: &generator))
            case 1:
                let start = Int.random(in: 0..<document.count, using: &generator)
                document.removeSubrange(start..<min(document.count, start + Int.random(in: 1..<30, using: &generator)))
            default:
                for _ in 0..<Int.random(in: 1..<4, using: &generator) {
                    let index = Int.random(in: 0..<document.count, using: &generator)
                    document[index] =
                        Bool.random(using: &generator)
                        ? UInt8.random(in: 0...255, using: &generator)
                        : document[Int.random(in: 0..<document.count, using: &generator)]
                }
            }
            guard let scanned = ListingScanner.read(document) else { continue }
            let text = String(decoding: document, as: UTF8.self)
            let expected = Result { try ListingElementReader.read(document).finish() }.map(Seen.init)
            let result = Result { try scanned.finish() }.map(Seen.init)
            #expect(result.value == expected.value, "seed \(seed): \(text)")
            #expect(result.error == expected.error, "seed \(seed): \(text)")
        }
    }

    @Test("An element that another one breaks into is not passed over")
    func unclosedMember() {
        for member in ["<Size>1", "<ChecksumType>FULL_OBJECT", "<StorageClass>X", "<ETag>e", "<Owner><ID>1", "<Key>k"] {
            for next in ["<Size>2</Size>", "<StorageClass>S</StorageClass>", "<ChecksumAlgorithm/>"] {
                let object = "<Contents><Key>k</Key><Size>1</Size>\(member)\(next)</Contents>"
                let document = Array("<ListBucketResult>\(object)</ListBucketResult>".utf8)
                #expect(throws: XMLError.self) { try ListObjectsV2Page(parsing: document) }
            }
        }
    }

    @Test("A document that ends early is never a listing, wherever it ends")
    func truncation() throws {
        let document = Array(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><EncodingType>url</EncodingType>\
            <Contents><Key>a%26b</Key><LastModified>2026-11-21T02:00:05.000Z</LastModified><ETag>&quot;e&quot;</ETag>\
            <Size>12</Size><Owner><ID>o</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>\
            <CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes><IsTruncated>false</IsTruncated></ListBucketResult>
            """.utf8
        )
        let page = try ListObjectsV2Page(parsing: document)
        #expect(page.objects.map(\.key) == ["a&b"])
        #expect(page.commonPrefixes.texts == ["p/"])
        for count in 0..<document.count {
            #expect(throws: XMLError.self) { try ListObjectsV2Page(parsing: Array(document.prefix(count))) }
        }
    }

    @Test("A listing with fewer entries than it speaks of is refused, one that says more is not")
    func keyCount() throws {
        func page(_ count: Int, _ member: String) throws -> ListObjectsV2Page {
            let object = "<Contents><Key>a</Key><Size>1</Size>\(member)</Contents>"
            let inner = "<KeyCount>\(count)</KeyCount>\(object)"
            return try ListObjectsV2Page(parsing: Array("<ListBucketResult>\(inner)</ListBucketResult>".utf8))
        }
        for member in ["", "<!-- to the XML parser -->"] {
            #expect(try page(0, member).objects.count == 1)
            #expect(try page(1, member).objects.count == 1)
            #expect(throws: XMLError.self) { try page(2, member) }
        }
    }

    @Test("An answer that does not say whether it is the last is not taken for the last")
    func unclearEnd() throws {
        for other in ["", "<!-- to the XML parser -->"] {
            func page(_ inner: String) throws -> ListObjectsV2Page {
                try ListObjectsV2Page(parsing: Array("<ListBucketResult>\(inner)\(other)</ListBucketResult>".utf8))
            }
            #expect(try page("<NextContinuationToken>t</NextContinuationToken>").nextContinuationToken == "t")
            #expect(throws: XMLError.self) { try page("<IsTruncated>True</IsTruncated>") }
            #expect(throws: XMLError.self) { try page("<IsTruncated>true</IsTruncated><NextContinuationToken/>") }
            #expect(try page("").nextContinuationToken == nil)
        }
    }

    @Test("Keys are ordered as bytes, not as text")
    func order() throws {
        let keys = ["", "a", "a\u{0}", "ab", "e\u{301}", "\u{E9}", "\u{FFFD}", "\u{10000}"]
        var builder = ListingPageBuilder()
        for key in keys { builder.append(key: key.utf8, size: 0) }
        let objects = try builder.page(nextContinuationToken: nil).objects
        for (index, object) in objects.enumerated() {
            #expect(object.key.unicodeScalars.elementsEqual(keys[index].unicodeScalars))
            for (otherIndex, other) in objects.enumerated() {
                let order = Array(object.key.utf8).withUnsafeBytes { bytes in
                    Array(other.key.utf8).withUnsafeBytes { KeyOrder.compare(bytes, $0) }
                }
                #expect(order.signum() == (index - otherIndex).signum())
            }
        }
    }
}

/// All that a page says.
private struct Seen: Equatable {
    var objects: [[String]]
    var prefixes: [[UInt8]]
    var token: String?

    init(_ page: ListObjectsV2Page) {
        objects = page.objects.map { object in
            [
                Array(object.keyBytes).description, String(object.size), object.etag ?? "-",
                Array(object.etagBytes).description,
                object.lastModified.map { String($0.timeIntervalSince1970) } ?? "-", object.storageClass.name,
                object.checksumAlgorithm ?? "-", object.checksumType ?? "-", "\(object.restoreStatus as Any)",
            ]
        }
        prefixes = page.commonPrefixes.map(Array.init)
        token = page.nextContinuationToken
    }
}

extension Result {
    fileprivate var value: Success? { try? get() }

    fileprivate var error: String? {
        guard case .failure(let error) = self else { return nil }
        return "\(error)"
    }
}
