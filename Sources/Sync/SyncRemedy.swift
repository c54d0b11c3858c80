import AWSCore
import BackupCore
import SyncCore

/// What to do about an error, for people who copy: neither `config.json` nor `deploy.sh` has a part in that.
enum SyncRemedy {
    static func hints(for error: any Error) -> [String] {
        if let error = error as? TableSideError {
            let side = error.side.rawValue
            guard error.error.code == "AccessDeniedException" else { return hints(for: error.error) }
            return hints(for: error.error) + [
                "Who speaks to the \(side): --\(side)-profile and --\(side)-role-arn, or else the common --profile"
            ]
        }
        guard let error = error as? AWSError else { return Remedy.hints(for: error) }
        switch (error.service, error.code) {
        case ("DynamoDB", "AccessDeniedException"):
            return [
                "What to do: allow dynamodb:\(error.operation) on \(error.resource ?? "the table") in the caller's IAM policy"
                    + " (infrastructure/policies has ready ones for both sides of sync)"
            ]
        case ("DynamoDB", "ResourceNotFoundException"):
            return [
                "What to do: check the name, the Region (aws dynamodb list-tables --region \(error.region)) and"
                    + " the account"
            ]
        case ("Step Functions", "StateMachineDoesNotExist"):
            return [
                "What to do: ./deploy.sh sync makes it (sync.functionName in config.json); --state-machine names another"
            ]
        case ("Step Functions", "AccessDeniedException"):
            return [
                "What to do: allow states:\(error.operation) on \(error.resource ?? "the state machine") in the caller's IAM"
                    + " policy"
            ]
        case ("S3", "NoSuchBucket"): return ["What to do: check the bucket's name; --create makes a target"]
        default: return Remedy.hints(for: error)
        }
    }
}
