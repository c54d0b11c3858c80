package import AWSCore

/// How an import ended, measured against the backup.
package enum RestoreOutcome: Sendable, Equatable {
    /// Every item of the manifest is in the new table.
    case complete(items: Int)
    /// DynamoDB calls the import complete, but the number of items is another than the manifest's.
    case countDiffers(imported: Int, expected: Int)
    /// The import failed; what it had imported by then is in the table, if there is one.
    case failed(code: String, message: String, imported: Int, errors: Int)

    /// - Parameter expected: the manifest's number of items; `nil` when it is not known.
    package init(_ description: ImportDescription, expected: Int?) {
        guard description.status == "COMPLETED" else {
            self = .failed(
                code: description.failureCode ?? description.status,
                message: OneLine.text(description.failureMessage ?? "DynamoDB gives no reason"),
                imported: description.importedItemCount,
                errors: description.errorCount
            )
            return
        }
        let imported = description.importedItemCount
        guard let expected, imported != expected else {
            self = .complete(items: imported)
            return
        }
        self = .countDiffers(imported: imported, expected: expected)
    }
}
