import AWSCore
import Testing

@Suite("Partitions")
struct PartitionTests {
    @Test(
        "A Region belongs to the partition of its prefix",
        arguments: [
            ("us-east-1", "aws"), ("ap-southeast-7", "aws"), ("mx-central-1", "aws"), ("il-central-1", "aws"),
            ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-east-1", "aws-iso"), ("us-isob-west-1", "aws-iso-b"), ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"), ("xx-new-1", "aws"), ("cn-north", "aws"), ("cn-north-a", "aws"),
        ]
    )
    func membership(name: String, partition: String) throws {
        let region = try #require(Region(name))
        #expect(region.partition.id == partition)
    }

    @Test("Every partition is found by its id and holds its default Region")
    func names() throws {
        for partition in Partition.all {
            #expect(Partition.named(partition.id) == partition)
            #expect(partition.contains(try #require(Region(partition.defaultRegionName))))
        }
        #expect(Partition.named("aws-moon") == nil)
    }
}
