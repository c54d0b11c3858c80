import AWSCore
import ArgumentParser
import Terminal

/// Who does a copy.
enum CopyEngine: String, Sendable, CaseIterable, ExpressibleByArgument {
    /// This program.
    case local
    /// The function, told by a state machine.
    case stepFunctions = "step-functions"

    /// Refuses what the other engine alone can do.
    ///
    /// - Parameters:
    ///   - execution: `--execution`.
    ///   - localOptions: options that need this program, whether they are given, and why that is so.
    func validate(execution: String?, localOptions: [(name: String, isGiven: Bool, reason: String)]) throws {
        guard self == .stepFunctions else {
            if execution != nil { throw ValidationError("--execution is about --engine step-functions") }
            return
        }
        for option in localOptions where option.isGiven {
            throw ValidationError("\(option.name) needs --engine local: \(option.reason)")
        }
        if let execution, ARN(execution)?.service != "states" {
            throw ValidationError("--execution: \"\(execution.escapedForTerminal)\" is no execution's ARN")
        }
    }
}
