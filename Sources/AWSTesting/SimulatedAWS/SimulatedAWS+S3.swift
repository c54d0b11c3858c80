import AWSCore

extension SimulatedAWS {
    func answerS3(_ call: Call) -> Answer {
        let state = current
        switch call.operation {
        case "PutObject":
            self.state.update { $0.objects[call.resource] = call.body }
            return Answer(200, headers: ["ETag": "\"\(CRC32.checksum(call.body))\""])
        case "GetObject":
            guard let bytes = state.objects[call.resource] else { return .s3Error("NoSuchKey", status: 404) }
            guard !state.archivedKeys.contains(call.resource) else {
                return .s3Error("InvalidObjectState", status: 403, "The operation is not valid for the storage class")
            }
            return Answer(
                200,
                headers: ["ETag": "\"\(CRC32.checksum(bytes))\"", "Content-Length": "\(bytes.count)"],
                body: bytes
            )
        case "ListObjectsV2": return list(call, state)
        default: return .s3Error("NotImplemented", status: 501, call.operation)
        }
    }

    private func list(_ call: Call, _ state: State) -> Answer {
        var contents = ""
        var prefixes: [String] = []
        for key in state.objects.keys.sorted() where key.hasPrefix(call.resource) {
            let rest = key.dropFirst(call.resource.count)
            if !call.body.isEmpty, let slash = rest.firstIndex(of: "/") {
                let prefix = call.resource + rest[...slash]
                if prefixes.last != prefix { prefixes.append(prefix) }
            } else {
                contents +=
                    "<Contents><Key>\(URIEncoding.encode(key))</Key><Size>\(state.objects[key]?.count ?? 0)</Size></Contents>"
            }
        }
        let rolledUp = prefixes.map { "<CommonPrefixes><Prefix>\(URIEncoding.encode($0))</Prefix></CommonPrefixes>" }
            .joined()
        let text =
            "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>\(contents)\(rolledUp)"
            + "</ListBucketResult>"
        return Answer(200, body: Array(text.utf8))
    }
}
