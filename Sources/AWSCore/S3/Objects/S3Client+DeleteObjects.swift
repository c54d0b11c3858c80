/// One object of DeleteObjects.
package struct S3ObjectIdentifier: Sendable, Equatable {
    package var key: String
    /// `nil` for the newest, which in a versioned bucket gets a delete marker.
    package var versionID: String?
    /// Deletes only the object with this ETag, quotes included.
    package var ifMatch: String?

    package init(key: String, versionID: String? = nil, ifMatch: String? = nil) {
        self.key = key
        self.versionID = versionID
        self.ifMatch = ifMatch
    }

    var element: XMLElement {
        var children = [XMLElement(name: "Key", text: key)]
        if let versionID { children.append(XMLElement(name: "VersionId", text: versionID)) }
        if let ifMatch { children.append(XMLElement(name: "ETag", text: ifMatch)) }
        return XMLElement(name: "Object", children: children)
    }

    /// Whether an XML 1.0 document can name the key (section 2.2, Char).
    var fitsInXML: Bool {
        key.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x09, 0x0A, 0x0D: true
            case 0..<0x20, 0xFFFE, 0xFFFF: false
            default: true
            }
        }
    }
}

/// An object that DeleteObjects could not delete.
package struct S3DeletionFailure: Sendable, Equatable {
    package var object: S3ObjectIdentifier
    package var error: AWSError
}

extension S3Client {
    /// DeleteObjects: deletes up to 1000 objects a call, one call after the other.
    ///
    /// Keys with characters that XML does not have are deleted one by one. An object that is not there counts as
    /// deleted, except with an ETag to match.
    ///
    /// - Returns: what could not be deleted, and why; S3 may have deleted any number of the others. Empty for success.
    /// - Throws: ``AWSError`` when nothing can be said of single objects.
    package func deleteObjects(bucket: String, _ objects: [S3ObjectIdentifier]) async throws -> [S3DeletionFailure] {
        var failures: [S3DeletionFailure] = []
        var rest = objects.filter(\.fitsInXML)[...]
        while !rest.isEmpty {
            failures += try await deleteBatch(bucket: bucket, Array(rest.prefix(1_000)))
            rest = rest.dropFirst(1_000)
        }
        for object in objects where !object.fitsInXML {
            do {
                try await deleteObject(
                    bucket: bucket,
                    key: object.key,
                    versionID: object.versionID,
                    ifMatch: object.ifMatch
                )
            } catch let error as AWSError {
                failures.append(S3DeletionFailure(object: object, error: error))
            }
        }
        return failures
    }

    private func deleteBatch(bucket: String, _ objects: [S3ObjectIdentifier]) async throws -> [S3DeletionFailure] {
        var request = request("DeleteObjects", .post, bucket: bucket, query: [QueryItem("delete")])
        request.setXML(
            XMLElement(name: "Delete", children: objects.map(\.element)).serialized(namespace: Self.namespace)
        )
        let (document, response) = try await sendForXML(request, root: "DeleteResult")
        var open = objects.reduce(into: [Identity: S3ObjectIdentifier]()) { $0[Identity($1)] = $1 }
        for deleted in document.all("Deleted") { open[Identity(deleted)] = nil }
        var failures: [S3DeletionFailure] = []
        for element in document.all("Error") {
            guard let object = open.removeValue(forKey: Identity(element)) else { continue }
            failures.append(failure(of: object, element, response, request))
        }
        // Neither deleted nor refused: nothing may be assumed.
        for object in objects where open[Identity(object)] != nil {
            failures.append(failure(of: object, nil, response, request))
        }
        return failures
    }

    private func failure(
        of object: S3ObjectIdentifier,
        _ element: XMLElement?,
        _ response: HTTPResponse,
        _ request: AWSRequest
    ) -> S3DeletionFailure {
        var error = malformed("the answer does not name the object", response: response, of: request)
        error.resource = request.resource.map { "\($0)/\(OneLine.text(object.key))" }
        if let element {
            error.code = OneLine.text(element["Code"]?.text ?? "UnknownError")
            error.message = OneLine.text(element["Message"]?.text ?? "the answer has no message")
            error.kind = AWSError.Kind(code: error.code, status: response.status)
        }
        return S3DeletionFailure(object: object, error: error)
    }

    /// A key's bytes and a version, by which requests and answers are matched: `String` takes more for equal.
    private struct Identity: Hashable {
        var key: [UInt8]
        var versionID: String

        init(_ object: S3ObjectIdentifier) {
            key = Array(object.key.utf8)
            versionID = object.versionID ?? ""
        }

        init(_ element: XMLElement) {
            key = Array((element["Key"]?.text ?? "").utf8)
            versionID = element["VersionId"]?.text ?? ""
        }
    }
}
