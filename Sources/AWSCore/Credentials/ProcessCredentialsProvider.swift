/// Runs the profile's `credential_process` and reads the credentials that it prints.
package struct ProcessCredentialsProvider: CredentialsProvider {
    private let command: String
    private let environment: [String: String]
    private let timeout: Duration

    /// - Parameters:
    ///   - command: a program and its arguments, quoted as for a shell; no shell runs.
    ///   - timeout: the AWS SDK for Go's minute.
    package init(command: String, environment: [String: String], timeout: Duration = .seconds(60)) {
        self.command = command
        self.environment = environment
        self.timeout = timeout
    }

    /// Messages name the program and show what it wrote to its standard error, but neither its arguments nor its output.
    package func credentials() async throws -> Credentials {
        let words: [String]
        do {
            words = try ShellWords.split(command)
        } catch {
            throw CredentialsError.failed("credential_process lacks \(error.missing)")
        }
        guard let program = words.first, !program.isEmpty else {
            throw CredentialsError.failed("credential_process names no program")
        }
        let name = "credential_process \"\(program)\""
        let output = try await run(words, name: name)
        let document = try CredentialsDocument.parse(output, source: name)
        guard document["Version"]?.integer == 1 else {
            throw CredentialsError.failed("\(name) answered without \"Version\": 1, the only version there is")
        }
        return try CredentialsDocument.credentials(in: document, names: .process, isTemporary: false, source: name)
    }

    private func run(_ words: [String], name: String) async throws -> [UInt8] {
        let result: ChildProcess.Result
        do {
            result = try await ChildProcess.run(words, environment: environment, timeout: timeout)
        } catch let failure as ChildProcess.Failure {
            throw CredentialsError.failed("\(name) \(failure)")
        }
        let said = OneLine.text(String(decoding: result.standardError, as: UTF8.self)).strippingASCIIWhitespace
        let reason = said.isEmpty ? "" : ": \(said)"
        switch result.end {
        case .status(0): return result.standardOutput
        case .status(let status): throw CredentialsError.failed("\(name) ended with status \(status)\(reason)")
        case .signal(let signal): throw CredentialsError.failed("\(name) was ended by signal \(signal)\(reason)")
        }
    }
}
