/// A setting that is missing, malformed or contradicts another one; nothing was sent to AWS because of it.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One line: which setting, where it stands, what is wrong and what to do; never holds a secret.
    package var message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
