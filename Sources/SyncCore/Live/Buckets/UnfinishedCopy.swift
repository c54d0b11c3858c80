package import AWSCore

/// A copy in parts that took longer than an invocation, as the message that makes another one go on with it.
///
/// `{"type":"bucket-copy","version":1,"unfinishedCopy":{"bucket":…,"key":…,"target":…,"etag":…,"upload":…,"partSize":…,
/// "parts":…}}`. Like every event it is only a hint: the source's object must still have that ETag, and the upload must
/// still be there.
package struct UnfinishedCopy: Sendable, Equatable {
    /// The source's bucket and whole key.
    package var bucket: String
    package var key: String
    /// `s3://bucket/prefix/` of the mapping's target.
    package var target: String
    /// Of the source's object, with its quotes.
    package var etag: String
    package var uploadID: String
    /// Bytes of all parts but the last.
    package var partSize: Int
    /// How many parts were there: an invocation that adds none does not go on for ever.
    package var parts: Int
    /// When the change happened that is being copied.
    package var secondsSince1970: Double?

    /// - Throws: ``BucketEventError`` for another form.
    init(parsing bytes: [UInt8]) throws(BucketEventError) {
        guard let json = try? JSONValue(parsing: bytes), let bucket = json["bucket"]?.string,
            let key = json["key"]?.string, !key.isEmpty, let target = json["target"]?.string,
            let etag = json["etag"]?.string, let uploadID = json["upload"]?.string, !uploadID.isEmpty,
            let partSize = json["partSize"]?.integer, partSize > 0, let parts = json["parts"]?.integer
        else {
            throw BucketEventError(.malformed, "the message about an unfinished copy is none")
        }
        self.bucket = bucket
        self.key = key
        self.target = target
        self.etag = etag
        self.uploadID = uploadID
        self.partSize = partSize
        self.parts = parts
        secondsSince1970 = json["time"]?.number?.double
    }

    package init(
        bucket: String,
        key: String,
        target: String,
        etag: String,
        uploadID: String,
        partSize: Int,
        parts: Int,
        secondsSince1970: Double?
    ) {
        self.bucket = bucket
        self.key = key
        self.target = target
        self.etag = etag
        self.uploadID = uploadID
        self.partSize = partSize
        self.parts = parts
        self.secondsSince1970 = secondsSince1970
    }

    /// The message.
    package var json: JSONValue {
        var copy: JSONObject = [
            "bucket": .string(bucket), "key": .string(key), "target": .string(target), "etag": .string(etag),
            "upload": .string(uploadID), "partSize": .number(JSONNumber(partSize)),
            "parts": .number(JSONNumber(parts)),
        ]
        if let secondsSince1970 { copy["time"] = .number(JSONNumber(Int(secondsSince1970))) }
        return ["type": "bucket-copy", "version": 1, "unfinishedCopy": .object(copy)]
    }
}
