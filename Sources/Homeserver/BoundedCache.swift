/// A dictionary that forgets what was not asked for in a while.
///
/// Two generations: when the young one holds half of the capacity, it becomes the old one, and what was in the old one and not
/// asked for since is gone. That costs nothing per access, and keeps at least the last half of the capacity.
struct BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]
    private let generationSize: Int

    init(capacity: Int) {
        precondition(capacity >= 2)
        generationSize = capacity / 2
    }

    var count: Int { young.count + old.count }

    subscript(key: Key) -> Value? {
        mutating get {
            if let value = young[key] { return value }
            guard let value = old[key] else { return nil }
            insert(value, for: key)
            return value
        }
        set {
            if let newValue { insert(newValue, for: key) } else { remove(key) }
        }
    }

    mutating func removeAll() {
        young = [:]
        old = [:]
    }

    mutating func removeAll(where isUnwanted: (Value) -> Bool) {
        young = young.filter { !isUnwanted($0.value) }
        old = old.filter { !isUnwanted($0.value) }
    }

    func contains(where isWanted: (Value) -> Bool) -> Bool {
        young.values.contains(where: isWanted) || old.values.contains(where: isWanted)
    }

    private mutating func remove(_ key: Key) {
        young[key] = nil
        old[key] = nil
    }

    private mutating func insert(_ value: Value, for key: Key) {
        old[key] = nil
        if young.count >= generationSize, young[key] == nil {
            old = young
            young = [:]
        }
        young[key] = value
    }
}
