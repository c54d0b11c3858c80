/// What ListObjectsV2 is asked for.
package struct ListObjectsV2Request: Sendable, Equatable {
    package var bucket: String
    package var prefix: String?
    /// Keys that have it behind the prefix are rolled up into ``ListObjectsV2Page/commonPrefixes``.
    package var delimiter: String?
    /// Only keys behind this one, in the order of their UTF-8 bytes; need not exist.
    package var startAfter: String?
    /// At most 1000, as many as S3 gives by itself; keys and common prefixes together.
    package var maximumKeys: Int?
    /// Whether archived objects come with ``ListedObject/restoreStatus``.
    package var includesRestoreStatus: Bool

    package init(
        bucket: String,
        prefix: String? = nil,
        delimiter: String? = nil,
        startAfter: String? = nil,
        maximumKeys: Int? = nil,
        includesRestoreStatus: Bool = false
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.delimiter = delimiter
        self.startAfter = startAfter
        self.maximumKeys = maximumKeys
        self.includesRestoreStatus = includesRestoreStatus
    }
}

extension S3Client {
    /// One page of ListObjectsV2.
    ///
    /// - Throws: ``AWSError``: `NoSuchBucket`, `AccessDenied`, …
    package func listObjectsV2Page(
        _ list: ListObjectsV2Request,
        continuationToken: String? = nil
    ) async throws -> ListObjectsV2Page {
        var query = [
            QueryItem("list-type", "2"),
            // Keys may hold characters that no XML 1.0 document can.
            QueryItem("encoding-type", "url"),
        ]
        for (name, value) in [
            ("prefix", list.prefix), ("delimiter", list.delimiter), ("start-after", list.startAfter),
            ("max-keys", list.maximumKeys.map(String.init)), ("continuation-token", continuationToken),
        ] {
            if let value { query.append(QueryItem(name, value)) }
        }
        var request = request("ListObjectsV2", .get, bucket: list.bucket, query: query)
        if let prefix = list.prefix { request.resource = "s3://\(list.bucket)/\(OneLine.text(prefix))" }
        if list.includesRestoreStatus { request.headers["x-amz-optional-object-attributes"] = "RestoreStatus" }
        let response = try await client.send(request)
        do {
            let page = try ListObjectsV2Page(parsing: response.body)
            // Would go round for ever.
            if let token = page.nextContinuationToken, token == continuationToken {
                throw XMLError(message: "the continuation token of the next page is that of this one")
            }
            return page
        } catch {
            throw malformed("\(error)", response: response, of: request)
        }
    }

    /// All pages of ListObjectsV2, each fetched when it is asked for, so that memory holds one page whatever the
    /// bucket's size.
    package func listObjectsV2(_ list: ListObjectsV2Request) -> S3ListingPages {
        S3ListingPages(client: self, list: list)
    }
}

/// The pages of a listing; each iteration lists anew.
package struct S3ListingPages: AsyncSequence, Sendable {
    package typealias Element = ListObjectsV2Page

    fileprivate let client: S3Client
    fileprivate let list: ListObjectsV2Request

    package struct AsyncIterator: AsyncIteratorProtocol {
        private let client: S3Client
        private let list: ListObjectsV2Request
        private var token: String?
        private var isFinished = false

        fileprivate init(client: S3Client, list: ListObjectsV2Request) {
            self.client = client
            self.list = list
        }

        package mutating func next() async throws -> ListObjectsV2Page? {
            guard !isFinished else { return nil }
            try Task.checkCancellation()
            let page = try await client.listObjectsV2Page(list, continuationToken: token)
            token = page.nextContinuationToken
            isFinished = token == nil
            return page
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(client: client, list: list)
    }
}
