package import AWSCore

/// Something the source table has and a table made from it by ImportTable or CreateTable has not.
package struct DroppedSetting: Sendable, Equatable {
    /// What it is, for people: `time to live on attribute expiresAt`.
    package var setting: String
    /// The commands that bring it back once the table is there, in this order; empty where none can.
    package var commands: [ShellCommand]
    /// What to know before running them, or why there are none.
    package var note: String?

    package init(_ setting: String, commands: [ShellCommand], note: String? = nil) {
        self.setting = setting
        self.commands = commands
        self.note = note
    }

    /// It and its note on one line, and each of its commands on another.
    package func lines(withCommands: Bool) -> [String] {
        let head = "- \(setting)" + (note.map { " (\($0))" } ?? "")
        return [head] + (withCommands ? commands.map { "    \($0)" } : [])
    }

    package var json: JSONValue {
        [
            "setting": .string(setting), "note": note.map { .string($0) } ?? .null,
            "commands": .array(commands.map { .string($0.description) }),
        ]
    }
}
