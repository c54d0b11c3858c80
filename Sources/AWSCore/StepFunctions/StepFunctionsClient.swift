package import struct FoundationEssentials.Date

/// What DescribeExecution says of an execution of a state machine.
package struct ExecutionDescription: Sendable, Equatable {
    package var arn: String
    package var stateMachineARN: String
    /// AWS's word: `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED` or `PENDING_REDRIVE`.
    package var status: String
    /// JSON text, as it was started with.
    package var input: String?
    /// JSON text; once it has succeeded.
    package var output: String?
    /// Why it has failed: the error's name and AWS's or the function's words.
    package var error: String?
    package var cause: String?
    package var startDate: Date?
    package var stopDate: Date?
}

/// How many items of a Map Run have come how far.
package struct MapRunCounts: Sendable, Equatable {
    package var total = 0
    package var pending = 0
    package var running = 0
    package var succeeded = 0
    package var failed = 0
}

/// Step Functions in one Region, as far as a copy is started and followed with it.
package struct StepFunctionsClient: Sendable {
    package let client: AWSClient
    package let region: Region

    package init(client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    /// StartExecution of a standard state machine.
    ///
    /// - Parameters:
    ///   - name: 1 to 80 characters. A repeated call with the same name and input gives the same execution, as long as it
    ///     runs; so one whose answer was lost may be sent again.
    ///   - input: JSON text of at most 256 KB.
    /// - Returns: the execution's ARN.
    /// - Throws: ``AWSError``: `StateMachineDoesNotExist`, `ExecutionAlreadyExists`, `AccessDeniedException`, …
    package func startExecution(stateMachineARN: String, name: String, input: String) async throws -> String {
        try await call(
            "StartExecution",
            ["stateMachineArn": .string(stateMachineARN), "name": .string(name), "input": .string(input)],
            stateMachineARN
        ) { json throws(ResponseShapeError) in
            try json.requiredString("executionArn")
        }
    }

    /// DescribeExecution.
    ///
    /// - Throws: ``AWSError``: `ExecutionDoesNotExist`, …
    package func describeExecution(_ arn: String) async throws -> ExecutionDescription {
        try await call("DescribeExecution", ["executionArn": .string(arn)], arn) { json throws(ResponseShapeError) in
            ExecutionDescription(
                arn: try json.requiredString("executionArn"),
                stateMachineARN: try json.requiredString("stateMachineArn"),
                status: try json.requiredString("status"),
                input: json["input"]?.string,
                output: json["output"]?.string,
                error: json["error"]?.string,
                cause: json["cause"]?.string,
                startDate: json.date("startDate"),
                stopDate: json.date("stopDate")
            )
        }
    }

    /// ListMapRuns: the ARNs of the Map Runs that an execution has started, every page.
    package func listMapRuns(executionARN: String) async throws -> [String] {
        try await client.everyPage(
            .stepFunctions,
            "ListMapRuns",
            region: region,
            input: ["executionArn": .string(executionARN)],
            list: "mapRuns",
            token: ("nextToken", "nextToken"),
            resource: executionARN
        ) { json throws(ResponseShapeError) in
            try json.requiredString("mapRunArn")
        }
    }

    /// DescribeMapRun, as far as it counts items.
    package func mapRunCounts(_ arn: String) async throws -> MapRunCounts {
        try await call("DescribeMapRun", ["mapRunArn": .string(arn)], arn) { json throws(ResponseShapeError) in
            let counts = try json.requiredObject("itemCounts")
            return MapRunCounts(
                total: counts["total"]?.integer ?? 0,
                pending: counts["pending"]?.integer ?? 0,
                running: counts["running"]?.integer ?? 0,
                succeeded: counts["succeeded"]?.integer ?? 0,
                failed: (counts["failed"]?.integer ?? 0) + (counts["timedOut"]?.integer ?? 0)
                    + (counts["aborted"]?.integer ?? 0)
            )
        }
    }

    /// ListExecutions: the ARN of one child execution of a Map Run that has failed; `nil` when there is none.
    package func failedExecution(ofMapRun arn: String) async throws -> String? {
        try await call(
            "ListExecutions",
            ["mapRunArn": .string(arn), "statusFilter": "FAILED", "maxResults": 1],
            arn
        ) { json throws(ResponseShapeError) in
            try json.elements("executions").first.map { execution throws(ResponseShapeError) in
                try execution.requiredString("executionArn")
            }
        }
    }

    private func call<Output>(
        _ operation: String,
        _ input: JSONObject,
        _ resource: String,
        decode: (JSONValue) throws(ResponseShapeError) -> Output
    ) async throws -> Output {
        try await client.call(
            .stepFunctions,
            operation,
            region: region,
            input: input,
            resource: resource,
            decode: decode
        )
    }
}
