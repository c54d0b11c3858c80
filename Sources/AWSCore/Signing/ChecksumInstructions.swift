internal import CZlib

/// Whether this processor has the instructions that the checksums of `CChecksum.h` need.
enum ChecksumInstructions {
    static let areSupported = cchecksum_is_supported() != 0
}
