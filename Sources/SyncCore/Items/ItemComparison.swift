package import AWSCore

/// What two items of the same key differ in, by canonical equality as ``ItemDigest`` has it; exact.
package struct ItemComparison: Sendable, Equatable {
    /// Names of attributes that only the first item has, in the order of their bytes.
    package private(set) var onlyInFirst: [String] = []
    /// Names of attributes that only the second item has.
    package private(set) var onlyInSecond: [String] = []
    /// Names of attributes whose values differ.
    package private(set) var different: [String] = []

    package var areEqual: Bool { onlyInFirst.isEmpty && onlyInSecond.isEmpty && different.isEmpty }

    /// - Throws: ``JSONScanError`` when one of the texts is no item.
    package init(_ first: some Collection<UInt8>, _ second: some Collection<UInt8>) throws(JSONScanError) {
        let first = try Self.canonical(first).attributes
        let second = try Self.canonical(second).attributes
        var (left, right) = (first[...], second[...])
        while let a = left.first, let b = right.first {
            if a.name == b.name {
                if a.value != b.value { different.append(Self.text(a.name)) }
                left.removeFirst()
                right.removeFirst()
            } else if a.name.lexicographicallyPrecedes(b.name) {
                onlyInFirst.append(Self.text(a.name))
                left.removeFirst()
            } else {
                onlyInSecond.append(Self.text(b.name))
                right.removeFirst()
            }
        }
        onlyInFirst += left.map { Self.text($0.name) }
        onlyInSecond += right.map { Self.text($0.name) }
    }

    private static func canonical(_ item: some Collection<UInt8>) throws(JSONScanError) -> CanonicalItem {
        let result = Array(item).withUnsafeBytes { bytes in
            Result { () throws(JSONScanError) in try CanonicalItem(bytes) }
        }
        return try result.get()
    }

    private static func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
}
