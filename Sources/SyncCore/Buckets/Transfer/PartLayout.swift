import AWSCore

/// How an object is cut into parts.
struct PartLayout: Sendable, Equatable {
    /// Bytes of the whole.
    let size: Int
    /// Bytes of all parts but the last, where these are equal; the largest part's where they are not.
    let partSize: Int
    /// Where each part ends, where they are of several sizes.
    private let ends: [Int]

    /// S3's own limits (Amazon S3 User Guide, "Amazon S3 multipart upload limits").
    static let maximumParts = 10_000
    static let minimumPartSize = 5 << 20
    static let maximumPartSize = 5 << 30

    /// - Parameter preferredPartSize: made larger where there would be too many parts.
    init(size: Int, preferredPartSize: Int) {
        let atLeast = (size + Self.maximumParts - 1) / Self.maximumParts
        // Whole mebibytes, as everybody else's parts.
        let larger = ((atLeast + (1 << 20) - 1) >> 20) << 20
        self.init(size: size, partSize: max(1, atLeast <= preferredPartSize ? preferredPartSize : larger))
    }

    init(size: Int, partSize: Int) {
        self.size = size
        self.partSize = partSize
        ends = []
    }

    /// Parts of these sizes.
    ///
    /// - Returns: `nil` when they are not the whole, or S3 does not take such parts from others.
    init?(size: Int, partSizes: [Int]) {
        var ends: [Int] = []
        for partSize in partSizes { ends.append((ends.last ?? 0) + partSize) }
        guard ends.last == size, let largest = partSizes.max(), partSizes.count <= Self.maximumParts,
            largest <= Self.maximumPartSize, partSizes.dropLast().allSatisfy({ $0 >= Self.minimumPartSize })
        else { return nil }
        self.size = size
        partSize = largest
        self.ends = ends
    }

    /// The layout that an object in parts has, so that a copy cut the same way has the same ETag.
    ///
    /// - Parameter firstPart: of a HeadObject that asked for part 1.
    /// - Returns: `nil` when its parts are of several sizes, or not as S3 takes them from others.
    init?(of firstPart: S3ObjectHead) {
        guard let count = firstPart.partCount, count >= 1, count <= Self.maximumParts else { return nil }
        let partSize = firstPart.contentLength
        guard partSize > 0, partSize <= Self.maximumPartSize, (firstPart.size + partSize - 1) / partSize == count else {
            return nil
        }
        self.init(size: firstPart.size, partSize: partSize)
    }

    var count: Int { ends.isEmpty ? max(1, (size + partSize - 1) / partSize) : ends.count }

    /// The bytes of a part, from number 1.
    func range(of number: Int) -> Range<Int> {
        guard ends.isEmpty else { return (number == 1 ? 0 : ends[number - 2])..<ends[number - 1] }
        return ((number - 1) * partSize)..<min(size, number * partSize)
    }

    /// Bytes of each part.
    var partSizes: [Int] { (1...count).map { range(of: $0).count } }
}
