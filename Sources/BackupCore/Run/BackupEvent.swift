package import AWSCore

package import struct FoundationEssentials.Date

/// What the function is asked to do.
package enum BackupEvent: Sendable, Equatable {
    /// Back up all configured tables, or those named.
    case backup(Request)
    /// Only look at how the last exports ended and report it as metrics, so that the alarm on a backup's age is
    /// raised within the hour and not a day late.
    case check

    package struct Request: Sendable, Equatable {
        /// The same for a repeated delivery of the same event; goes into the client tokens.
        package var id: String
        /// When the backup was due: its UTC day names the folder, also for a retry after midnight.
        package var time: Date
        /// Names or ARNs; `nil` for every configured table.
        package var tables: [String]?

        package init(id: String, time: Date, tables: [String]? = nil) {
            self.id = id
            self.time = time
            self.tables = tables
        }
    }

    /// Reads an event: EventBridge's scheduled event, `{"source":"manual","id":…,"time":…,"tables":[…]}` or
    /// `{"source":"check"}`.
    ///
    /// - Throws: ``BackupEventError`` that says which member is wrong.
    package init(parsing bytes: [UInt8]) throws(BackupEventError) {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONValue(parsing: bytes)
        } catch {
            throw BackupEventError("the event is not JSON: \(error)")
        }
        guard json.object != nil else { throw BackupEventError("the event is \(json.kindName), not an object") }
        switch json["source"]?.string {
        case "check":
            self = .check
        case "aws.events", "manual":
            self = .backup(try Request(json))
        case let source?:
            throw BackupEventError(
                "the event's source is \"\(source)\"; expected aws.events (a schedule), manual or check"
            )
        case nil:
            throw BackupEventError("the event has no source; expected a scheduled event of EventBridge")
        }
    }
}

extension BackupEvent.Request {
    fileprivate init(_ json: JSONValue) throws(BackupEventError) {
        guard let id = json["id"]?.string, !id.isEmpty else { throw BackupEventError("the event has no id") }
        guard let text = json["time"]?.string, let time = Date(iso8601: text) else {
            throw BackupEventError("the event's time is not a point in time such as 2026-11-21T02:00:00Z")
        }
        var tables: [String]?
        if let list = json["tables"], !list.isNull {
            let names = list.array?.compactMap(\.string) ?? []
            guard !names.isEmpty, names.count == list.array?.count else {
                throw BackupEventError("the event's tables are not a list of table names")
            }
            tables = names
        }
        self.init(id: id, time: time, tables: tables)
    }

    /// The event as `monitor backup` sends it.
    package var json: JSONValue {
        var object: JSONObject = ["source": "manual", "id": .string(id), "time": .string(time.iso8601)]
        object["tables"] = tables.map { .array($0.map { .string($0) }) }
        return .object(object)
    }
}

/// An event that this function does not understand.
package struct BackupEventError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
