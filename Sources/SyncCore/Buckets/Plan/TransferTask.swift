package import AWSCore

package import struct FoundationEssentials.Date

/// One object that must be brought to the target, or of which only a closer look can tell.
package struct TransferTask: Sendable {
    /// What the target had when it was listed.
    package struct Target: Sendable, Equatable {
        /// With its quotes; `nil` for a file.
        package var etag: String?
        package var size: Int
    }

    /// Without the sides' prefixes.
    package var key: String
    /// Bytes.
    package var size: Int
    /// With its quotes; `nil` for a file.
    package var etag: String?
    package var lastModified: Date?
    /// AWS's word; `nil` for a file and for `STANDARD`.
    package var storageClass: String?
    /// Of an archived object; `nil` when no restore was asked for.
    package var restoreStatus: S3RestoreStatus?
    /// `nil` when there is none.
    package var target: Target?
    /// Whether both are to be compared more closely first.
    package var isUndecided = false
}
