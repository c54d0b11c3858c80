import AWSCore
import Glibc

/// One connection of the fault server, on its own thread: reads requests and plays the replies.
struct ServerConnection {
    let number: Int
    let socket: Int32
    let core: ScriptedServerCore
    /// What was read beyond the last request.
    private var buffer: [UInt8] = []

    private enum Flow {
        case goOn
        case end
    }

    init(number: Int, socket: Int32, core: ScriptedServerCore) {
        self.number = number
        self.socket = socket
        self.core = core
    }

    mutating func serve() {
        if let reply = core.script.onConnect(number), play(reply) == .end { return }
        while let request = readRequest() {
            let reply = core.script.reply(request)
            guard play(reply) == .goOn else { return }
            if request.bodyLength < contentLength(of: request) { return }
        }
    }

    private func contentLength(of request: ServerRequest) -> Int {
        request.headers["Content-Length"].flatMap { Int($0) } ?? 0
    }

    // MARK: Requests

    private mutating func readRequest() -> ServerRequest? {
        guard let head = readHead(),
            var request = ServerRequest(connection: number, number: core.nextRequestNumber(), head: head)
        else { return nil }
        let plan = core.script.bodyPlan(request)
        if plan.sendsContinue, plan.maximumBytes != 0,
            request.headers["Expect"]?.equalsIgnoringASCIICase("100-continue") == true
        {
            guard send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return nil }
        }
        let isChunked = request.headers["Transfer-Encoding"]?.equalsIgnoringASCIICase("chunked") == true
        let isWhole =
            isChunked
            ? readChunks(into: &request, plan: plan)
            : readBody(length: contentLength(of: request), into: &request, plan: plan)
        core.record(request)
        return isWhole ? request : nil
    }

    private mutating func readHead() -> [UInt8]? {
        let end = Array("\r\n\r\n".utf8)
        var searched = 0
        while true {
            var index = max(0, searched - 3)
            while index + 4 <= buffer.count {
                if buffer[index] == end[0], Array(buffer[index..<index + 4]) == end {
                    let head = Array(buffer[..<(index + 4)])
                    buffer.removeFirst(index + 4)
                    return head
                }
                index += 1
            }
            searched = buffer.count
            guard buffer.count < 1 << 20, fill() else { return nil }
        }
    }

    /// - Returns: False when the connection ended before the planned part of the body had come.
    private mutating func readBody(length: Int, into request: inout ServerRequest, plan: BodyPlan) -> Bool {
        let wanted = min(length, plan.maximumBytes ?? length) + request.bodyLength
        while request.bodyLength < wanted {
            if buffer.isEmpty {
                if let gate = plan.gate, !gate.passBlocking(orHangUpOf: socket) { return false }
                guard fill() else { return false }
            }
            let count = min(buffer.count, wanted - request.bodyLength)
            if plan.use == .keep { request.body += buffer.prefix(count) }
            buffer.removeFirst(count)
            request.bodyLength += count
            core.addBodyBytes(count)
        }
        return true
    }

    private mutating func readChunks(into request: inout ServerRequest, plan: BodyPlan) -> Bool {
        while let line = readLine() {
            guard let size = Int(line.prefix { $0 != ";" }, radix: 16) else { return false }
            if size == 0 {
                // Trailer fields up to the empty line.
                while let trailer = readLine() {
                    if trailer.isEmpty { return true }
                }
                return false
            }
            guard readBody(length: size, into: &request, plan: plan), readLine() == "" else { return false }
        }
        return false
    }

    private mutating func readLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[..<end].filter { $0 != UInt8(ascii: "\r") }
                buffer.removeFirst(end + 1)
                return String(decoding: line, as: UTF8.self)
            }
            guard fill() else { return nil }
        }
    }

    private mutating func fill() -> Bool {
        var piece = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = recv(socket, &piece, piece.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            buffer += piece.prefix(count)
            return true
        }
    }

    // MARK: Replies

    private mutating func play(_ reply: ServerReply) -> Flow {
        for step in reply.steps {
            switch step {
            case .send(let bytes):
                guard send(bytes) else { return .end }
            case .sendRepeatedly(let bytes, let count):
                for _ in 0..<count {
                    guard send(bytes) else { return .end }
                }
            case .wait(let gate):
                guard gate.passBlocking(orHangUpOf: socket) else { return .end }
            case .hang:
                while fill() { buffer.removeAll() }
                return .end
            case .close:
                return .end
            case .reset:
                var abortive = linger(l_onoff: 1, l_linger: 0)
                setsockopt(socket, SOL_SOCKET, SO_LINGER, &abortive, socklen_t(MemoryLayout<linger>.size))
                return .end
            }
        }
        return .goOn
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                Glibc.send(socket, all.baseAddress?.advanced(by: sent), all.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
            core.addSentBytes(count)
        }
        return true
    }
}
