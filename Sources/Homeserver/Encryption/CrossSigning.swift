import Cryptography
public import MatrixCore
import Storage

/// Cross-signing keys and the signatures of devices and users.
///
/// spec: client-server-api/#cross-signing
public struct CrossSigning: Sendable {
    /// Each costs the writer a verification.
    static let maxSignaturesOfRequest = 1_000

    let database: Database
    let lists: DeviceLists
    let authentication: UserInteractiveAuthentication

    // MARK: Keys

    /// The first keys are taken as they come, and the same ones again; to replace them needs the password.
    ///
    /// spec: client-server-api/#post_matrixclientv3keysdevice_signingupload
    public func upload(_ request: InteractiveRequest, session: Session) async throws {
        let user = session.userID
        let first = try NewKeys(authentication.parameters(of: request), owner: user)
        let needsProof = try await database.read { transaction in
            try first.check(in: transaction)
            return try first.replacesKeys(in: transaction)
        }
        guard needsProof else {
            return try await database.write { transaction in
                // Another device may have been quicker.
                guard try !first.replacesKeys(in: transaction) else { throw MatrixError(.forbidden, "There are other keys now.") }
                try store(first, in: transaction)
            }
        }
        let proof = try await authentication.authenticate(request, as: user, flows: [[.password]])
        let keys = try NewKeys(proof.body, owner: user)
        try await database.write { transaction in
            try keys.check(in: transaction)
            try store(keys, in: transaction)
        }
        authentication.end(proof)
    }

    private func store(_ new: NewKeys, in transaction: WriteTransaction) throws {
        let oldMaster = try transaction.crossSigningKey(.master, of: new.owner)
        let replacesMaster = new.keys[.master].map { $0.publicKey != oldMaster?.publicKey } ?? false
        var changed: Set<CrossSigningKey.Usage> = []
        for usage in CrossSigningKey.Usage.allCases {
            let old = try transaction.crossSigningKey(usage, of: new.owner)
            if let key = new.keys[usage] {
                guard old?.json != key.json else { continue }
                try transaction.setCrossSigningKey(key.json.serialized(), publicKey: key.publicKey, usage: usage.rawValue, of: new.owner)
                changed.insert(usage)
            } else if replacesMaster, old != nil {
                // Signed by a master key that is no more.
                try transaction.deleteCrossSigningKey(usage: usage.rawValue, of: new.owner)
                changed.insert(usage)
            }
        }
        // The user-signing key is shown to its owner alone.
        if changed == [.userSigning] {
            try lists.changed(of: new.owner, seenBy: new.owner, in: transaction)
        } else if !changed.isEmpty {
            try lists.changed(of: new.owner, in: transaction)
        }
    }

    // MARK: Signatures

    /// Adds signatures to published keys. Returns what failed, by user and key.
    ///
    /// spec: client-server-api/#post_matrixclientv3keyssignaturesupload
    public func addSignatures(_ body: JSONObject, by signer: UserID) async throws -> JSONObject {
        var signed: [(owner: UserID, keyID: String, object: JSONObject)] = []
        for member in body.members {
            guard let owner = UserID(member.key) else { throw MatrixError(.invalidParameter, "Signed keys are listed by user ID.") }
            guard let keys = member.value.objectValue else { throw MatrixError(.badJSON, "Each user has signed keys by their ID.") }
            for key in keys.members {
                guard let object = key.value.objectValue else { throw MatrixError(.badJSON, "A signed key is an object.") }
                try KeySignatures.check(in: object)
                signed.append((owner, key.key, object))
            }
        }
        guard signed.count <= Self.maxSignaturesOfRequest else {
            throw MatrixError(.tooLarge, "At most \(Self.maxSignaturesOfRequest) keys can be signed at once.")
        }
        guard !signed.isEmpty else { return [:] }
        let new = signed
        return try await database.write { transaction in
            var failures: JSONObject = [:]
            var owners: [UserID] = []
            for (owner, keyID, object) in new {
                do {
                    if try add(object, keyID: keyID, of: owner, by: signer, in: transaction), !owners.contains(owner) { owners.append(owner) }
                } catch let error as MatrixError {
                    var own = failures.object(owner.rawValue) ?? [:]
                    own[keyID] = ["errcode": .string(error.code?.name ?? "M_UNKNOWN"), "error": .string(error.message)]
                    failures[owner.rawValue] = .object(own)
                }
            }
            for owner in owners {
                if owner == signer {
                    try lists.changed(of: owner, in: transaction)
                } else {
                    try lists.changed(of: owner, seenBy: signer, in: transaction)
                }
            }
            return failures
        }
    }

    /// Returns whether there was something new.
    private func add(_ object: JSONObject, keyID: String, of owner: UserID, by signer: UserID, in transaction: WriteTransaction) throws -> Bool {
        let target = try target(keyID, of: owner, in: transaction)
        guard KeySignatures.areEqualWithoutSignatures(object, target.json) else {
            throw MatrixError(.invalidSignature, "The key that was signed is not the one that is published.")
        }
        // Others sign only what stands for the whole person.
        guard owner == signer || target.usage == .master else { throw MatrixError(.invalidSignature, "Of others only the master key can be signed.") }
        let allowed = try owner == signer ? ownKeys(signing: target.usage, of: signer, in: transaction) : userSigningKey(of: signer, in: transaction)
        let known = try transaction.signatures(ofKey: keyID, of: owner, visibleTo: signer)
        let present = KeySignatures.adding(known, to: target.json).object("signatures")?.object(signer.rawValue) ?? [:]
        var isNew = false
        for member in object.object("signatures")?.object(signer.rawValue)?.members ?? [] {
            // A client sends the signatures along that were there before.
            guard let signature = member.value.stringValue, present[member.key] != member.value else { continue }
            guard let key = allowed[member.key], let bytes = Base64.decode(signature),
                Ed25519.verify(signature: bytes, message: Signing.signedBytes(of: object), publicKey: key)
            else { throw MatrixError(.invalidSignature, "The signature by \(member.key.prefix(maxIdentifierBytes)) is not valid.") }
            try transaction.setSignature(KeySignature(signer: signer, signingKeyID: member.key, signature: signature), ofKey: keyID, of: owner)
            isNew = true
        }
        return isNew
    }

    /// The published key that is meant: of a device, or for cross-signing.
    private func target(
        _ keyID: String, of owner: UserID, in transaction: ReadTransaction
    ) throws -> (json: JSONObject, usage: CrossSigningKey.Usage?) {
        for usage in CrossSigningKey.Usage.allCases {
            if let key = try transaction.crossSigningKey(usage, of: owner), key.publicKey.utf8.elementsEqual(keyID.utf8) { return (key.json, usage) }
        }
        guard let id = DeviceID(keyID), let device = try transaction.device(id, of: owner)?.key, let keys = try transaction.deviceKeys(of: device)
        else { throw MatrixError(.notFound, "There is no such key.") }
        return (try JSONObject(parsing: keys), nil)
    }

    /// Devices are signed by the self-signing key, the master key by devices.
    private func ownKeys(
        signing usage: CrossSigningKey.Usage?, of user: UserID, in transaction: ReadTransaction
    ) throws -> [String: [UInt8]] {
        switch usage {
        case nil: return try transaction.crossSigningKey(.selfSigning, of: user)?.verificationKeys ?? [:]
        case .master:
            var keys: [String: [UInt8]] = [:]
            for device in try transaction.publishedDevices(of: user) {
                let name = "ed25519:" + device.deviceID.rawValue
                keys[name] = try JSONObject(parsing: device.keys).object("keys")?.string(name).flatMap { Base64.decode($0) }
            }
            return keys
        case .selfSigning, .userSigning: return try transaction.crossSigningKey(.master, of: user)?.verificationKeys ?? [:]
        }
    }

    private func userSigningKey(of user: UserID, in transaction: ReadTransaction) throws -> [String: [UInt8]] {
        try transaction.crossSigningKey(.userSigning, of: user)?.verificationKeys ?? [:]
    }
}

/// The keys of one upload.
private struct NewKeys: Sendable {
    let owner: UserID
    let keys: [CrossSigningKey.Usage: CrossSigningKey]

    init(_ body: JSONObject, owner: UserID) throws(MatrixError) {
        var keys: [CrossSigningKey.Usage: CrossSigningKey] = [:]
        for usage in CrossSigningKey.Usage.allCases {
            if let object = try body.optionalObject(usage.member) { keys[usage] = try CrossSigningKey(object, usage: usage, owner: owner) }
        }
        self.owner = owner
        self.keys = keys
    }

    func check(in transaction: ReadTransaction) throws {
        guard let master = try keys[.master] ?? transaction.crossSigningKey(.master, of: owner) else {
            throw MatrixError(.missingParameter, "There is no master_key.")
        }
        for (usage, key) in keys {
            if usage != .master {
                guard Signing.verify(key.json, name: owner.rawValue, keys: master.verificationKeys) else {
                    throw MatrixError(.invalidSignature, "The \(usage.member) is not signed by the master key.")
                }
            }
            if let id = DeviceID(key.publicKey), try transaction.device(id, of: owner) != nil {
                throw MatrixError(.forbidden, "The \(usage.member) has the name of a device.")
            }
        }
    }

    /// Whether there is a master key already and these are not just the present keys once more.
    func replacesKeys(in transaction: ReadTransaction) throws -> Bool {
        guard try transaction.crossSigningKey(.master, of: owner) != nil else { return false }
        for (usage, key) in keys {
            guard let present = try transaction.crossSigningKey(usage, of: owner), present.publicKey.utf8.elementsEqual(key.publicKey.utf8),
                KeySignatures.areEqualWithoutSignatures(present.json, key.json)
            else { return true }
        }
        return false
    }
}
