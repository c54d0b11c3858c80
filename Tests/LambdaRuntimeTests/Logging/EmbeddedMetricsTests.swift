import AWSCore
import LambdaRuntime
import Testing

import struct FoundationEssentials.Date

@Suite("Embedded metric format")
struct EmbeddedMetricsTests {
    private let instant = Date(timeIntervalSince1970: 1_795_226_407.25)

    private func parse(_ line: [UInt8]) throws -> JSONObject {
        #expect(line.last == UInt8(ascii: "\n"))
        return try #require(try JSONValue(parsing: line.dropLast()).object)
    }

    @Test("The line is the object that CloudWatch reads")
    func exactLine() throws {
        var metrics = try EmbeddedMetrics(
            namespace: "DynamoDBBackup",
            dimensionSets: [[.init("FunctionName", "f")], [.init("FunctionName", "f"), .init("Table", "Orders")]]
        )
        try metrics.add("BackupsStarted", 3, unit: .count)
        try metrics.add("HoursSinceLastCompletedBackup", 25.5, unit: .none)
        let lines = metrics.lines(timestamp: instant).map { String(decoding: $0, as: UTF8.self) }
        #expect(
            lines == [
                #"{"_aws":{"Timestamp":1795226407250,"CloudWatchMetrics":[{"Namespace":"DynamoDBBackup","#
                    + #""Dimensions":[["FunctionName"],["FunctionName","Table"]],"#
                    + #""Metrics":[{"Name":"BackupsStarted","Unit":"Count"},"#
                    + #"{"Name":"HoursSinceLastCompletedBackup","Unit":"None"}]}]},"#
                    + #""FunctionName":"f","Table":"Orders","BackupsStarted":3,"#
                    + #""HoursSinceLastCompletedBackup":25.5}"# + "\n"
            ]
        )
    }

    @Test("More than 100 metrics go into several lines, each complete, none twice")
    func manyMetrics() throws {
        var metrics = try EmbeddedMetrics(namespace: "N", dimensionSets: [])
        for index in 0..<250 { try metrics.add("m\(index)", Double(index), unit: .count) }
        let objects = try metrics.lines(timestamp: instant).map(parse)
        #expect(objects.count == 3)
        var found: [String] = []
        for object in objects {
            let directive = try #require(object["_aws"]?["CloudWatchMetrics"]?.array?.first)
            #expect(directive["Dimensions"]?.array == [.array([])])
            let names = try #require(directive["Metrics"]?.array).compactMap { $0["Name"]?.string }
            #expect(names.count <= 100)
            for name in names { #expect(object[name]?.integer.map { "m\($0)" } == name) }
            found += names
        }
        #expect(found == (0..<250).map { "m\($0)" })
    }

    @Test("More than 100 values of a metric go into several lines")
    func manyValues() throws {
        var metrics = try EmbeddedMetrics(namespace: "N", dimensionSets: [])
        for index in 0..<201 { try metrics.add("m", Double(index), unit: .bytes) }
        let objects = try metrics.lines(timestamp: instant).map(parse)
        #expect(objects.map { $0["m"]?.array?.count ?? 1 } == [100, 100, 1])
        #expect(objects.last?["m"]?.integer == 200)
    }

    @Test("Without a metric there is no line; what is no number is left out")
    func nothing() throws {
        var metrics = try EmbeddedMetrics(namespace: "N", dimensionSets: [])
        #expect(metrics.lines(timestamp: instant).isEmpty)
        try metrics.add("m", .infinity, unit: .count)
        try metrics.add("m", .nan, unit: .count)
        #expect(metrics.lines(timestamp: instant).isEmpty)
    }

    @Test("Names that CloudWatch refuses are refused here, and clashes too")
    func invalidNames() throws {
        for namespace in ["", "a b", String(repeating: "n", count: 257), "é"] {
            #expect(throws: EmbeddedMetrics.InvalidName.self) {
                try EmbeddedMetrics(namespace: namespace, dimensionSets: [])
            }
        }
        let tooMany = (0...30).map { EmbeddedMetrics.Dimension("d\($0)", "v") }
        let invalidSets: [[[EmbeddedMetrics.Dimension]]] = [
            [tooMany], [[.init("", "v")]], [[.init("d", "")]], [[.init("d", String(repeating: "v", count: 1025))]],
            [[.init("d", "1")], [.init("d", "2")]],
        ]
        for sets in invalidSets {
            #expect(throws: EmbeddedMetrics.InvalidName.self) {
                try EmbeddedMetrics(namespace: "N", dimensionSets: sets)
            }
        }
        var metrics = try EmbeddedMetrics(namespace: "N", dimensionSets: [[.init("d", "v")]])
        try metrics.add("m", 1, unit: .count)
        #expect(throws: EmbeddedMetrics.InvalidName.self) { try metrics.add("d", 1, unit: .count) }
        #expect(throws: EmbeddedMetrics.InvalidName.self) { try metrics.add("_aws", 1, unit: .count) }
    }
}
