/// The task that makes a request's body while the connection sends it.
final class CurlUploadFeeder: Sendable {
    private let task: Task<Void, Never>
    private let upload: CurlUploadBuffer

    /// - Returns: `nil` when the request has no body stream.
    init?(_ transfer: CurlTransfer, loop: CurlLoop) {
        guard let upload = transfer.upload, case .stream(let stream) = transfer.request.body else { return nil }
        self.upload = upload
        self.task = Task {
            do {
                try await upload.feed(from: stream)
            } catch {
                loop.submit(.end(transfer, error))
            }
        }
    }

    func cancel() {
        upload.close()
        task.cancel()
    }

    /// Ends the task and waits until it has let go of the body.
    func stop() async {
        cancel()
        await task.value
    }
}
