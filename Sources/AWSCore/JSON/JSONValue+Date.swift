package import struct FoundationEssentials.Date

extension JSONValue {
    /// A point in time as AWS's JSON protocols write it: seconds since 1970, with a fraction.
    package func date(_ member: String) -> Date? {
        self[member]?.number?.double.map { Date(timeIntervalSince1970: $0) }
    }
}
