import BackupCore
import Terminal

/// The settings that an import does not bring back, one below the other.
enum DroppedText {
    static func print(_ settings: [DroppedSetting], withCommands: Bool, to console: Console) throws {
        for dropped in settings {
            let note = dropped.note.map { " (\($0))" } ?? ""
            try console.print("    - \(dropped.setting)\(note)".escapedForTerminal)
            guard withCommands else { continue }
            for command in dropped.commands { try console.print("        \(command.description.escapedForTerminal)") }
        }
    }
}
