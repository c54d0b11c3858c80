import Glibc

/// Where the certificates of the trusted authorities lie.
///
/// libcurl compiles one path in and ignores `SSL_CERT_FILE`, but Amazon Linux and Debian differ.
enum CABundle {
    /// Debian and Alpine; Amazon Linux, Fedora and RHEL; SUSE; BSDs and macOS.
    static let usualPaths = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// The path that was asked for, or else the first usual one that can be read.
    ///
    /// A path that was asked for is taken even if nothing is there: falling back would trust what nobody chose.
    static func path(explicit: String?) -> String? {
        if let explicit, !explicit.isEmpty { return explicit }
        return usualPaths.first { access($0, R_OK) == 0 }
    }
}
