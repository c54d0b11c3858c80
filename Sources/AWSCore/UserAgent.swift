/// The `User-Agent` header, which AWS support and CloudTrail show.
package enum UserAgent {
    /// Of this package.
    package static let version = "0.1.0"

    /// - Parameter applicationID: `AWS_SDK_UA_APP_ID`; characters that a product token may not hold become `-`.
    static func string(applicationID: String?) -> String {
        var text = "dynamodb-backup/\(version) ua/2.1 os/linux lang/swift#6 cfg/retry-mode#standard"
        if let applicationID, !applicationID.isEmpty {
            text += " app/" + String(applicationID.prefix(50).map { isTokenCharacter($0) ? $0 : "-" })
        }
        return text
    }

    private static func isTokenCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "!$%&'*+-.^_`|~".contains(character))
    }
}
