package import struct FoundationEssentials.Date

/// How far the restore of an archived object is, from the header `x-amz-restore` or a listing.
package enum S3RestoreStatus: Sendable, Equatable {
    /// Asked for; reading fails until it is done.
    case inProgress
    /// A readable copy is there until that time.
    case restored(until: Date?)

    /// Reads `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`.
    ///
    /// - Returns: `nil` when the header says nothing of a restore.
    package init?(header: String) {
        let values = Self.quotedValues(header)
        switch values["ongoing-request"] {
        case "true": self = .inProgress
        case "false": self = .restored(until: values["expiry-date"].flatMap(HTTPDate.parse))
        default: return nil
        }
    }

    /// The `name="value"` pairs of a header; a value may hold commas.
    private static func quotedValues(_ header: String) -> [String: String] {
        var values: [String: String] = [:]
        // Outside and inside of quotes by turns: `ongoing-request=`, `false`, `, expiry-date=`, `Fri, …`.
        let parts = header.split(separator: "\"", omittingEmptySubsequences: false)
        for index in stride(from: 0, to: parts.count - 1, by: 2) {
            let name = parts[index].filter { $0 != "=" && $0 != "," && $0 != " " }
            values[String(name)] = String(parts[index + 1])
        }
        return values
    }
}
