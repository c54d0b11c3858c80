/// An upload in parts that was begun and neither completed nor aborted; its parts cost money until it is.
package struct S3MultipartUpload: Sendable, Equatable {
    package var bucket: String
    package var key: String
    package var uploadID: String

    package init(bucket: String, key: String, uploadID: String) {
        self.bucket = bucket
        self.key = key
        self.uploadID = uploadID
    }

    func query(_ others: QueryItem...) -> [QueryItem] { others + [QueryItem("uploadId", uploadID)] }
}

/// A part that S3 has.
package struct S3UploadedPart: Sendable, Equatable {
    /// From 1 to 10,000.
    package var number: Int
    /// With its quotes.
    package var etag: String
    /// Bytes; `nil` where S3 does not say, which is everywhere but in a list.
    package var size: Int?
    package var checksums: [S3Checksum]

    package init(number: Int, etag: String, size: Int? = nil, checksums: [S3Checksum] = []) {
        self.number = number
        self.etag = etag
        self.size = size
        self.checksums = checksums
    }

    init(_ element: XMLElement) throws {
        guard let number = (element["PartNumber"]?.text).flatMap({ Int($0) }), let etag = element["ETag"]?.text else {
            throw XMLError(message: "a part without a number or an ETag")
        }
        self.init(
            number: number,
            etag: etag,
            size: (element["Size"]?.text).flatMap { Int($0) },
            checksums: S3Checksum.all(in: element)
        )
    }

    /// As CompleteMultipartUpload names it.
    var element: XMLElement {
        XMLElement(
            name: "Part",
            children: [XMLElement(name: "ETag", text: etag)] + checksums.map(\.element)
                + [XMLElement(name: "PartNumber", text: String(number))]
        )
    }
}
