/// An answer of Scan whose text nobody has looked at yet.
///
/// For whoever can say, once it is there, which other page it may be the same as: then cutting it costs next to nothing.
package struct ScanAnswer: Sendable {
    private let response: HTTPResponse
    private let request: AWSRequest
    private let exclusiveStartKey: [UInt8]?

    init(_ response: HTTPResponse, of request: AWSRequest, exclusiveStartKey: [UInt8]?) {
        self.response = response
        self.request = request
        self.exclusiveStartKey = exclusiveStartKey
    }

    /// Cuts the answer into items.
    ///
    /// - Parameter pattern: a page, and the number of its item that this answer's first may be equal to. It changes how
    ///   long this takes, never what comes of it.
    /// - Throws: ``AWSError`` with code `MalformedResponse`, also for a page that announces itself, which would never end.
    package func page(like pattern: (page: ItemPage, from: Int)? = nil) throws(AWSError) -> ItemPage {
        do throws(JSONScanError) {
            let page = try ItemPage(parsing: response.body, like: pattern)
            if let key = page.lastEvaluatedKey, key == exclusiveStartKey {
                throw JSONScanError(offset: 0, expected: "another LastEvaluatedKey than the last page's")
            }
            return page
        } catch {
            throw AWSError(malformed: response, of: request, message: "\(error)")
        }
    }
}
