import AWSTesting

/// A listing document with everything that S3 and servers like it are known to send, or could.
struct RandomListing {
    private(set) var document: [UInt8]
    /// Whether it has nothing in it that only an XML parser takes.
    private(set) var isPlain = true

    init(using generator: inout SeededGenerator) {
        document = []
        let isEncoded = Bool.random(using: &generator)
        let blank =
            Int.random(in: 0..<4, using: &generator) == 0
            ? ["\n", "  ", "\r\n\t"].randomElement(using: &generator) ?? "" : ""
        var parts: [String] = []
        for _ in 0..<Int.random(in: 0..<12, using: &generator) {
            parts.append(
                Int.random(in: 0..<5, using: &generator) == 0
                    ? Self.commonPrefix(isEncoded, blank, &generator, &isPlain)
                    : Self.object(isEncoded, blank, &generator, &isPlain)
            )
        }
        if isEncoded { parts.append("<EncodingType>url</EncodingType>") }
        if Bool.random(using: &generator) { parts.append("<Name>backups</Name><Prefix/><MaxKeys>1000</MaxKeys>") }
        if Bool.random(using: &generator) { parts.append("<Delimiter>/&amp;&#x2F;</Delimiter><New>1</New>") }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: parts.append("<IsTruncated>false</IsTruncated>")
        case 1:
            parts.append(
                "<IsTruncated>true</IsTruncated>\(blank)<NextContinuationToken>a&lt;/+=</NextContinuationToken>"
            )
        case 2: parts.append("<NextContinuationToken>t</NextContinuationToken>")
        default: break
        }
        if Int.random(in: 0..<3, using: &generator) == 0 { parts.shuffle(using: &generator) }
        if Int.random(in: 0..<6, using: &generator) == 0 {
            isPlain = false
            parts.insert(
                [
                    "<!-- a comment -->", "text", "<?target data?>", "<![CDATA[x]]>",
                    "<a:Other xmlns:a='x'>1</a:Other>",
                    "<Other a=\"1\"/>", "<Other><Inner>1</Inner></Other>", "<Name>\u{FC}</Name>", "<Name>a>b</Name>",
                    "<Name>\r\n</Name>", "<Key>k</Key ><Size>1</Size>", "<Name>&#00000000000065;</Name>",
                ].randomElement(using: &generator) ?? "",
                at: Int.random(in: 0...parts.count, using: &generator)
            )
        }
        let start =
            [
                "", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "<?xml version='1.0' encoding='utf-8'?>",
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n",
            ].randomElement(using: &generator) ?? ""
        let root = Bool.random(using: &generator) ? " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"" : ""
        let end = Bool.random(using: &generator) ? "\n" : ""
        document = Array(
            "\(start)<ListBucketResult\(root)>\(blank)\(parts.joined(separator: blank))\(blank)</ListBucketResult>\(end)"
                .utf8
        )
    }

    private static func object(
        _ isEncoded: Bool,
        _ blank: String,
        _ generator: inout SeededGenerator,
        _ isPlain: inout Bool
    ) -> String {
        var members = [
            "<Key>\(key(isEncoded, &generator, &isPlain))</Key>",
            "<Size>\(Int.random(in: 0...5 << 40, using: &generator))</Size>",
        ]
        let others = [
            "<LastModified>2026-11-21T02:00:05.000Z</LastModified>", "<LastModified>soon</LastModified>",
            "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e-12&quot;</ETag>",
            "<ETag>\"d41d8cd98f00b204e9800998ecf8427e\"</ETag>",
            "<ETag>&#34;e&#x22;</ETag>", "<ETag>&quot;</ETag>", "<ETag></ETag>", "<ETag>&quot;a&quot;b&quot;</ETag>",
            "<StorageClass>STANDARD</StorageClass>", "<StorageClass>DEEP_ARCHIVE</StorageClass>",
            "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>", "<ChecksumType>FULL_OBJECT</ChecksumType>",
            "<ChecksumAlgorithm>CRC32</ChecksumAlgorithm>\(blank)<ChecksumAlgorithm>SHA256</ChecksumAlgorithm>",
            "<Owner>\(blank)<ID>75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a</ID></Owner>",
            "<Owner><DisplayName>a &amp; b</DisplayName><ID/></Owner>",
            "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>",
            "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>\(blank)<RestoreExpiryDate>2026-12-01T00:00:00.000Z"
                + "</RestoreExpiryDate></RestoreStatus>", "<RestoreStatus/>",
        ]
        for other in others where Int.random(in: 0..<3, using: &generator) == 0 {
            members.append(other)
            if other == "<RestoreStatus/>" { isPlain = false }
        }
        if Int.random(in: 0..<40, using: &generator) == 0 {
            isPlain = false
            members.append(
                ["<Key/>", "<Size>+1</Size>", "<Size> 1</Size>", "<Unknown/>", "x", "<ETag a='1'>e</ETag>"]
                    .randomElement(using: &generator) ?? ""
            )
        }
        if Int.random(in: 0..<60, using: &generator) == 0 {
            isPlain = false
            members.removeFirst(Int.random(in: 1...2, using: &generator))
        }
        if Bool.random(using: &generator) { members.shuffle(using: &generator) }
        return "<Contents>\(blank)\(members.joined(separator: blank))\(blank)</Contents>"
    }

    private static func commonPrefix(
        _ isEncoded: Bool,
        _ blank: String,
        _ generator: inout SeededGenerator,
        _ isPlain: inout Bool
    ) -> String {
        let prefixes = (0..<Int.random(in: 1...2, using: &generator)).map { _ in
            "<Prefix>\(key(isEncoded, &generator, &isPlain))</Prefix>"
        }
        return "<CommonPrefixes>\(blank)\(prefixes.joined(separator: blank))\(blank)</CommonPrefixes>"
    }

    /// A key as it stands in the document.
    private static func key(
        _ isEncoded: Bool,
        _ generator: inout SeededGenerator,
        _ isPlain: inout Bool
    ) -> String {
        var text = ""
        for _ in 0..<[0, 1, 7, 8, 9, 30, 120].randomElement(using: &generator, default: 0) {
            let scalar = scalar(&generator)
            let isAwkward = !scalar.isASCII || scalar.value < 0x20
            if isEncoded && (isAwkward || Bool.random(using: &generator)) {
                for byte in String(scalar).utf8 {
                    text += byte == 0x20 ? "+" : "%" + hex(byte, Bool.random(using: &generator))
                }
            } else if scalar == "&" || scalar == "<" || scalar == ">" || Int.random(in: 0..<20, using: &generator) == 0
            {
                // A control character that even a reference cannot write needs a server that encodes.
                guard scalar.value >= 0x20 || scalar == "\n" || scalar == "\t" || scalar == "\r" else { continue }
                text += reference(scalar, &generator)
            } else if scalar.value >= 0x20 || scalar == "\n" || scalar == "\t" {
                if !scalar.isASCII { isPlain = false }
                // Undecodable on purpose, now and then.
                if isEncoded && scalar == "%" && Int.random(in: 0..<30, using: &generator) != 0 { continue }
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func scalar(_ generator: inout SeededGenerator) -> Unicode.Scalar {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: Unicode.Scalar(UInt8.random(in: 0..<0x80, using: &generator))
        case 1: "&<>'\"%+ /?#=;\\".unicodeScalars.randomElement(using: &generator) ?? "&"
        case 2:
            ["\u{E9}", "\u{65E5}", "\u{1F600}", "\u{301}", "\u{80}", "\u{10FFFD}"].randomElement(using: &generator)
                ?? "\u{E9}"
        default: "abcdefghijklmnopqrstuvwxyz0123456789-_./".unicodeScalars.randomElement(using: &generator) ?? "a"
        }
    }

    private static func reference(_ scalar: Unicode.Scalar, _ generator: inout SeededGenerator) -> String {
        let named: [Unicode.Scalar: String] = ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&apos;"]
        if let name = named[scalar], Bool.random(using: &generator) { return name }
        return Bool.random(using: &generator)
            ? "&#\(scalar.value);" : "&#x\(String(scalar.value, radix: 16, uppercase: Bool.random(using: &generator)));"
    }

    private static func hex(_ byte: UInt8, _ isUpper: Bool) -> String {
        let digits = String(byte, radix: 16, uppercase: isUpper)
        return digits.count == 1 ? "0" + digits : digits
    }
}

extension Array {
    fileprivate func randomElement(using generator: inout SeededGenerator, default value: Element) -> Element {
        randomElement(using: &generator) ?? value
    }
}
