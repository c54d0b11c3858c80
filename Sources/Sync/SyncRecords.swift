import SyncCore
import Terminal

/// What commands leave behind in the state folder for `sync status` and `sync cutover`.
enum SyncRecords {
    static var store: SyncRecordStore { SyncRecordStore(folder: StateFolder.path()) }

    /// Without it the work is done all the same, so that a full disk is no reason to fail.
    static func save(_ record: VerificationRecord, _ console: Console) {
        do { try store.save(record) } catch { tell(error, console) }
    }

    /// See ``save(_:_:)-(VerificationRecord,_)``.
    static func save(_ record: HistoryRecord, _ console: Console) {
        do { try store.save(record) } catch { tell(error, console) }
    }

    private static func tell(_ error: CheckpointError, _ console: Console) {
        console.warn("the result is not noted for sync status: \(error)")
    }
}
