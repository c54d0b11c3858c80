/// How S3 keeps an object.
package enum S3StorageClass: Sendable, Hashable, CustomStringConvertible {
    case standard
    case standardIA
    case oneZoneIA
    case intelligentTiering
    /// Glacier Instant Retrieval: readable at once.
    case glacierInstantRetrieval
    /// Glacier Flexible Retrieval, `GLACIER` on the wire.
    case glacierFlexibleRetrieval
    case deepArchive
    /// A class this program does not treat in any special way, or one newer than it.
    case other(String)

    /// - Parameter name: AWS's word; S3 leaves it out for `STANDARD`.
    package init(_ name: String?) {
        switch name {
        case nil, "", "STANDARD": self = .standard
        case "STANDARD_IA": self = .standardIA
        case "ONEZONE_IA": self = .oneZoneIA
        case "INTELLIGENT_TIERING": self = .intelligentTiering
        case "GLACIER_IR": self = .glacierInstantRetrieval
        case "GLACIER": self = .glacierFlexibleRetrieval
        case "DEEP_ARCHIVE": self = .deepArchive
        case .some(let name): self = .other(name)
        }
    }

    /// AWS's word, as in `x-amz-storage-class`.
    package var name: String {
        switch self {
        case .standard: "STANDARD"
        case .standardIA: "STANDARD_IA"
        case .oneZoneIA: "ONEZONE_IA"
        case .intelligentTiering: "INTELLIGENT_TIERING"
        case .glacierInstantRetrieval: "GLACIER_IR"
        case .glacierFlexibleRetrieval: "GLACIER"
        case .deepArchive: "DEEP_ARCHIVE"
        case .other(let name): name
        }
    }

    package var description: String { name }

    /// Whether objects must be restored ("thawed") before they can be read or copied.
    package var needsRestore: Bool {
        self == .glacierFlexibleRetrieval || self == .deepArchive
    }
}
