/// Why a restore cannot begin; its description is what the user sees.
package struct RestoreError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The bucket has no complete backup of that table, or of that day.
        case noBackup
        /// A manifest or data file is missing, damaged or does not belong to the rest.
        case damagedBackup
        /// A kind of export that ImportTable cannot read.
        case notImportable
        /// Data files must be thawed first.
        case archived
        /// There is no schema to create the table with.
        case schemaMissing
        /// The table has local secondary indexes, which would be lost.
        case localIndexes
        /// The table's KMS key is one of another Region.
        case kmsKey
        /// More than ImportTable takes.
        case tooLarge
        case targetName
    }

    package var code: Code
    /// What is wrong, and what to do next.
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
