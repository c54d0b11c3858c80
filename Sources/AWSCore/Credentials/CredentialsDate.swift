import struct FoundationEssentials.Date

/// The times in AWS's credential documents: ISO 8601, with and without fractions of a second and with any offset.
enum CredentialsDate {
    static func parse(_ text: String) -> Date? {
        // The SSO cache of older versions of the aws command writes `UTC` for `Z`.
        let text = text.hasSuffix("UTC") ? text.dropLast(3) + "Z" : text[...]
        return Date(iso8601: text)
    }
}
