import AWSTesting
import COpenSSL
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("Digests and checksums")
struct DigestTests {
    @Test("Known digests come out")
    func known() {
        let abc = Array("abc".utf8)
        #expect(
            SHA256.digest(abc).hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(Hexadecimal.string(MD5.digest(abc)) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(Hexadecimal.string(SHA1.digest(abc)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        // The check values of the catalogue of parametrised CRC algorithms.
        #expect(CRC32.checksum("123456789".utf8) == 0xCBF4_3926)
        #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
        #expect(CRC32.checksum([]) == 0)
    }

    @Test("HMAC is OpenSSL's for keys and messages of every length around a block")
    func hmac() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for keyLength in [0, 1, 31, 32, 63, 64, 65, 100, 200] {
            let key = (0..<keyLength).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let hmac = HMACSHA256(key: key)
            for length in [0, 1, 55, 56, 63, 64, 65, 1000] {
                let message = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                var expected = [UInt8](repeating: 0, count: 32)
                // OpenSSL takes a null key for "as before".
                (key + [0]).withUnsafeBufferPointer { key in
                    _ = HMAC(EVP_sha256(), key.baseAddress, CInt(keyLength), message, length, &expected, nil)
                }
                #expect(hmac.authenticate(message).bytes == expected, "seed \(seed), \(keyLength)/\(length)")
            }
        }
    }

    @Test("A digest does not depend on how the bytes come in pieces")
    func pieces() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let bytes = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for algorithm in ChecksumAlgorithm.allCases {
            var checksum = RunningChecksum(algorithm)
            var position = 0
            while position < bytes.count {
                let end = min(position + Int.random(in: 0...97, using: &generator), bytes.count)
                bytes[position..<end].withUnsafeBytes { checksum.update($0) }
                position = end
            }
            #expect(checksum.headerValue == algorithm.headerValue(bytes), "seed \(seed), \(algorithm)")
            #expect(checksum.bytes.count == algorithm.byteCount)
        }
    }

    @Test("The processor's own instructions compute what the tables do, at any length and place")
    func instructions() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let bytes = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for length in Array(0...300) + [511, 512, 513, 1024, 1500, 1999] {
            let start = Int.random(in: 0...(bytes.count - length), using: &generator)
            bytes[start..<(start + length)].withUnsafeBytes { piece in
                var (quick, table) = (CRC64NVME(), CRC64NVME())
                var (quickC, tableC) = (CRC32C(), CRC32C())
                // The second time the state is not that of the beginning.
                for _ in 0..<2 {
                    quick.update(piece)
                    table.updateByTable(piece)
                    quickC.update(piece)
                    tableC.updateByTable(piece)
                }
                #expect(quick.value == table.value, "seed \(seed), \(length) bytes")
                #expect(quickC.value == tableC.value, "seed \(seed), \(length) bytes")
            }
        }
        // The check value of the NVM Command Set Specification.
        #expect(CRC64NVME.checksum("123456789".utf8) == 0xAE8B_1486_0A79_9888)
    }

    @Test("Keys stay out of descriptions")
    func descriptions() {
        let hmac = HMACSHA256(key: Array("secret".utf8))
        #expect("\(hmac)" == "HMACSHA256(key withheld)")
        #expect(String(reflecting: hmac) == "HMACSHA256(key withheld)")
    }

    @Test("Hexadecimal and Base64 go both ways")
    func encodings() {
        let bytes = [UInt8](0...255)
        #expect(Hexadecimal.bytes(Hexadecimal.string(bytes)) == bytes)
        for count in 0...9 {
            let all = (0..<256).map { UInt8(($0 + count) & 255) }.dropLast(count)
            let expected = all.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(Hexadecimal.string(all) == expected)
        }
        #expect(Hexadecimal.bytes("FFfe") == [255, 254])
        #expect(Hexadecimal.bytes("f") == nil)
        #expect(Hexadecimal.bytes("0g") == nil)
        #expect(Base64.bytes(Base64.string(bytes)) == bytes)
        #expect(Base64.bytes("a===") == nil)
    }

    @Test("Everything but the unreserved bytes is percent-encoded")
    func percentEncoding() {
        let unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
        for byte in UInt8(0)..<128 {
            let text = String(decoding: [byte], as: UTF8.self)
            let isUnreserved = unreserved.utf8.contains(byte)
            let expected = isUnreserved ? text : "%" + Hexadecimal.string([byte]).uppercased()
            #expect(URIEncoding.encode(text) == expected)
            #expect(URIEncoding.encodePath(text) == (text == "/" ? "/" : expected))
        }
        #expect(URIEncoding.encode("é/ሴ") == "%C3%A9%2F%E1%88%B4")
        #expect(URIEncoding.query([QueryItem("b", "1 2"), QueryItem("a&")]) == "b=1%202&a%26=")
    }

    @Test("Decoding is strict and knows forms")
    func percentDecoding() {
        #expect(URIEncoding.decode("a%20b+c%c3%A9") == "a b+cé")
        #expect(URIEncoding.decodeForm("red+flower%2B.jpg") == "red flower+.jpg")
        for broken in ["%", "a%2", "%zz", "%2g", "%ff"] {
            #expect(URIEncoding.decode(broken) == nil)
            #expect(URIEncoding.decodeForm(broken) == nil)
        }
    }

    @Test("What is encoded is decoded to the same")
    func roundTrip() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let scalars = (0..<8).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x1_0FFFF, using: &generator))
            }
            let text = String(String.UnicodeScalarView(scalars))
            #expect(URIEncoding.decode(URIEncoding.encode(text)) == text, "seed \(seed)")
            #expect(URIEncoding.decodeForm(URIEncoding.encodePath(text)) == text, "seed \(seed)")
        }
    }
}
