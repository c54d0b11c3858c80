import Glibc

/// Runs single parts of AWSCore for scripts/bench, which measures the process; in no product.
///
/// ```
/// BenchmarkHarness sign SECONDS
/// BenchmarkHarness listing THOUSANDS
/// BenchmarkHarness items BYTES
/// BenchmarkHarness PORT small|client COUNT IN-FLIGHT
/// BenchmarkHarness PORT download|upload BYTES
/// ```
@main
enum Harness {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let numbers = arguments.compactMap { Int($0) }
        switch (arguments.first, arguments.count) {
        case ("sign", 2):
            guard let seconds = Double(arguments[1]) else { usage() }
            print(#"{"per_second":\#(SigningBenchmark().signaturesPerSecond(during: seconds))}"#)
        case ("listing", 2) where numbers.count == 1:
            let benchmark = ListingBenchmark()
            let seconds = try benchmark.seconds(thousands: numbers[0])
            let checksum = benchmark.checksummedBytesPerSecond(megabytes: 500)
            print(#"{"seconds":\#(seconds),"crc64nvme_bytes_per_second":\#(checksum)}"#)
        case ("items", 2) where numbers.count == 1:
            print(try ItemBenchmark(itemBytes: numbers[0]).report())
        case (_, 4) where arguments[1] == "small" && numbers.count == 3:
            let count = try await HTTPBenchmark(port: numbers[0]).run {
                try await $0.sendSmall(numbers[1], inFlight: numbers[2])
            }
            print(#"{"bytes":\#(count)}"#)
        case (_, 4) where arguments[1] == "client" && numbers.count == 3:
            let count = try await ClientBenchmark(port: numbers[0]).call(numbers[1], inFlight: numbers[2])
            print(#"{"bytes":\#(count)}"#)
        case (_, 3) where arguments[1] == "download" && numbers.count == 2:
            let count = try await HTTPBenchmark(port: numbers[0]).run { try await $0.download(numbers[1]) }
            print(#"{"bytes":\#(count)}"#)
        case (_, 3) where arguments[1] == "upload" && numbers.count == 2:
            let count = try await HTTPBenchmark(port: numbers[0]).run { try await $0.upload(numbers[1]) }
            print(#"{"bytes":\#(count)}"#)
        default: usage()
        }
    }

    private static func usage() -> Never {
        print(
            "BenchmarkHarness sign SECONDS | listing THOUSANDS | items BYTES | PORT small|client COUNT IN-FLIGHT | "
                + "PORT download|upload BYTES"
        )
        exit(64)
    }
}
