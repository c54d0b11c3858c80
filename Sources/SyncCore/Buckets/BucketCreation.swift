package import AWSCore

/// Makes a target bucket like the source's: versioning, encryption, CORS, lifecycle, tags, public access, ownership.
///
/// Policies, notifications, replication, logging and websites name other things of an account, and stay behind.
package struct BucketCreation: Sendable {
    package let source: BucketSide
    /// In the Region in which the bucket is to be.
    package let s3: S3Client
    package let bucket: String
    /// Takes the place of a KMS key that another Region or account does not have.
    package let encryption: S3Encryption?
    package let isDryRun: Bool

    package init(source: BucketSide, s3: S3Client, bucket: String, encryption: S3Encryption?, isDryRun: Bool) {
        self.source = source
        self.s3 = s3
        self.bucket = bucket
        self.encryption = encryption
        self.isDryRun = isDryRun
    }

    /// What was done, or would be.
    package enum Outcome: Sendable, Equatable {
        /// The bucket was there and was left as it is.
        case alreadyThere
        /// It has these configurations of the source's.
        case created([S3BucketConfiguration])
    }

    /// Creates the bucket unless the caller has it.
    ///
    /// Everything is read, and found possible, before anything is made. An interruption in between leaves a bucket with
    /// less than all, which then has to be deleted: what is there is never changed.
    /// - Throws: ``AWSError``; ``ConfigurationError`` for a bucket of somebody else, and for a key that cannot be used.
    package func run() async throws -> Outcome {
        do {
            _ = try await s3.bucketRegion(bucket)
            // Its Region is known to everybody; only its owner may list it, or whom the owner lets.
            try await s3.headBucket(bucket)
            return .alreadyThere
        } catch let error as AWSError where error.isS3NotFound {
        } catch let error as AWSError where error.status == 403 {
            throw ConfigurationError("the bucket s3://\(bucket) is there, but not yours to use (\(error.code))")
        }
        var documents: [S3BucketConfiguration.Document] = []
        for kind in Self.order {
            guard let document = try await source.s3.getBucketConfiguration(kind, of: source.bucket) else { continue }
            documents.append(kind == .encryption ? try usable(document) : document)
        }
        if !isDryRun {
            try await s3.createBucket(bucket)
            for document in documents { try await s3.putBucketConfiguration(document, of: bucket) }
        }
        return .created(documents.map(\.kind))
    }

    /// Who may see it first; what makes objects go last.
    private static let order: [S3BucketConfiguration] = [
        .publicAccessBlock, .ownershipControls, .encryption, .versioning, .tagging, .cors, .lifecycle,
    ]

    /// A KMS key is of one Region; in another one S3 would take the configuration and refuse every object.
    private func usable(_ document: S3BucketConfiguration.Document) throws -> S3BucketConfiguration.Document {
        var root = try XMLElement(parsing: document.xml)
        guard let key = root["Rule"]?["ApplyServerSideEncryptionByDefault"]?["KMSMasterKeyID"]?.text, !key.isEmpty
        else {
            return document
        }
        let isElsewhere = s3.region != source.s3.region
        guard isElsewhere || encryption != nil else { return document }
        let algorithm: String
        let newKey: String?
        switch encryption {
        case .aes256: (algorithm, newKey) = ("AES256", nil)
        case .kms(let key): (algorithm, newKey) = ("aws:kms", key)
        case .kmsDSSE(let key): (algorithm, newKey) = ("aws:kms:dsse", key)
        case nil:
            throw ConfigurationError(
                "s3://\(source.bucket) encrypts with the KMS key \(key), which \(s3.region) does not have; name one with"
                    + " --sse aws:kms --sse-kms-key-id <key>, or use --sse AES256"
            )
        }
        var byDefault = XMLElement(
            name: "ApplyServerSideEncryptionByDefault",
            children: [XMLElement(name: "SSEAlgorithm", text: algorithm)]
        )
        if let newKey { byDefault.children.append(XMLElement(name: "KMSMasterKeyID", text: newKey)) }
        root = XMLElement(
            name: "ServerSideEncryptionConfiguration",
            children: [XMLElement(name: "Rule", children: [byDefault])]
        )
        var changed = document
        changed.xml = root.serialized(namespace: "http://s3.amazonaws.com/doc/2006-03-01/")
        return changed
    }
}
