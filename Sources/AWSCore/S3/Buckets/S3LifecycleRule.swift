/// One rule of a bucket's lifecycle.
package struct S3LifecycleRule: Sendable, Equatable {
    /// A change of storage class.
    package struct Transition: Sendable, Equatable {
        /// Days after the object was made, or after its version stopped being the current one; `nil` with a date.
        package var days: Int?
        /// As S3 writes it, ISO 8601; `nil` with days.
        package var date: String?
        package var storageClass: S3StorageClass
    }

    package var id: String?
    package var isEnabled: Bool
    /// The keys the rule is for; empty for all.
    package var prefix: String
    package var tags: [String: String]
    package var objectSizeGreaterThan: Int?
    package var objectSizeLessThan: Int?
    package var transitions: [Transition]
    package var expirationDays: Int?
    package var expirationDate: String?
    package var expiresObjectDeleteMarkers: Bool
    package var noncurrentVersionTransitions: [Transition]
    package var noncurrentVersionExpirationDays: Int?
    package var abortIncompleteMultipartUploadDays: Int?

    init(_ rule: XMLElement) throws {
        func number(_ element: XMLElement?, _ name: String) throws -> Int? {
            guard let text = element?[name]?.text else { return nil }
            guard let value = Int(text) else { throw XMLError(message: "\"\(text)\" is no number for \(name)") }
            return value
        }
        func transition(_ element: XMLElement, days: String) throws -> Transition {
            Transition(
                days: try number(element, days),
                date: element["Date"]?.text,
                storageClass: S3StorageClass(element["StorageClass"]?.text)
            )
        }
        // A filter has one condition, or several inside of <And>; rules from before filters have a bare <Prefix>.
        let filter = rule["Filter"]?["And"] ?? rule["Filter"]
        id = rule["ID"]?.text
        isEnabled = rule["Status"]?.text == "Enabled"
        prefix = filter?["Prefix"]?.text ?? rule["Prefix"]?.text ?? ""
        tags = [:]
        for tag in filter?.all("Tag") ?? [] { tags[tag["Key"]?.text ?? ""] = tag["Value"]?.text ?? "" }
        objectSizeGreaterThan = try number(filter, "ObjectSizeGreaterThan")
        objectSizeLessThan = try number(filter, "ObjectSizeLessThan")
        transitions = try rule.all("Transition").map { try transition($0, days: "Days") }
        let expiration = rule["Expiration"]
        expirationDays = try number(expiration, "Days")
        expirationDate = expiration?["Date"]?.text
        expiresObjectDeleteMarkers = expiration?["ExpiredObjectDeleteMarker"]?.text == "true"
        noncurrentVersionTransitions = try rule.all("NoncurrentVersionTransition").map {
            try transition($0, days: "NoncurrentDays")
        }
        noncurrentVersionExpirationDays = try number(rule["NoncurrentVersionExpiration"], "NoncurrentDays")
        abortIncompleteMultipartUploadDays = try number(
            rule["AbortIncompleteMultipartUpload"],
            "DaysAfterInitiation"
        )
    }
}

extension S3Client {
    /// GetBucketLifecycleConfiguration.
    ///
    /// - Returns: the rules; none when the bucket has no lifecycle.
    package func getBucketLifecycleConfiguration(_ bucket: String) async throws -> [S3LifecycleRule] {
        let request = request(
            "GetBucketLifecycleConfiguration",
            .get,
            bucket: bucket,
            query: [QueryItem("lifecycle")]
        )
        do {
            let (document, response) = try await sendForXML(request, root: "LifecycleConfiguration")
            do {
                return try document.all("Rule").map { try S3LifecycleRule($0) }
            } catch {
                throw malformed("\(error)", response: response, of: request)
            }
        } catch let error as AWSError where error.code == "NoSuchLifecycleConfiguration" {
            return []
        }
    }
}
