internal import AWSCore
import FoundationEssentials

/// Where the state of interrupted work lies, after the XDG Base Directory Specification.
enum StateFolder {
    static func path(environment: [String: String] = ProcessEnvironment.variables()) -> String {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "."
        // A relative path in the variable is to be ignored, says the specification.
        let base = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/.local/state"
        return "\(base)/dynamodb-sync"
    }
}
