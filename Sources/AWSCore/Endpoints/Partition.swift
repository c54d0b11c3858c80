/// A group of AWS Regions that shares accounts, ARNs and domain names, as botocore's partitions.json lists them.
package struct Partition: Sendable, Hashable {
    /// The second field of every ARN of this partition, such as `aws-cn`.
    package let id: String
    /// The domain of service endpoints: `amazonaws.com`.
    package let dnsSuffix: String
    /// The domain of dual-stack (IPv4 and IPv6) endpoints: `api.aws`.
    package let dualStackDNSSuffix: String
    /// The Region whose STS is asked where no Region is configured.
    package let defaultRegionName: String
    /// What comes before `-<place>-<number>` in the partition's Region names.
    let regionPrefixes: [String]

    package static let aws = Partition(
        id: "aws",
        dnsSuffix: "amazonaws.com",
        dualStackDNSSuffix: "api.aws",
        defaultRegionName: "us-east-1",
        regionPrefixes: ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"]
    )
    package static let china = Partition(
        id: "aws-cn",
        dnsSuffix: "amazonaws.com.cn",
        dualStackDNSSuffix: "api.amazonwebservices.com.cn",
        defaultRegionName: "cn-northwest-1",
        regionPrefixes: ["cn"]
    )
    package static let usGovernment = Partition(
        id: "aws-us-gov",
        dnsSuffix: "amazonaws.com",
        dualStackDNSSuffix: "api.aws",
        defaultRegionName: "us-gov-west-1",
        regionPrefixes: ["us-gov"]
    )
    package static let europeanSovereign = Partition(
        id: "aws-eusc",
        dnsSuffix: "amazonaws.eu",
        dualStackDNSSuffix: "api.amazonwebservices.eu",
        defaultRegionName: "eusc-de-east-1",
        regionPrefixes: ["eusc-de"]
    )
    package static let all: [Partition] = [
        .aws, .china, .usGovernment, .europeanSovereign,
        Partition(
            id: "aws-iso",
            dnsSuffix: "c2s.ic.gov",
            dualStackDNSSuffix: "api.aws.ic.gov",
            defaultRegionName: "us-iso-east-1",
            regionPrefixes: ["us-iso"]
        ),
        Partition(
            id: "aws-iso-b",
            dnsSuffix: "sc2s.sgov.gov",
            dualStackDNSSuffix: "api.aws.scloud",
            defaultRegionName: "us-isob-east-1",
            regionPrefixes: ["us-isob"]
        ),
        Partition(
            id: "aws-iso-e",
            dnsSuffix: "cloud.adc-e.uk",
            dualStackDNSSuffix: "api.cloud-aws.adc-e.uk",
            defaultRegionName: "eu-isoe-west-1",
            regionPrefixes: ["eu-isoe"]
        ),
        Partition(
            id: "aws-iso-f",
            dnsSuffix: "csp.hci.ic.gov",
            dualStackDNSSuffix: "api.aws.hci.ic.gov",
            defaultRegionName: "us-isof-south-1",
            regionPrefixes: ["us-isof"]
        ),
    ]

    /// The partition with that id, `nil` for an unknown one.
    package static func named(_ id: String) -> Partition? {
        all.first { $0.id == id }
    }

    /// The partition of a Region; ``aws`` for names that match none, as the AWS SDKs do.
    package init(of region: Region) {
        self = Self.all.first { $0.contains(region) } ?? .aws
    }

    /// Whether the Region's name is `<prefix>-<place>-<number>` with one of this partition's prefixes.
    package func contains(_ region: Region) -> Bool {
        let labels = region.name.split(separator: "-", omittingEmptySubsequences: false)
        guard labels.count >= 3, let number = labels.last, let place = labels.dropLast().last,
            !place.isEmpty, !number.isEmpty, number.utf8.allSatisfy(\.isASCIIDigit)
        else { return false }
        return regionPrefixes.contains(labels.dropLast(2).joined(separator: "-"))
    }

    private init(
        id: String,
        dnsSuffix: String,
        dualStackDNSSuffix: String,
        defaultRegionName: String,
        regionPrefixes: [String]
    ) {
        self.id = id
        self.dnsSuffix = dnsSuffix
        self.dualStackDNSSuffix = dualStackDNSSuffix
        self.defaultRegionName = defaultRegionName
        self.regionPrefixes = regionPrefixes
    }
}

extension Region {
    package var partition: Partition { Partition(of: self) }
}
