import AWSCore
import BackupCore
import Terminal

/// Reads what the function gave, whether it calls its own run a success or not.
enum FunctionAnswer {
    /// - Throws: ``CommandFailure`` when the function failed before it could say what it did for each table.
    static func read(_ result: InvocationResult, function: String) throws -> BackupAnswer {
        let payload = try? JSONValue(parsing: result.payload)
        if result.functionError == nil {
            guard let payload, let answer = BackupAnswer(json: payload) else {
                throw CommandFailure(
                    "\(function) gave an answer that is none of this program's: is it another version? ./deploy.sh updates it"
                )
            }
            return answer
        }
        let message = payload?["errorMessage"]?.string ?? ""
        // An incomplete backup is an error to Lambda; its message is the whole answer.
        if let json = try? JSONValue(parsing: message), let answer = BackupAnswer(json: json) { return answer }
        let type = payload?["errorType"]?.string ?? "no error type"
        throw CommandFailure(
            "\(function) failed: \(type): \(OneLine.text(message))",
            hints: ["Its log is in CloudWatch: aws logs tail /aws/lambda/\(function)"]
        )
    }
}
