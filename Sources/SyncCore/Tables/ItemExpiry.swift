internal import AWSCore

import struct FoundationEssentials.Date

/// Tells items whose time to live is over and that DynamoDB has not deleted yet, which may take days.
struct ItemExpiry: Sendable {
    /// DynamoDB leaves items alone whose time lies further back than this, as a guard against wrong units (Developer
    /// Guide, "Using time to live (TTL)": "Items with an expiration time more than five years in the past").
    private static let oldest = 5 * 365 * 86_400

    private let attribute: [UInt8]
    private let now: @Sendable () -> Date

    init(attribute: String, now: @escaping @Sendable () -> Date = { Date() }) {
        self.attribute = Array(attribute.utf8)
        self.now = now
    }

    func isExpired(_ item: ArraySlice<UInt8>) throws -> Bool {
        let text: [UInt8]? = try item.withUnsafeBytes { bytes in
            var reader = try ItemReader(bytes)
            while let found = try reader.next() {
                let name = bytes[found.name.content]
                let isIt =
                    found.name.hasEscapes
                    ? JSONStringBytes.unescaped(bytes, found.name.content) == attribute : name.elementsEqual(attribute)
                if isIt { return found.type == .number ? Array(bytes[found.value].dropFirst().dropLast()) : nil }
            }
            return nil
        }
        // Other types than numbers never expire.
        guard let text, let seconds = Double(String(decoding: text, as: UTF8.self)) else { return false }
        let age = now().timeIntervalSince1970 - seconds
        return age > 0 && age <= Double(Self.oldest)
    }
}
