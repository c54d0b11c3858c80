internal import AWSCore

/// A line of the file of failures: `{"key":{…},"code":"ValidationException","message":"…"}`.
enum FailedItem {
    static func line(_ item: ArraySlice<UInt8>, _ key: ItemKey, _ error: AWSError) -> [UInt8] {
        var line = Array("{\"key\":".utf8)
        line += (try? key.key(of: item)) ?? Array("null".utf8)
        line += ",\"code\":".utf8
        line += JSONValue.string(error.code).serialized()
        line += ",\"message\":".utf8
        line += JSONValue.string(error.message).serialized()
        line += "}\n".utf8
        return line
    }
}
