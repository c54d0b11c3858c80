import AWSTesting
import Testing

@testable import AWSCore

@Suite("Endpoints that are known already")
struct EndpointCacheTests {
    @Test("They are what the resolver says, in whatever order and however many are asked for")
    func sameAsResolver() throws {
        var random = SeededGenerator(seed: freshSeed())
        let resolver = EndpointResolver(
            configured: [
                {
                    var overrides = EndpointResolver.Overrides()
                    overrides.services["KMS"] = EndpointResolver.Override(
                        url: "http://localhost:1/base",
                        origin: "test"
                    )
                    return overrides
                }()
            ]
        )
        let cache = EndpointCache(resolver)
        let regions = try ["us-east-1", "cn-north-1", "eu-central-1"].map { try #require(Region($0)) }
        let buckets = [nil, "plain-bucket", "dotted.bucket"]
        let services: [AWSService] = [.s3, .dynamoDB, .kms, .sts]
        for _ in 0..<500 {
            let service = services[Int.random(in: 0..<services.count, using: &random)]
            let region = regions[Int.random(in: 0..<regions.count, using: &random)]
            let bucket = service == .s3 ? buckets[Int.random(in: 0..<buckets.count, using: &random)] : nil
            let entry = try cache.endpoint(for: service, region: region, bucket: bucket)
            #expect(entry.endpoint == (try resolver.endpoint(for: service, region: region, bucket: bucket)))
            #expect(entry.isThisMachine == (service == .kms))
        }
    }

    @Test("An endpoint that cannot be is an error every time")
    func failures() throws {
        let cache = EndpointCache(EndpointResolver())
        let region = try #require(Region("us-east-1"))
        for _ in 0..<2 {
            #expect(throws: ConfigurationError.self) { try cache.endpoint(for: .s3, region: region, bucket: "a/b") }
        }
    }
}
