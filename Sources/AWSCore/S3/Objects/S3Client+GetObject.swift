/// What GetObject is asked for.
package struct GetObjectRequest: Sendable, Equatable {
    package var bucket: String
    package var key: String
    package var versionID: String?
    /// The bytes wanted, from 0; `nil` for all.
    ///
    /// What lies behind the object's end is left out; an empty range is refused.
    package var range: Range<Int>?
    /// Fails with 412 when the object has another ETag by now.
    package var ifMatch: String?
    /// Whether ``S3ObjectHead/checksums`` are wanted, which S3 gives only for all of an object and for whole parts.
    package var includesChecksums: Bool

    package init(
        bucket: String,
        key: String,
        versionID: String? = nil,
        range: Range<Int>? = nil,
        ifMatch: String? = nil,
        includesChecksums: Bool = false
    ) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
        self.range = range
        self.ifMatch = ifMatch
        self.includesChecksums = includesChecksums
    }
}

/// An object that was read whole, or the wanted range of it.
package struct S3Object: Sendable, Equatable {
    package var head: S3ObjectHead
    package var bytes: [UInt8]
}

/// An object whose bytes are read while they arrive.
package struct S3StreamingObject: Sendable {
    package var head: S3ObjectHead
    package var body: HTTPResponseStream
}

extension S3Client {
    /// GetObject into memory.
    ///
    /// - Throws: ``AWSError``: `NoSuchKey`, `NoSuchBucket`, `InvalidObjectState` for an archived object,
    ///   `PreconditionFailed`, …; ``HTTPError`` of code ``HTTPError/Code/responseTooLarge`` when there are more than
    ///   `maximumBytes`.
    package func getObject(_ get: GetObjectRequest, maximumBytes: Int = 64 << 20) async throws -> S3Object {
        let object = try await streamObject(get)
        return S3Object(head: object.head, bytes: try await object.body.collect(maximumBytes: maximumBytes))
    }

    /// GetObject, with `nil` for a key that is not there.
    ///
    /// - Throws: ``AWSError`` for every other failure, a missing bucket too.
    package func getObjectIfPresent(
        _ get: GetObjectRequest,
        maximumBytes: Int = 64 << 20
    ) async throws -> S3Object? {
        do {
            return try await getObject(get, maximumBytes: maximumBytes)
        } catch let error as AWSError where error.code == "NoSuchKey" || error.code == "NoSuchVersion" {
            return nil
        }
    }

    /// GetObject as a stream.
    ///
    /// When the connection breaks in the middle, the rest is asked for from there, of the same version of the object,
    /// as often as the client's attempts allow without a single byte in between.
    package func streamObject(_ get: GetObjectRequest) async throws -> S3StreamingObject {
        let request = try objectRequest(get)
        let response = try await client.stream(request)
        guard get.range == nil || response.status == 206 else {
            throw malformed(
                "the server ignored the range and would send the whole object",
                response: HTTPResponse(status: response.status, headers: response.headers),
                of: request
            )
        }
        guard let head = S3ObjectHead(headers: response.headers) else {
            throw malformed(
                "the answer does not say how large the object is",
                response: HTTPResponse(status: response.status, headers: response.headers),
                of: request
            )
        }
        let end = min(get.range?.upperBound ?? head.size, head.size)
        let reader = S3ObjectReader(
            client: self,
            get: get,
            etag: head.etag,
            position: get.range?.lowerBound ?? 0,
            end: end,
            body: response.body
        )
        return S3StreamingObject(head: head, body: HTTPResponseStream { try await reader.next() })
    }

    func objectRequest(_ get: GetObjectRequest) throws -> AWSRequest {
        var request = try request("GetObject", .get, bucket: get.bucket, key: get.key, versionID: get.versionID)
        request.headers["If-Match"] = get.ifMatch
        if get.includesChecksums { request.headers["x-amz-checksum-mode"] = "ENABLED" }
        if let range = get.range {
            guard !range.isEmpty, range.lowerBound >= 0 else {
                throw invalid(range, for: request)
            }
            request.headers["Range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        }
        return request
    }
}

/// Reads an object's bytes and goes on where a connection broke.
///
/// An actor only because its state outlives the waits; it is asked for one piece after the other.
private actor S3ObjectReader {
    private static let maximumBreaksInARow = 3

    private let client: S3Client
    private let get: GetObjectRequest
    private let etag: String?
    private let end: Int
    private var position: Int
    private var body: HTTPResponseStream.AsyncIterator
    private var breaksInARow = 0

    init(
        client: S3Client,
        get: GetObjectRequest,
        etag: String?,
        position: Int,
        end: Int,
        body: HTTPResponseStream
    ) {
        self.client = client
        self.get = get
        self.etag = etag
        self.position = position
        self.end = end
        self.body = body.makeAsyncIterator()
    }

    func next() async throws -> [UInt8]? {
        while true {
            do {
                var iterator = body
                let chunk = try await iterator.next()
                body = iterator
                if let chunk {
                    position += chunk.count
                    breaksInARow = 0
                    return chunk
                }
                guard position < end else { return nil }
                throw HTTPError(.connectionLost, "the object ended \(end - position) bytes early")
            } catch let error as HTTPError where error.isTransient && canResume {
                breaksInARow += 1
                try await resume()
            }
        }
    }

    /// Without an ETag the rest could be that of another object.
    private var canResume: Bool { etag != nil && position < end && breaksInARow < Self.maximumBreaksInARow }

    private func resume() async throws {
        var rest = get
        rest.range = position..<end
        rest.ifMatch = etag
        let response = try await client.client.stream(client.objectRequest(rest))
        guard response.status == 206 else {
            throw HTTPError(.malformed, "the server ignored the range and would start the object anew")
        }
        body = response.body.makeAsyncIterator()
    }
}
