/// How a listing in a small document writes its keys.
struct KeyDecoding {
    private let isURLEncoded: Bool

    /// - Throws: ``XMLError`` for an answer that does not say whether there is more, and so may be cut.
    init(_ document: XMLElement) throws {
        guard let isTruncated = document["IsTruncated"]?.text, isTruncated == "true" || isTruncated == "false" else {
            throw XMLError(message: "the answer does not say whether the listing goes on")
        }
        isURLEncoded = document["EncodingType"]?.text == "url"
    }

    func key(of element: XMLElement, _ name: String) throws -> String {
        guard let text = element[name]?.text else { throw XMLError(message: "<\(element.name)> without <\(name)>") }
        guard isURLEncoded else { return text }
        guard let key = URIEncoding.decodeForm(text) else {
            throw XMLError(message: "\"\(text)\" is not a percent-encoded key")
        }
        return key
    }
}
