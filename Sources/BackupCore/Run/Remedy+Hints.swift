package import AWSCore

extension Remedy {
    /// What to do about an error that ends a program, for the line below the one that says what failed.
    ///
    /// Errors of this package say it themselves; those of AWS do not.
    package static func hints(for error: any Error) -> [String] {
        guard let error = error as? AWSError, let remedy = remedy(for: error, context: Context(error)) else {
            return []
        }
        return ["What to do: \(remedy)"]
    }
}

extension AWSError {
    /// Whether no connection could be made, so that nothing was sent.
    package var isWithoutConnection: Bool {
        ["CouldNotConnect", "CouldNotResolveHost", "TLSFailure"].contains(code)
    }

    /// Whether AWS refused the credentials themselves, so that no other call with them can succeed.
    package var refusesCredentials: Bool {
        switch code {
        case "ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException",
            "InvalidClientTokenId", "InvalidAccessKeyId", "InvalidSignatureException", "SignatureDoesNotMatch",
            "AuthFailure", "MissingAuthenticationToken", "MissingAuthenticationTokenException":
            true
        default: false
        }
    }
}
