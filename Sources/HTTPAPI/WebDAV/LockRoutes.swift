import HTTPTypes
import Homeserver
import MatrixCore
import NIOCore

/// RFC 4918, sections 9.10 and 9.11.
enum LockRoutes {
    static func lock(_ request: APIRequest) async throws -> Reply {
        let dav = try await DAVRequest(request)
        let body = try await dav.xmlBody()
        return body.isEmpty ? refresh(dav) : try await make(dav, wish(body))
    }

    private struct Wish {
        let isExclusive: Bool
        /// XML.
        let owner: String
    }

    private static func wish(_ body: [UInt8]) throws(MatrixError) -> Wish {
        let root = try XMLReader.parse(body)
        guard root.name == .dav("lockinfo"), let scope = root.child(.dav("lockscope"))?.children.first?.name,
            scope == .dav("exclusive") || scope == .dav("shared"), root.child(.dav("locktype"))?.child(.dav("write")) != nil
        else { throw MatrixError(XMLReader.badXML, "This is no lockinfo element as RFC 4918 wants it.") }
        var owner = ""
        root.child(.dav("owner"))?.write(into: &owner)
        return Wish(isExclusive: scope.local == "exclusive", owner: owner)
    }

    private static func make(_ dav: DAVRequest, _ wish: Wish) async throws -> Reply {
        let depth = try dav.depth() ?? .infinity
        guard depth != .one else { throw MatrixError(.invalidParameter, "A lock has the depth 0 or infinity.") }
        let isNew = try await !exists(dav)
        let lock: FileLocks.Lock
        do {
            // Whoever locks a name that is free takes it, and that changes its folder.
            if isNew { try dav.locks.requireUnlocked(dav.path, by: dav.caller, isMember: true) }
            lock = try dav.locks.lock(
                dav.path, isExclusive: wish.isExclusive, isDeep: depth == .infinity, owner: wish.owner, timeoutSeconds: dav.timeoutSeconds(),
                by: dav.caller.userID)
        } catch {
            guard error.status == 423 else { throw error }
            let path = error.details.string("locked_path").flatMap { try? DAVPath.encoded($0) }
            return DAVError.reply(.locked, "no-conflicting-lock", href: path ?? DAVPath.prefix)
        }
        if isNew {
            do {
                try await makeEmptyFile(dav, lock)
            } catch {
                try? dav.locks.unlock(dav.path, token: lock.token, by: dav.caller.userID)
                throw error
            }
        }
        var reply = answer(lock)
        reply.status = isNew ? .created : .ok
        reply.headers[.lockToken] = "<\(lock.token)>"
        return reply
    }

    /// Locks may last longer; nothing else about them changes. RFC 4918, section 9.10.2.
    private static func refresh(_ dav: DAVRequest) -> Reply {
        guard let lock = dav.locks.refresh(dav.path, timeoutSeconds: dav.timeoutSeconds(), by: dav.caller) else {
            return DAVError.reply(.preconditionFailed, "lock-token-matches-request-uri")
        }
        return answer(lock)
    }

    private static func answer(_ lock: FileLocks.Lock) -> Reply {
        var writer = MultiStatusWriter()
        writer.prop { $0.addLockDiscovery([lock]) }
        return Reply(headers: [.contentType: MultiStatusWriter.contentType], body: .buffer(writer.buffer))
    }

    private static func exists(_ dav: DAVRequest) async throws -> Bool {
        do {
            let node = try await dav.files.node(at: dav.path, for: dav.caller)
            guard node.abilities.contains(.write) else { throw MatrixError(.forbidden, "You cannot write here.") }
            return true
        } catch let error as MatrixError where error.status == 404 {
            return false
        }
    }

    /// RFC 4918, section 7.3. In a room's folder an empty file would be a message, so there only the name is locked.
    private static func makeEmptyFile(_ dav: DAVRequest, _ lock: FileLocks.Lock) async throws {
        guard dav.path.components.first != "Chats" else { return }
        let holder = FileCaller(dav.caller.userID, lockTokens: dav.caller.lockTokens.union([lock.token]))
        _ = try await dav.files.put(dav.path, FileDescription(byteCount: 0), if: .isAbsent, by: holder) { nil }
    }

    static func unlock(_ request: APIRequest) async throws -> Reply {
        let dav = try await DAVRequest(request)
        guard let header = request.headers[.lockToken] else { throw MatrixError(.missingParameter, "The Lock-Token header is missing.") }
        guard header.hasPrefix("<"), header.hasSuffix(">"), header.utf8.count > 2 else {
            throw MatrixError(.invalidParameter, "The Lock-Token header must have a URI in angle brackets.")
        }
        do {
            try dav.locks.unlock(dav.path, token: String(header.dropFirst().dropLast()), by: dav.caller.userID)
        } catch {
            guard error.code == FileLocks.noSuchLock else { throw error }
            return DAVError.reply(.conflict, "lock-token-matches-request-uri")
        }
        return Reply(status: .noContent)
    }
}
