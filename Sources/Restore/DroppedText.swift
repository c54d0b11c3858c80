import BackupCore
import Terminal

/// The settings that an import does not bring back, one below the other.
enum DroppedText {
    static func print(_ settings: [DroppedSetting], withCommands: Bool, to console: Console) throws {
        for dropped in settings {
            for line in dropped.lines(withCommands: withCommands) {
                try console.print("    \(line.escapedForTerminal)")
            }
        }
    }
}
