/// Asks one source of credentials after the other and takes the first that is set up.
///
/// A source that is set up but fails ends the search: the next one would be another identity.
package struct CredentialsProviderChain: CredentialsProvider {
    package struct Link: Sendable {
        /// For messages: `environment`.
        package var name: String
        package var provider: any CredentialsProvider

        package init(_ name: String, _ provider: any CredentialsProvider) {
            self.name = name
            self.provider = provider
        }
    }

    package let links: [Link]

    package init(_ links: [Link]) {
        self.links = links
    }

    /// - Throws: ``CredentialsError`` that says what each source answered, or what was wrong with the one that is set up.
    package func credentials() async throws -> Credentials {
        var answers: [String] = []
        for link in links {
            try Task.checkCancellation()
            do {
                return try await link.provider.credentials()
            } catch let error as CancellationError {
                throw error
            } catch let error as CredentialsError where error.kind == .notConfigured {
                answers.append("\(link.name): \(error.message)")
            } catch {
                throw CredentialsError.failed("no AWS credentials from \(link.name): \(error)")
            }
        }
        throw CredentialsError.notConfigured(
            "no AWS credentials found (\(answers.joined(separator: "; "))); set AWS_ACCESS_KEY_ID and "
                + "AWS_SECRET_ACCESS_KEY, run \"aws configure\" or \"aws sso login\", or choose a profile with --profile"
        )
    }
}
