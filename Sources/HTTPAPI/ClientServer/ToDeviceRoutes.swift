import Homeserver
import MatrixCore

/// spec: client-server-api/#send-to-device-messaging
enum ToDeviceRoutes {
    // spec: client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid
    static func send(_ request: APIRequest) async throws -> Reply {
        guard let messages = try await request.body().optionalObject("messages") else {
            throw MatrixError(.missingParameter, "messages is missing.")
        }
        try await request.homeserver.toDevice.send(
            type: request.parameter("eventType"), messages: messages, transactionID: request.parameter("txnId"), session: request.session)
        return .empty
    }
}
