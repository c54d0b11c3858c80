package import AWSCore

/// What one run of the backup did, table by table: the function's answer.
package struct BackupAnswer: Sendable, Equatable {
    package enum Status: String, Sendable {
        case started = "STARTED"
        /// An earlier delivery of the same event had started it.
        case alreadyStarted = "ALREADY_STARTED"
        case failed = "FAILED"
        /// The function's time ran out first.
        case notAttempted = "NOT_ATTEMPTED"
    }

    package struct Failure: Sendable, Equatable {
        /// AWS's error code.
        package var code: String
        package var message: String
        /// What to do about it, where that is known: a command, as it can be typed.
        package var remedy: String?

        package init(code: String, message: String, remedy: String? = nil) {
            self.code = code
            self.message = message
            self.remedy = remedy
        }
    }

    package struct TableResult: Sendable, Equatable {
        package var table: String
        package var tableARN: String
        package var status: Status
        package var exportARN: String?
        package var schemaKey: String?
        package var error: Failure?

        package init(
            table: String,
            tableARN: String,
            status: Status,
            exportARN: String? = nil,
            schemaKey: String? = nil,
            error: Failure? = nil
        ) {
            self.table = table
            self.tableARN = tableARN
            self.status = status
            self.exportARN = exportARN
            self.schemaKey = schemaKey
            self.error = error
        }
    }

    /// An earlier export that failed after it had been started.
    package struct FailedExport: Sendable, Equatable {
        package var table: String
        package var exportARN: String
        package var failureCode: String?
        package var failureMessage: String?

        package init(table: String, exportARN: String, failureCode: String?, failureMessage: String?) {
            self.table = table
            self.exportARN = exportARN
            self.failureCode = failureCode
            self.failureMessage = failureMessage
        }
    }

    package var date: BackupDate
    /// In the order of the configuration.
    package var results: [TableResult]
    package var previousFailures: [FailedExport]

    package init(date: BackupDate, results: [TableResult], previousFailures: [FailedExport] = []) {
        self.date = date
        self.results = results
        self.previousFailures = previousFailures
    }

    /// Tables whose export runs because of this event.
    package var startedCount: Int { results.count { $0.status == .started || $0.status == .alreadyStarted } }
    /// Tables without one.
    package var failedCount: Int { results.count - startedCount }
    package var isComplete: Bool { failedCount == 0 }
}

extension BackupAnswer {
    /// The answer as the function gives it.
    package var json: JSONValue {
        var object: JSONObject = [
            "date": .string(date.description),
            "results": .array(results.map(\.json)),
            "started": .number(JSONNumber(startedCount)),
            "failed": .number(JSONNumber(failedCount)),
        ]
        if !previousFailures.isEmpty { object["previousFailures"] = .array(previousFailures.map(\.json)) }
        return .object(object)
    }

    /// Reads an answer back, as `monitor backup` does.
    ///
    /// - Returns: `nil` when this is no answer of the function.
    package init?(json: JSONValue) {
        guard let date = json["date"]?.string.flatMap({ BackupDate($0) }), let list = json["results"]?.array else {
            return nil
        }
        let results = list.compactMap(TableResult.init(json:))
        guard results.count == list.count else { return nil }
        self.init(
            date: date,
            results: results,
            previousFailures: (json["previousFailures"]?.array ?? []).compactMap(FailedExport.init(json:))
        )
    }
}

extension BackupAnswer.TableResult {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "table": .string(table), "tableArn": .string(tableARN), "status": .string(status.rawValue),
        ]
        object["exportArn"] = exportARN.map { .string($0) }
        object["schemaKey"] = schemaKey.map { .string($0) }
        if let error {
            var failure: JSONObject = ["code": .string(error.code), "message": .string(error.message)]
            failure["remedy"] = error.remedy.map { .string($0) }
            object["error"] = .object(failure)
        }
        return .object(object)
    }

    fileprivate init?(json: JSONValue) {
        guard let table = json["table"]?.string, let arn = json["tableArn"]?.string,
            let status = json["status"]?.string.flatMap(BackupAnswer.Status.init(rawValue:))
        else { return nil }
        var failure: BackupAnswer.Failure?
        if let error = json["error"], let code = error["code"]?.string {
            failure = BackupAnswer.Failure(
                code: code,
                message: error["message"]?.string ?? "",
                remedy: error["remedy"]?.string
            )
        }
        self.init(
            table: table,
            tableARN: arn,
            status: status,
            exportARN: json["exportArn"]?.string,
            schemaKey: json["schemaKey"]?.string,
            error: failure
        )
    }
}

extension BackupAnswer.FailedExport {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["table": .string(table), "exportArn": .string(exportARN)]
        object["failureCode"] = failureCode.map { .string($0) }
        object["failureMessage"] = failureMessage.map { .string($0) }
        return .object(object)
    }

    fileprivate init?(json: JSONValue) {
        guard let table = json["table"]?.string, let arn = json["exportArn"]?.string else { return nil }
        self.init(
            table: table,
            exportARN: arn,
            failureCode: json["failureCode"]?.string,
            failureMessage: json["failureMessage"]?.string
        )
    }
}
