/// Why a source gave no credentials; the text holds no secret and nothing of what a credential service answered.
package struct CredentialsError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The source is not set up here: the next one may be asked.
        case notConfigured
        /// The source is set up but does not work. Another one would act as somebody else, so none is asked.
        case failed
    }

    package var kind: Kind
    /// One line, with what to do.
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package static func notConfigured(_ message: String) -> CredentialsError {
        CredentialsError(.notConfigured, message)
    }
    package static func failed(_ message: String) -> CredentialsError { CredentialsError(.failed, message) }

    package var description: String { message }
}
