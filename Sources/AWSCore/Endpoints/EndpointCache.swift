import Synchronization

/// The endpoints that a client's last calls went to.
///
/// A client talks to one or two of them again and again, and to resolve one takes as long as to sign a request.
final class EndpointCache: Sendable {
    /// An endpoint, with what else is asked of it for every request.
    struct Entry: Sendable {
        let endpoint: Endpoint
        /// Whether requests go past any proxy.
        let isThisMachine: Bool
        fileprivate let service: AWSService
        fileprivate let region: Region
        fileprivate let bucket: String?
    }

    private struct State {
        var entries: [Entry] = []
        /// The entry that the next new one overwrites.
        var oldest = 0
    }

    private static let capacity = 8
    private let resolver: EndpointResolver
    private let state = Mutex(State())

    init(_ resolver: EndpointResolver) {
        self.resolver = resolver
    }

    /// - Throws: as ``EndpointResolver/endpoint(for:region:bucket:)``; a failure is not kept.
    func endpoint(for service: AWSService, region: Region, bucket: String?) throws -> Entry {
        let known = state.withLock { state in
            state.entries.first { $0.region == region && $0.bucket == bucket && $0.service == service }
        }
        if let known { return known }
        let endpoint = try resolver.endpoint(for: service, region: region, bucket: bucket)
        let request = HTTPRequest(method: .get, scheme: endpoint.scheme, authority: endpoint.authority)
        let entry = Entry(
            endpoint: endpoint,
            isThisMachine: request.isForThisMachine,
            service: service,
            region: region,
            bucket: bucket
        )
        state.withLock { state in
            if state.entries.count < Self.capacity {
                state.entries.append(entry)
            } else {
                state.entries[state.oldest] = entry
                state.oldest = (state.oldest + 1) % Self.capacity
            }
        }
        return entry
    }
}
