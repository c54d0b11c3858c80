/// The header fields that S3 keeps with an object and gives to whoever reads it, each as it was written.
package struct S3ContentHeaders: Sendable, Equatable {
    package var contentType: String?
    package var contentEncoding: String?
    package var cacheControl: String?
    package var contentDisposition: String?
    package var contentLanguage: String?
    /// Not necessarily a date: S3 gives back whatever it was given.
    package var expires: String?
    /// Where a website's visitors are sent; CopyObject does not take it over by itself.
    package var websiteRedirectLocation: String?

    package init(
        contentType: String? = nil,
        contentEncoding: String? = nil,
        cacheControl: String? = nil,
        contentDisposition: String? = nil,
        contentLanguage: String? = nil,
        expires: String? = nil,
        websiteRedirectLocation: String? = nil
    ) {
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.cacheControl = cacheControl
        self.contentDisposition = contentDisposition
        self.contentLanguage = contentLanguage
        self.expires = expires
        self.websiteRedirectLocation = websiteRedirectLocation
    }

    init(headers: HTTPHeaders) {
        for (name, field) in Self.fields { self[keyPath: field] = headers[name] }
    }

    func add(to headers: inout HTTPHeaders) {
        for (name, field) in Self.fields {
            if let value = self[keyPath: field] { headers[name] = value }
        }
    }

    private static var fields: [(String, WritableKeyPath<S3ContentHeaders, String?>)] {
        [
            ("Content-Type", \.contentType), ("Content-Encoding", \.contentEncoding), ("Cache-Control", \.cacheControl),
            ("Content-Disposition", \.contentDisposition), ("Content-Language", \.contentLanguage),
            ("Expires", \.expires), ("x-amz-website-redirect-location", \.websiteRedirectLocation),
        ]
    }
}
