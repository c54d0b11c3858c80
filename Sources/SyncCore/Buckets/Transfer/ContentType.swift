/// The content type that an upload gets by its name, as with `aws s3 cp`.
enum ContentType {
    /// - Returns: `nil` for an ending that says nothing; S3 then keeps `application/octet-stream`.
    static func guess(_ key: String) -> String? {
        guard let name = key.utf8.split(separator: UInt8(ascii: "/")).last,
            let dot = name.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex
        else { return nil }
        return types[String(decoding: name[name.index(after: dot)...], as: UTF8.self).lowercased()]
    }

    /// From IANA's registry, the endings that are common.
    private static let types: [String: String] = [
        "7z": "application/x-7z-compressed", "avi": "video/x-msvideo", "avif": "image/avif",
        "bin": "application/octet-stream",
        "bmp": "image/bmp", "bz2": "application/x-bzip2", "css": "text/css", "csv": "text/csv",
        "doc": "application/msword",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "eot": "application/vnd.ms-fontobject",
        "epub": "application/epub+zip", "gif": "image/gif", "gz": "application/gzip", "htm": "text/html",
        "html": "text/html",
        "ico": "image/vnd.microsoft.icon", "ics": "text/calendar", "jar": "application/java-archive",
        "jpeg": "image/jpeg",
        "jpg": "image/jpeg", "js": "text/javascript", "json": "application/json", "m4a": "audio/mp4",
        "md": "text/markdown",
        "mjs": "text/javascript", "mov": "video/quicktime", "mp3": "audio/mpeg", "mp4": "video/mp4",
        "mpeg": "video/mpeg",
        "oga": "audio/ogg", "ogg": "audio/ogg", "ogv": "video/ogg", "otf": "font/otf",
        "parquet": "application/vnd.apache.parquet",
        "pdf": "application/pdf", "png": "image/png", "ppt": "application/vnd.ms-powerpoint",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation", "py": "text/x-python",
        "rtf": "application/rtf", "sh": "application/x-sh", "sql": "application/sql", "svg": "image/svg+xml",
        "tar": "application/x-tar", "tif": "image/tiff", "tiff": "image/tiff", "tsv": "text/tab-separated-values",
        "ttf": "font/ttf", "txt": "text/plain", "wasm": "application/wasm", "wav": "audio/wav", "weba": "audio/webm",
        "webm": "video/webm", "webmanifest": "application/manifest+json", "webp": "image/webp", "woff": "font/woff",
        "woff2": "font/woff2", "xhtml": "application/xhtml+xml", "xls": "application/vnd.ms-excel",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xml": "application/xml",
        "yaml": "application/yaml", "yml": "application/yaml", "zip": "application/zip", "zst": "application/zstd",
    ]
}
