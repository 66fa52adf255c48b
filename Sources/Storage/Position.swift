/// A place in the one stream of changes. Every change that a client can see takes the next number.
///
/// Order, sync tokens and pagination rest on positions alone, so a clock that jumps breaks nothing.
public struct Position: Hashable, Comparable, Sendable, CustomStringConvertible, SQLBindable {
    public let value: Int64

    public init(_ value: Int64) { self.value = value }

    public static let zero = Position(0)

    public static func < (left: Position, right: Position) -> Bool { left.value < right.value }

    public func bind(to statement: OpaquePointer, at index: Int32) -> Int32 { value.bind(to: statement, at: index) }

    public var description: String { String(value) }
}
