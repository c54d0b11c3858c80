/// A kind of configuration that a bucket has as a whole document.
package enum S3BucketConfiguration: String, Sendable, CaseIterable {
    case versioning
    case encryption
    case cors
    case lifecycle
    case tagging
    case publicAccessBlock
    case ownershipControls

    /// The bucket's document, byte for byte as S3 gave it, so that nothing is lost on the way to another bucket.
    package struct Document: Sendable, Equatable {
        package var kind: S3BucketConfiguration
        package var xml: [UInt8]
        /// Only of a ``S3BucketConfiguration/lifecycle``: which small objects it moves, `x-amz-transition-default-…`.
        package var transitionDefaultMinimumObjectSize: String?

        package init(
            kind: S3BucketConfiguration,
            xml: [UInt8],
            transitionDefaultMinimumObjectSize: String? = nil
        ) {
            self.kind = kind
            self.xml = xml
            self.transitionDefaultMinimumObjectSize = transitionDefaultMinimumObjectSize
        }
    }

    /// AWS's name of the operations, behind `Get` and `Put`.
    var operationSuffix: String {
        switch self {
        case .versioning: "BucketVersioning"
        case .encryption: "BucketEncryption"
        case .cors: "BucketCors"
        case .lifecycle: "BucketLifecycleConfiguration"
        case .tagging: "BucketTagging"
        case .publicAccessBlock: "PublicAccessBlock"
        case .ownershipControls: "BucketOwnershipControls"
        }
    }

    /// The document's outermost element.
    var root: String {
        switch self {
        case .versioning: "VersioningConfiguration"
        case .encryption: "ServerSideEncryptionConfiguration"
        case .cors: "CORSConfiguration"
        case .lifecycle: "LifecycleConfiguration"
        case .tagging: "Tagging"
        case .publicAccessBlock: "PublicAccessBlockConfiguration"
        case .ownershipControls: "OwnershipControls"
        }
    }

    /// The code of the error that says that the bucket has none; `nil` for versioning, whose document then is empty.
    var absenceCode: String? {
        switch self {
        case .versioning: nil
        case .encryption: "ServerSideEncryptionConfigurationNotFoundError"
        case .cors: "NoSuchCORSConfiguration"
        case .lifecycle: "NoSuchLifecycleConfiguration"
        case .tagging: "NoSuchTagSet"
        case .publicAccessBlock: "NoSuchPublicAccessBlockConfiguration"
        case .ownershipControls: "OwnershipControlsNotFoundError"
        }
    }
}

extension S3Client {
    /// A configuration of a bucket, to be given to another as it is.
    ///
    /// Tags of AWS's own (`aws:…`) and the state of MFA delete are left out: no caller may set them.
    ///
    /// - Returns: `nil` when the bucket has none.
    /// - Throws: ``AWSError``: `NoSuchBucket`, `AccessDenied`, …
    package func getBucketConfiguration(
        _ kind: S3BucketConfiguration,
        of bucket: String
    ) async throws -> S3BucketConfiguration.Document? {
        let request = request(
            "Get\(kind.operationSuffix)",
            .get,
            bucket: bucket,
            query: [QueryItem(kind.rawValue)]
        )
        do {
            let (document, response) = try await sendForXML(request, root: kind.root)
            let size = response.headers["x-amz-transition-default-minimum-object-size"]
            var result = S3BucketConfiguration.Document(
                kind: kind,
                xml: response.body,
                transitionDefaultMinimumObjectSize: kind == .lifecycle ? size : nil
            )
            switch kind {
            case .versioning:
                guard let status = document["Status"] else { return nil }
                if document.children.count > 1 {
                    result.xml = XMLElement(name: kind.root, children: [status]).serialized(namespace: Self.namespace)
                }
            case .tagging:
                let all = try tags(document, response, request)
                let own = all.filter { !$0.key.hasPrefix("aws:") }
                if own.isEmpty { return nil }
                if own.count < all.count { result.xml = S3Tag.document(own).serialized(namespace: Self.namespace) }
            case .encryption, .cors, .lifecycle, .publicAccessBlock, .ownershipControls: break
            }
            return result
        } catch let error as AWSError where error.code == kind.absenceCode {
            return nil
        }
    }

    /// Gives a bucket a configuration, in place of the one that it has of that kind.
    ///
    /// - Throws: ``AWSError``: `MalformedXML`, `AccessDenied`, `InvalidRequest`, …
    package func putBucketConfiguration(
        _ document: S3BucketConfiguration.Document,
        of bucket: String
    ) async throws {
        var request = request(
            "Put\(document.kind.operationSuffix)",
            .put,
            bucket: bucket,
            query: [QueryItem(document.kind.rawValue)]
        )
        request.setXML(document.xml)
        request.headers["x-amz-transition-default-minimum-object-size"] = document.transitionDefaultMinimumObjectSize
        _ = try await client.send(request)
    }

    private func tags(_ document: XMLElement, _ response: HTTPResponse, _ request: AWSRequest) throws -> [S3Tag] {
        do { return try S3Tag.tags(document) } catch { throw malformed("\(error)", response: response, of: request) }
    }
}
