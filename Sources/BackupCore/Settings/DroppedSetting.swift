/// Something the source table has and a table made by ImportTable has not.
package struct DroppedSetting: Sendable, Equatable {
    /// What it is, for people: `time to live on attribute expiresAt`.
    package var setting: String
    /// The commands that bring it back once the import has ended, in this order; empty where none can.
    package var commands: [ShellCommand]
    /// What to know before running them, or why there are none.
    package var note: String?

    package init(_ setting: String, commands: [ShellCommand], note: String? = nil) {
        self.setting = setting
        self.commands = commands
        self.note = note
    }
}
