@preconcurrency import Glibc

/// The environment that this process was started with.
package enum ProcessEnvironment {
    /// All variables; of a name that is there twice the first, as `getenv` has it.
    ///
    /// Read before anything changes the environment: nothing here does.
    package static func variables() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equals = line.utf8.firstIndex(of: UInt8(ascii: "=")) {
                let name = String(line[..<equals])
                if variables[name] == nil { variables[name] = String(line[line.utf8.index(after: equals)...]) }
            }
            entry += 1
        }
        return variables
    }
}
