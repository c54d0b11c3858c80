internal import AWSCore

/// The table that commands for the time after an import, or another way of making it, are about.
struct RestoredTable {
    let account: String
    let name: String
    let region: Region

    var arn: String {
        ARN.table(name, region: region, account: account).description
    }

    /// `aws dynamodb <operation> --table-name <name> … --region <region>`.
    func dynamoDB(_ words: String...) -> ShellCommand { dynamoDB(words) }

    func dynamoDB(_ words: [String]) -> ShellCommand {
        ShellCommand(
            ["aws", "dynamodb"] + words.prefix(1) + ["--table-name", name] + words.dropFirst()
                + ["--region", region.name]
        )
    }

    func updateTable(_ words: String...) -> ShellCommand { dynamoDB(["update-table"] + words) }

    /// `aws dynamodb <operation> … --region <region>`, without the table's name.
    func command(_ words: String...) -> ShellCommand {
        ShellCommand(["aws", "dynamodb"] + words + ["--region", region.name])
    }

    /// RegisterScalableTarget as DescribeScalableTargets shows one; its role is made by AWS.
    func registerScalableTarget(_ target: JSONValue) -> ShellCommand? {
        guard let words = scaledResource(of: target), let minimum = target["MinCapacity"]?.integer,
            let maximum = target["MaxCapacity"]?.integer
        else { return nil }
        return ShellCommand(
            ["aws", "application-autoscaling", "register-scalable-target"] + words
                + ["--min-capacity", String(minimum), "--max-capacity", String(maximum), "--region", region.name]
        )
    }

    func putScalingPolicy(_ policy: JSONValue) -> ShellCommand? {
        guard let words = scaledResource(of: policy), let policyName = policy["PolicyName"]?.string,
            let configuration = policy["TargetTrackingScalingPolicyConfiguration"]
        else { return nil }
        return ShellCommand(
            ["aws", "application-autoscaling", "put-scaling-policy"] + words
                + [
                    "--policy-name", policyName, "--policy-type", "TargetTrackingScaling",
                    "--target-tracking-scaling-policy-configuration", configuration.text(), "--region", region.name,
                ]
        )
    }

    /// The resource and dimension, with the restored table's name in `table/X` or `table/X/index/Y`.
    private func scaledResource(of value: JSONValue) -> [String]? {
        guard let resource = value["ResourceId"]?.string, let dimension = value["ScalableDimension"]?.string else {
            return nil
        }
        let parts = resource.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2 else { return nil }
        let renamed = (["table", name] + parts.dropFirst(2)).joined(separator: "/")
        return [
            "--service-namespace", "dynamodb", "--resource-id", renamed, "--scalable-dimension", dimension,
        ]
    }
}
