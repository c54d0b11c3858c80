import AWSCore
import Glibc

import struct FoundationEssentials.Date

/// What tells that a target's object is not the source's.
package enum ObjectComparison: String, Sendable, CaseIterable {
    /// As `aws s3 sync`: another size, or a source that was modified after the target was written.
    case time
    /// Another size only.
    case size
    /// Another size or ETag.
    case etag
    /// Another size or checksum.
    case checksum
}

/// What a comparison of two objects in the listings came to.
enum ListedDifference: Sendable {
    case none
    case different
    /// The listings do not say; see ``DeepComparison``.
    case undecided
}

/// Compares objects by what listings say of them.
struct ListingComparison: Sendable {
    let comparison: ObjectComparison
    /// Which of the sides is a folder, whose times can be set and which has no ETags.
    let route: SyncRoute

    @inline(__always)
    func compare(_ source: ListedKey, _ target: ListedKey) -> ListedDifference {
        guard source.size == target.size else { return .different }
        switch comparison {
        case .size: return .none
        case .time: return hasOtherTime(source, target) ? .different : .none
        case .etag, .checksum:
            if comparison == .etag, !source.etag.isEmpty, KeyOrder.compare(source.etag, target.etag) == 0 {
                return .none
            }
            return .undecided
        }
    }

    /// Whether the times say that the contents differ.
    ///
    /// The rule of `aws s3 sync` for uploads and copies: a target that is not older than the source is taken for a copy
    /// of it. Times of objects have whole seconds, so within the same second the ETags decide.
    ///
    /// A download sets the file's time to the object's; any other time means another content, as with
    /// `--exact-timestamps`. (Without that option aws passes over objects that are newer than the file.)
    @inline(__always)
    private func hasOtherTime(_ source: ListedKey, _ target: ListedKey) -> Bool {
        if route == .download {
            // 2009-10-12T17:50:30: file systems may keep no fractions of seconds.
            let (left, right) = (source.lastModified.prefix(19), target.lastModified.prefix(19))
            return !left.elementsEqual(right)
        }
        let order = compareTimes(source.lastModified, target.lastModified)
        switch route {
        case .upload, .download: return order > 0
        case .copy:
            if order != 0 { return order > 0 }
            return !source.etag.isEmpty && !target.etag.isEmpty && KeyOrder.compare(source.etag, target.etag) != 0
        }
    }

    /// Negative when the left one is earlier; a time that cannot be read is later than any.
    @inline(__always)
    private func compareTimes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        if left.count == right.count, let leftStart = left.baseAddress, let rightStart = right.baseAddress {
            // All of the form 2009-10-12T17:50:30.000Z, so the order of texts is that of times.
            return Int(memcmp(leftStart, rightStart, left.count))
        }
        guard let leftDate = time(left) else { return 1 }
        guard let rightDate = time(right) else { return -1 }
        return leftDate < rightDate ? -1 : leftDate > rightDate ? 1 : 0
    }

    private func time(_ text: UnsafeRawBufferPointer) -> Date? {
        Date(iso8601: String(decoding: text, as: UTF8.self))
    }
}

/// Which way objects go.
package enum SyncRoute: String, Sendable {
    /// From bucket to bucket.
    case copy
    /// From a folder into a bucket.
    case upload
    /// From a bucket into a folder.
    case download
}
