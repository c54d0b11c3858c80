import AWSCore
import Glibc
import SyncCore

/// What is done to every item of a copy or a comparison, without the network.
struct ItemBenchmark {
    private let text: [UInt8]
    private let page: ItemPage

    /// A page of 1 MB as Scan sends it.
    ///
    /// - Parameter itemBytes: about how long an item's text is.
    init(itemBytes: Int) throws {
        var items: [String] = []
        var random = SystemRandomNumberGenerator()
        while items.count * itemBytes < 1 << 20 {
            let number = items.count
            let attributes =
                #""pk":{"S":"customer#\#(number * 7919)"},"sk":{"N":"\#(number)"},"price":{"N":"12.50"},"#
                + #""active":{"BOOL":true},"tags":{"SS":["red","green"]},"address":{"M":{"city":{"S":"Köln"},"zip":{"S":"50667"}}}"#
            let filling = (0..<max(0, itemBytes - attributes.utf8.count - 20)).map { _ in
                Character(Unicode.Scalar(UInt8.random(in: 97...122, using: &random)))
            }
            items.append("{\(attributes),\"note\":{\"S\":\"\(String(filling))\"}}")
        }
        text = Array("{\"Count\":\(items.count),\"Items\":[\(items.joined(separator: ","))]}".utf8)
        page = try ItemPage(parsing: text)
    }

    /// Megabytes (10^6) of page text a second of one core, each the median of a second's runs.
    func report() throws -> String {
        let key = ItemKey(partitionKey: "pk", sortKey: "sk")
        let digester = ItemDigester(key: key)
        let filter = try ItemFilter(parsing: "price > 10 AND begins_with(pk, 'customer#')")
        let cut = try rate { try ItemPage(parsing: text).count }
        let splice = try rate {
            var bytes = 0
            for start in stride(from: 0, to: page.count, by: BatchWriteItem.maximumRequests) {
                let end = min(start + BatchWriteItem.maximumRequests, page.count)
                let requests = (start..<end).map { WriteRequest.put(item: page[$0]) }
                bytes += BatchWriteItem.body(table: "Orders", requests).count
            }
            return bytes
        }
        var keys: [UInt8] = []
        let digest = try rate {
            keys.removeAll(keepingCapacity: true)
            var sum: UInt128 = 0
            try page.bytes.withUnsafeBytes { bytes in
                for item in page.items {
                    let text = UnsafeRawBufferPointer(rebasing: bytes[item])
                    sum ^= try digester.digest(text, appendingKeyTo: &keys).item
                }
            }
            return Int(truncatingIfNeeded: sum)
        }
        let matched = try rate {
            var matched = 0
            try page.bytes.withUnsafeBytes { bytes in
                for item in page.items {
                    if try filter.matches(UnsafeRawBufferPointer(rebasing: bytes[item])) { matched += 1 }
                }
            }
            return matched
        }
        let checksum = try rate { Int(CRC32.checksum(text)) }
        return #"{"cut":\#(cut),"splice":\#(splice),"digest":\#(digest),"filter":\#(matched),"crc32":\#(checksum)}"#
    }

    private func rate(_ body: () throws -> Int) throws -> Int {
        var rates: [Double] = []
        var spent = 0.0
        var sink = 0
        while spent < 1 {
            let started = Self.processorSeconds
            sink ^= try body()
            let elapsed = Self.processorSeconds - started
            spent += elapsed
            rates.append(Double(text.count) / elapsed / 1e6)
        }
        // Keeps the work from being left out.
        if sink == .min { print(sink) }
        return Int(rates.sorted()[rates.count / 2])
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
