/// A tag of an object or a bucket.
///
/// Not a dictionary's entry, because `String` takes keys for equal that are not the same bytes.
package struct S3Tag: Sendable, Hashable {
    package var key: String
    package var value: String

    package init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }

    /// `<Tagging>`, as S3 answers and takes it.
    static func document(_ tags: [S3Tag]) -> XMLElement {
        let elements = tags.map { tag in
            XMLElement(
                name: "Tag",
                children: [XMLElement(name: "Key", text: tag.key), XMLElement(name: "Value", text: tag.value)]
            )
        }
        return XMLElement(name: "Tagging", children: [XMLElement(name: "TagSet", children: elements)])
    }

    /// - Throws: ``XMLError`` for a tag without a key or value.
    static func tags(_ document: XMLElement) throws -> [S3Tag] {
        try (document["TagSet"]?.all("Tag") ?? []).map { tag in
            guard let key = tag["Key"], let value = tag["Value"] else {
                throw XMLError(message: "a tag without a key or a value")
            }
            return S3Tag(key.text, value.text)
        }
    }

    static func header(_ tags: [S3Tag]) -> String { URIEncoding.query(tags.map { QueryItem($0.key, $0.value) }) }
}
