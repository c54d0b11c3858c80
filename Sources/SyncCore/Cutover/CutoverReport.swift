package import AWSCore

package import struct FoundationEssentials.Date

/// What a cut-over has found: who, when, with what, and the result of every step.
package struct CutoverReport: Sendable {
    package enum Result: String, Sendable {
        case passed = "PASSED"
        case failed = "FAILED"
        /// Not done, with the reason in the step's details.
        case skipped = "SKIPPED"
    }

    package struct Step: Sendable, Equatable {
        package var name: String
        package var result: Result
        package var startDate: Date
        package var endDate: Date
        /// One line each: what was seen, or what is wrong and what to do.
        package var details: [String]
    }

    /// Who signs.
    package struct Signer: Sendable, Equatable {
        package var user: String
        package var host: String
        /// The ARN that AWS knows the caller by.
        package var identity: String

        package init(user: String, host: String, identity: String) {
            self.user = user
            self.host = host
            self.identity = identity
        }
    }

    package var signer: Signer
    package var startDate: Date
    package var endDate: Date
    package var functionName: String
    /// SHA-256 of the configuration file, hexadecimal.
    package var configurationHash: String
    /// Base64 of the SHA-256 of the zip of each function, under `Region/name`.
    package var functionHashes: [(function: String, hash: String)] = []
    package var steps: [Step] = []
    package var verifications: [VerificationRecord] = []
    /// Sources and targets with their conditions.
    package var mappings: [(pair: SyncPair, filter: String?)]

    package init(
        signer: Signer,
        startDate: Date,
        configurationHash: String,
        configuration: SyncConfiguration
    ) {
        self.signer = signer
        self.startDate = startDate
        endDate = startDate
        self.configurationHash = configurationHash
        functionName = configuration.functionName
        mappings =
            configuration.tables.flatMap { mapping in
                mapping.targets.map { (SyncPair(mapping, $0), $0.filter?.expression) }
            } + configuration.buckets.map { (SyncPair($0), nil) }
    }

    /// Whether every step has passed, or was left out by the operator's word.
    package var isSafe: Bool {
        !steps.isEmpty && steps.allSatisfy { $0.result != .failed } && steps.last?.name == CutoverRun.lastStep
            && verifications.count == mappings.count
            && zip(verifications, mappings).allSatisfy { $0.pair == $1.pair && $0.proves($1.filter) }
    }

    package var isDifferent: Bool { verifications.contains { $0.missing + $0.extra + $0.different > 0 } }

    /// The report with its own SHA-256.
    ///
    /// The hash is that of the text without the member `sha256`, on one line, names sorted, UTF-8: what
    /// `jq -cjS 'del(.sha256)'` writes. All numbers are whole.
    package var json: JSONValue {
        guard case .object(var object) = content else { return content }
        object["sha256"] = .string(hash)
        return .object(object)
    }

    package var hash: String {
        var digest = SHA256()
        digest.update(content.text(.compact, keys: .sorted).utf8)
        return digest.finalize().hexadecimal
    }

    private var content: JSONValue {
        [
            "format": "sync cutover report", "version": 1,
            "result": isSafe ? "SAFE" : "NOT SAFE",
            "startedAt": .string(startDate.iso8601), "endedAt": .string(endDate.iso8601),
            "signedBy": [
                "user": .string(OneLine.text(signer.user)), "host": .string(OneLine.text(signer.host)),
                "identity": .string(OneLine.text(signer.identity)),
            ],
            "program": .string(OneLine.text("\(UserAgent.version)")),
            "functionName": .string(functionName),
            "configurationSha256": .string(configurationHash),
            "functions": .array(
                functionHashes.map { ["function": .string($0.function), "codeSha256": .string($0.hash)] }
            ),
            "mappings": .array(
                mappings.map { mapping in
                    [
                        "kind": .string(mapping.pair.kind.rawValue),
                        "source": .string(OneLine.text(mapping.pair.source)),
                        "target": .string(OneLine.text(mapping.pair.target)),
                        "where": mapping.filter.map { .string(OneLine.text($0)) } ?? .null,
                    ]
                }
            ),
            "steps": .array(
                steps.map { step in
                    [
                        "step": .string(step.name), "result": .string(step.result.rawValue),
                        "startedAt": .string(step.startDate.iso8601), "endedAt": .string(step.endDate.iso8601),
                        "details": .array(step.details.map { .string(OneLine.text($0)) }),
                    ]
                }
            ),
            "verifications": .array(verifications.map(\.json)),
        ]
    }
}
