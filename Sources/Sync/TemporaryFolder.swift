internal import AWSCore
import FoundationEssentials

/// Where temporary files go.
enum TemporaryFolder {
    /// The folder that was named, `$TMPDIR`, or /tmp.
    static func path(
        _ named: String?,
        environment: [String: String] = ProcessEnvironment.variables()
    ) -> String {
        named ?? environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    }
}
