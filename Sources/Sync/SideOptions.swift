import AWSCore
import ArgumentParser
import FoundationEssentials
import Terminal

/// Who speaks to the source and who to the target; what is not given for a side is as the common options say.
struct SideOptions: ParsableArguments {
    /// What stands for them in a usage line.
    static let usage = "[--source-* | --target-* <value>]"

    @Option(help: ArgumentHelp("The profile for the source.", valueName: "name"))
    var sourceProfile: String?

    @Option(help: ArgumentHelp("The source's Region.", valueName: "region"))
    var sourceRegion: String?

    @Option(
        name: .customLong("source-role-arn"),
        help: ArgumentHelp("Assume this role for the source.", valueName: "arn")
    )
    var sourceRoleARN: String?

    @Option(
        name: .customLong("source-endpoint-url"),
        help: ArgumentHelp("Send the source's requests here instead of to AWS.", valueName: "url")
    )
    var sourceEndpointURL: String?

    @Option(help: ArgumentHelp("The profile for the target.", valueName: "name"))
    var targetProfile: String?

    @Option(help: ArgumentHelp("The target's Region.", valueName: "region"))
    var targetRegion: String?

    @Option(
        name: .customLong("target-role-arn"),
        help: ArgumentHelp("Assume this role for the target.", valueName: "arn")
    )
    var targetRoleARN: String?

    @Option(
        name: .customLong("target-endpoint-url"),
        help: ArgumentHelp("Send the target's requests here instead of to AWS.", valueName: "url")
    )
    var targetEndpointURL: String?

    func validate() throws {
        for (option, region) in [("--source-region", sourceRegion), ("--target-region", targetRegion)] {
            guard let region, Region(region) == nil else { continue }
            throw ValidationError(
                "\(option): \"\(region.escapedForTerminal)\" is not a Region; expected something like us-east-1"
            )
        }
        for (option, url) in [
            ("--source-endpoint-url", sourceEndpointURL), ("--target-endpoint-url", targetEndpointURL),
        ] {
            guard let url, !url.hasPrefix("http://"), !url.hasPrefix("https://") else { continue }
            throw ValidationError(
                "\(option): \"\(url.escapedForTerminal)\" is not a URL; expected something like http://127.0.0.1:4566"
            )
        }
        for (option, role) in [("--source-role-arn", sourceRoleARN), ("--target-role-arn", targetRoleARN)] {
            guard let role, ARN(role)?.service != "iam" else { continue }
            throw ValidationError(
                "\(option): \"\(role.escapedForTerminal)\" is not a role; expected arn:aws:iam::123456789012:role/Name"
            )
        }
    }

    /// Whether both sides are spoken to with the same credentials.
    var haveOneIdentity: Bool { sourceProfile == targetProfile && sourceRoleARN == targetRoleARN }

    /// A client for the source.
    ///
    /// - Throws: ``ConfigurationError``; ``HTTPError`` when libcurl cannot start.
    func makeSourceClient(_ common: CommonOptions, console: Console) throws -> AWSClient {
        try common.makeClient(
            CommonOptions.Side(
                profile: sourceProfile,
                region: sourceRegion,
                endpointURL: sourceEndpointURL,
                roleARN: sourceRoleARN
            ),
            console: console
        )
    }

    /// A client for the target; see ``makeSourceClient(_:console:)``.
    func makeTargetClient(_ common: CommonOptions, console: Console) throws -> AWSClient {
        try common.makeClient(
            CommonOptions.Side(
                profile: targetProfile,
                region: targetRegion,
                endpointURL: targetEndpointURL,
                roleARN: targetRoleARN
            ),
            console: console
        )
    }
}
