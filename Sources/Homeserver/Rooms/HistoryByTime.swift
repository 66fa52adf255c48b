public import MatrixCore
import Storage

extension History {
    /// The event that is closest to a time, at it or beyond it in a direction, among those that the user may see.
    ///
    /// Clocks jump, so times need not grow with positions. Of all events on the right side, the one with the closest time is meant.
    ///
    /// - Parameter timestamp: milliseconds since 1970.
    ///
    /// spec: client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event
    public func event(
        closestTo timestamp: Int64, _ direction: Direction, in roomID: RoomID, for user: UserID
    ) async throws -> (id: EventID, timestamp: Int64) {
        try await read(roomID, user) { access, transaction in
            let direction: TimelineDirection = direction == .forwards ? .forwards : .backwards
            let event = try transaction.event(closestTo: timestamp, direction, in: access.room.key) { access.canSee(eventAt: $0) }
            guard let event else { throw MatrixError(.notFound, "There is no event on this side of that time.") }
            return (event.eventID, event.originServerTimestamp)
        }
    }
}
