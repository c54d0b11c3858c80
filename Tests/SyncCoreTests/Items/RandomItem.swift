import AWSTesting

/// Items as values, to be written in many equal ways and changed in one.
indirect enum TestValue {
    case string([Unicode.Scalar])
    /// Sign, digits without zeros at either end (empty for zero), exponent.
    case number(isNegative: Bool, digits: [UInt8], exponent: Int)
    case binary([UInt8])
    case bool(Bool)
    case null
    case list([TestValue])
    case map([(String, TestValue)])
    case stringSet([TestValue])
    case numberSet([TestValue])
    case binarySet([TestValue])
}

extension TestValue {
    static func random(_ random: inout SeededGenerator, depth: Int = 0) -> TestValue {
        switch Int.random(in: 0..<(depth < 4 ? 14 : 9), using: &random) {
        case 0, 1, 2: return .randomString(&random)
        case 3, 4: return .randomNumber(&random)
        case 5, 6: return .randomBinary(&random)
        case 7: return .bool(Bool.random(using: &random))
        case 8: return .null
        case 9:
            return .list((0..<Int.random(in: 0...4, using: &random)).map { _ in .random(&random, depth: depth + 1) })
        case 10: return .map(randomMembers(&random, depth: depth + 1))
        case 11: return .stringSet(distinct { .randomString(&random) })
        case 12: return .numberSet(distinct { .randomNumber(&random) })
        default: return .binarySet(distinct { .randomBinary(&random) })
        }
    }

    static func randomMembers(_ random: inout SeededGenerator, depth: Int = 0) -> [(String, TestValue)] {
        (0..<Int.random(in: 0...5, using: &random)).map { index in
            let name =
                ["a", "name\(index)", "ä\"\(index)", "long attribute name \(index)", "😀"][index % 5] + "\(index)"
            return (name, TestValue.random(&random, depth: depth))
        }
    }

    static func randomItem(_ random: inout SeededGenerator) -> [(String, TestValue)] {
        let key: [(String, TestValue)] = [("pk", .randomString(&random)), ("sk", .randomNumber(&random))]
        return key + randomMembers(&random)
    }

    private static func distinct(_ make: () -> TestValue) -> [TestValue] {
        var random = SeededGenerator(seed: 0)
        var seen: Set<String> = []
        return (0..<3).map { _ in make() }.filter { value in
            seen.insert(value.canonicalText(&random)).inserted
        }
    }

    private func canonicalText(_ random: inout SeededGenerator) -> String {
        switch self {
        case .string(let scalars): return String(String.UnicodeScalarView(scalars))
        case .number(let isNegative, let digits, let exponent): return "\(isNegative) \(digits) \(exponent)"
        case .binary(let bytes): return "\(bytes)"
        default: return ""
        }
    }

    private static func randomString(_ random: inout SeededGenerator) -> TestValue {
        let alphabet: [Unicode.Scalar] = ["a", "b", "\"", "\\", "/", "\n", "\u{1}", "ä", "€", "😀", "e", "\u{301}"]
        return .string(
            (0..<Int.random(in: 0...20, using: &random)).compactMap { _ in alphabet.randomElement(using: &random) }
        )
    }

    private static func randomNumber(_ random: inout SeededGenerator) -> TestValue {
        let count = [0, 1, 1, 2, 5, 18, 19, 20, 21, 38].randomElement(using: &random) ?? 1
        guard count > 0 else { return .number(isNegative: false, digits: [], exponent: 0) }
        var digits = (0..<count).map { _ in UInt8.random(in: 0...9, using: &random) }
        digits[0] = UInt8.random(in: 1...9, using: &random)
        digits[count - 1] = UInt8.random(in: 1...9, using: &random)
        return .number(
            isNegative: Bool.random(using: &random),
            digits: digits,
            exponent: Int.random(in: -60...60, using: &random)
        )
    }

    private static func randomBinary(_ random: inout SeededGenerator) -> TestValue {
        .binary((0..<Int.random(in: 0...9, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
}

extension TestValue {
    /// One of the many texts of the value.
    func text(_ random: inout SeededGenerator) -> String {
        func space(_ random: inout SeededGenerator) -> String {
            ["", "", "", " ", "\n\t"].randomElement(using: &random) ?? ""
        }
        let inner: (String, String)
        switch self {
        case .string(let scalars): inner = ("S", Self.quoted(scalars, &random))
        case .number: inner = ("N", "\"\(numberText(&random))\"")
        case .binary: inner = ("B", Self.quoted(Array(base64(&random).unicodeScalars), &random, onlySlash: true))
        case .bool(let value): inner = ("BOOL", "\(value)")
        case .null: inner = ("NULL", "true")
        case .list(let values): inner = ("L", "[" + values.map { $0.text(&random) }.joined(separator: ",") + "]")
        case .map(let members): inner = ("M", Self.text(members, &random))
        case .stringSet(let values): inner = ("SS", Self.setText(values, &random))
        case .numberSet(let values): inner = ("NS", Self.setText(values, &random))
        case .binarySet(let values): inner = ("BS", Self.setText(values, &random))
        }
        return "{\(space(&random))\"\(inner.0)\"\(space(&random)):\(space(&random))\(inner.1)\(space(&random))}"
    }

    static func text(_ members: [(String, TestValue)], _ random: inout SeededGenerator) -> String {
        let texts = members.shuffled(using: &random).map { name, value in
            "\(quoted(Array(name.unicodeScalars), &random)):\(value.text(&random))"
        }
        return "{" + texts.joined(separator: Bool.random(using: &random) ? "," : " ,\n") + "}"
    }

    private static func setText(_ values: [TestValue], _ random: inout SeededGenerator) -> String {
        let elements = values.shuffled(using: &random).map { value -> String in
            switch value {
            case .string(let scalars): return quoted(scalars, &random)
            case .binary: return "\"\(value.base64(&random))\""
            default: return "\"\(value.numberText(&random))\""
            }
        }
        return "[" + elements.joined(separator: ",") + "]"
    }

    private static func quoted(
        _ scalars: [Unicode.Scalar],
        _ random: inout SeededGenerator,
        onlySlash: Bool = false
    ) -> String {
        var text = "\""
        for scalar in scalars {
            let isNeeded = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            guard isNeeded || (Int.random(in: 0..<8, using: &random) == 0 && (!onlySlash || scalar == "/")) else {
                text.unicodeScalars.append(scalar)
                continue
            }
            if scalar == "/" || scalar == "\"" || scalar == "\\", Bool.random(using: &random) {
                text += "\\" + String(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16, uppercase: Bool.random(using: &random))
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return text + "\""
    }

    private func numberText(_ random: inout SeededGenerator) -> String {
        guard case .number(let isNegative, let digits, let exponent) = self else { return "" }
        let zeros = Int.random(in: 0...3, using: &random)
        if digits.isEmpty {
            return ["0", "-0", "0.0", "0e5", "-0.00E-7", "00"].randomElement(using: &random) ?? "0"
        }
        var text = digits.map { String($0) }.joined() + String(repeating: "0", count: zeros)
        var shift = exponent - zeros
        // A point at any place, and the exponent to make up for it.
        if Bool.random(using: &random) {
            let fraction = Int.random(in: 0...text.count, using: &random)
            let whole = text.dropLast(fraction)
            text =
                (whole.isEmpty ? "0" : String(whole)) + "." + String(text.suffix(fraction)) + (fraction == 0 ? "0" : "")
            shift += fraction
        }
        let sign = isNegative ? "-" : ""
        if shift == 0, Bool.random(using: &random) { return sign + text }
        let mark = Bool.random(using: &random) ? "e" : "E"
        return "\(sign)\(text)\(mark)\(shift > 0 && Bool.random(using: &random) ? "+" : "")\(shift)"
    }

    private func base64(_ random: inout SeededGenerator) -> String {
        guard case .binary(let bytes) = self else { return "" }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            // Bits that stand for nothing may be anything.
            if group.count < 3, Bool.random(using: &random) {
                bits |=
                    Int.random(in: 0..<(1 << (group.count == 1 ? 4 : 2)), using: &random) << (group.count == 1 ? 12 : 6)
            }
            for index in 0...group.count { text.append(alphabet[bits >> (18 - 6 * index) & 63]) }
        }
        let padding = (4 - text.count % 4) % 4
        return Bool.random(using: &random) ? text : text + String(repeating: "=", count: padding)
    }

    /// Another value that differs in one place; `nil` where there is nothing to change in.
    func mutated(_ random: inout SeededGenerator) -> TestValue {
        switch self {
        case .string(var scalars):
            switch Int.random(in: 0..<3, using: &random) {
            case 0: scalars.append("x")
            case 1: scalars.insert("\u{0}", at: Int.random(in: 0...scalars.count, using: &random))
            default:
                if scalars.isEmpty { return .null }
                scalars.removeLast()
            }
            return .string(scalars)
        case .number(let isNegative, var digits, let exponent):
            if digits.isEmpty { return .number(isNegative: false, digits: [1], exponent: -60) }
            switch Int.random(in: 0..<3, using: &random) {
            case 0: return .number(isNegative: !isNegative, digits: digits, exponent: exponent)
            case 1: return .number(isNegative: isNegative, digits: digits, exponent: exponent + 1)
            default:
                digits[digits.count - 1] = digits[digits.count - 1] % 9 + 1
                return .number(isNegative: isNegative, digits: digits, exponent: exponent)
            }
        case .binary(var bytes):
            if bytes.isEmpty || Bool.random(using: &random) { return .binary(bytes + [0]) }
            bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << Int.random(in: 0..<8, using: &random)
            return .binary(bytes)
        case .bool(let value): return .bool(!value)
        case .null: return .string([])
        case .list(var values):
            if values.isEmpty || Int.random(in: 0..<4, using: &random) == 0 { return .list(values + [.null]) }
            let index = Int.random(in: 0..<values.count, using: &random)
            values[index] = values[index].mutated(&random)
            return .list(values)
        case .map(let members): return .map(Self.mutated(members, &random))
        case .stringSet(let values): return .stringSet(Self.mutatedSet(values, &random))
        case .numberSet(let values): return .numberSet(Self.mutatedSet(values, &random))
        case .binarySet(let values): return .binarySet(Self.mutatedSet(values, &random))
        }
    }

    static func mutated(_ members: [(String, TestValue)], _ random: inout SeededGenerator) -> [(String, TestValue)] {
        var members = members
        if members.isEmpty { return [("new", .null)] }
        let index = Int.random(in: 0..<members.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: members.append(("new", .null))
        case 1: members.remove(at: index)
        case 2: members[index].0 += "x"
        default: members[index].1 = members[index].1.mutated(&random)
        }
        return members
    }

    /// Takes one away, which can never make an equal set.
    private static func mutatedSet(_ values: [TestValue], _ random: inout SeededGenerator) -> [TestValue] {
        Array(values.dropFirst())
    }
}
