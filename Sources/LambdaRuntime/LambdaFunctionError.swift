import AWSCore

/// A failed invocation as Lambda shows it to the caller, to the failure destination and in the log.
package struct LambdaFunctionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of a failure, always of the form `(Runtime|Function)\.[A-Z][a-zA-Z]+`; Lambda replaces any other.
    package struct ErrorType: Sendable, Hashable, CustomStringConvertible {
        package let name: String

        private init(prefix: String, _ name: String) {
            var letters = name.unicodeScalars.filter { ("a"..."z").contains($0) || ("A"..."Z").contains($0) }
                .map(Character.init)
            if let first = letters.first { letters[0] = Character(first.uppercased()) }
            self.name = "\(prefix).\(letters.count < 2 ? "Unknown" : String(letters))"
        }

        /// A failure of the function itself: `BackupIncomplete` gives `Function.BackupIncomplete`.
        ///
        /// Only the ASCII letters of `name` count, and the first becomes a capital; fewer than two give
        /// `Function.Unknown`.
        package static func function(_ name: String) -> ErrorType { ErrorType(prefix: "Function", name) }

        /// A failure around the function, by the same rules: `Runtime.InvalidConfiguration`.
        package static func runtime(_ name: String) -> ErrorType { ErrorType(prefix: "Runtime", name) }

        package var description: String { name }
    }

    package var type: ErrorType
    /// For a person; or JSON text, for the program that asked.
    package var message: String

    package init(type: ErrorType, message: String) {
        self.type = type
        self.message = message
    }

    /// - Parameter payload: JSON that the caller finds as text in `errorMessage`.
    package init(type: ErrorType, payload: [UInt8]) {
        self.init(type: type, message: String(decoding: payload, as: UTF8.self))
    }

    /// The error to report for anything that was thrown: itself, or one named after its Swift type.
    package init(reporting error: any Error) {
        if let error = error as? LambdaFunctionError {
            self = error
        } else {
            self.init(type: .function("\(Swift.type(of: error))"), message: "\(error)")
        }
    }

    package var description: String { "\(type): \(message)" }

    /// The body of the report: `{"errorMessage":…,"errorType":…,"stackTrace":[]}`.
    package var body: [UInt8] {
        let object: JSONObject = [
            "errorMessage": .string(message), "errorType": .string(type.name), "stackTrace": .array([]),
        ]
        return JSONValue.object(object).serialized()
    }
}
