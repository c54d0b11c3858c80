/// How fast, and for how much, an archived object is restored.
package enum S3RestoreTier: String, Sendable, CaseIterable {
    /// Glacier Flexible 1–5 minutes; not for Deep Archive.
    case expedited = "Expedited"
    /// Glacier Flexible 3–5 hours, Deep Archive within 12.
    case standard = "Standard"
    /// Glacier Flexible 5–12 hours, free; Deep Archive within 48.
    case bulk = "Bulk"
}

extension S3Client {
    /// What RestoreObject set going.
    package enum RestoreObjectResult: Sendable, Equatable {
        case started
        /// A restore of this object runs already.
        case alreadyInProgress
        /// A readable copy was there; it now stays for the wanted days, counted from today.
        case extended
    }

    /// RestoreObject: makes a readable copy of an archived object for a number of days.
    ///
    /// - Throws: ``AWSError``: `InvalidObjectState` or `ObjectAlreadyInActiveTierError` when it is not archived,
    ///   `GlacierExpeditedRetrievalNotAvailable` when there is no capacity for ``S3RestoreTier/expedited``.
    @discardableResult
    package func restoreObject(
        bucket: String,
        key: String,
        versionID: String? = nil,
        days: Int,
        tier: S3RestoreTier
    ) async throws -> RestoreObjectResult {
        var request = try request(
            "RestoreObject",
            .post,
            bucket: bucket,
            key: key,
            versionID: versionID,
            query: [QueryItem("restore")]
        )
        let body = XMLElement(
            name: "RestoreRequest",
            children: [
                XMLElement(name: "Days", text: String(days)),
                XMLElement(name: "GlacierJobParameters", children: [XMLElement(name: "Tier", text: tier.rawValue)]),
            ]
        ).serialized(namespace: Self.namespace)
        request.setXML(body)
        do {
            return try await client.send(request).status == 202 ? .started : .extended
        } catch let error as AWSError where error.code == "RestoreAlreadyInProgress" {
            return .alreadyInProgress
        }
    }
}
