import AWSCore
import Foundation

/// One folder of AWS's SigV4 test suite, which lies beside the repository and is never part of it.
struct SigV4SuiteCase: Sendable {
    struct Context: Decodable, Sendable {
        struct Credentials: Decodable, Sendable {
            var accessKeyId: String
            var secretAccessKey: String
            var token: String?
        }

        var credentials: Credentials
        var expirationInSeconds: Int
        var normalize: Bool
        var region: String
        var service: String
        var signBody: Bool
        var timestamp: Date
        var omitSessionToken: Bool?
    }

    let folder: URL
    let context: Context
    /// The path as it stands in `request.txt`: not percent-encoded.
    let rawPath: String
    let request: HTTPRequest

    /// Where the suite is: `SIGV4_SUITE`, or `shared/sigv4-suite/v4` beside any folder above this file.
    static let location: URL? = {
        if let path = ProcessInfo.processInfo.environment["SIGV4_SUITE"] { return URL(fileURLWithPath: path) }
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("shared/sigv4-suite/v4")
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        }
        return nil
    }()

    static let all: [String] = {
        guard let location else { return [] }
        return ((try? FileManager.default.contentsOfDirectory(atPath: location.path)) ?? []).sorted()
    }()

    init(named name: String) throws {
        guard let location = Self.location else { throw SuiteError.missing }
        folder = location.appendingPathComponent(name)
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        context = try decoder.decode(
            Context.self,
            from: Data(contentsOf: folder.appendingPathComponent("context.json"))
        )
        let text = try String(contentsOf: folder.appendingPathComponent("request.txt"), encoding: .utf8)
        (request, rawPath) = try Self.parse(text)
    }

    func text(_ file: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
    }

    var credentials: Credentials {
        Credentials(
            accessKeyID: context.credentials.accessKeyId,
            secretAccessKey: context.credentials.secretAccessKey,
            sessionToken: context.credentials.token
        )
    }

    /// The suite has raw paths, and so its canonical path is always encoded once, normalised or not.
    var signer: SigV4Signer {
        SigV4Signer(
            signingName: context.service,
            region: context.region,
            pathRule: context.normalize ? .normalizedAndEncodedAgain : .asSent,
            sendsPayloadHash: context.signBody,
            signsSessionToken: context.omitSessionToken != true
        )
    }

    var requestToSign: HTTPRequest {
        var request = request
        request.path = context.normalize ? rawPath : URIEncoding.encodePath(rawPath)
        return request
    }

    enum SuiteError: Error {
        case missing
        case malformed(String)
    }

    private static func parse(_ text: String) throws -> (HTTPRequest, String) {
        let head: Substring
        let body: Substring
        if let blank = text.range(of: "\n\n") {
            head = text[..<blank.lowerBound]
            body = text[blank.upperBound...]
        } else {
            head = text[...]
            body = ""
        }
        var lines = head.split(separator: "\n", omittingEmptySubsequences: false)
        let requestLine = lines.removeFirst()
        guard let methodEnd = requestLine.firstIndex(of: " "), let targetEnd = requestLine.lastIndex(of: " "),
            let method = HTTPMethod(rawValue: String(requestLine[..<methodEnd]))
        else { throw SuiteError.malformed(String(requestLine)) }
        let target = requestLine[requestLine.index(after: methodEnd)..<targetEnd]
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)

        var fields: [HTTPHeaders.Field] = []
        for line in lines where !line.isEmpty {
            if line.hasPrefix(" ") {
                fields[fields.count - 1].value += "\n" + line
            } else {
                let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                fields.append(HTTPHeaders.Field(name: String(pair[0]), value: String(pair[1])))
            }
        }
        guard let host = fields.firstIndex(where: { $0.name.lowercased() == "host" }) else {
            throw SuiteError.malformed("no host")
        }
        let authority = fields.remove(at: host).value
        let request = HTTPRequest(
            method: method,
            scheme: .https,
            authority: authority,
            query: parts.count > 1 ? encodeQuery(String(parts[1])) : "",
            headers: HTTPHeaders(fields),
            body: body.isEmpty ? .empty : .bytes(Array(body.utf8))
        )
        return (request, String(parts[0]))
    }

    /// The suite's queries are raw UTF-8 in places and encoded in others.
    private static func encodeQuery(_ query: String) -> String {
        URIEncoding.query(
            query.split(separator: "&").map { item in
                let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let name = URIEncoding.decode(pair[0]) ?? pair[0]
                let value = pair.count > 1 ? URIEncoding.decode(pair[1]) ?? pair[1] : ""
                return QueryItem(name, value)
            }
        )
    }
}
