"""A client that asks what Element X asks, word for word, and keeps what it is told.

Element X has two connections: `room-list` for rooms and `encryption` for messages to the device and whose keys have changed. The
requests are those of matrix-rust-sdk (`room_list_service`, `encryption_sync_service`).
"""

import json
import threading

from plain_client import PlainClient, Refused, quoted

PATH = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"
LIST = "all_rooms"
FIRST_WINDOW = 20
WINDOW_STEP = 100
POLL_MILLISECONDS = 30_000

LIST_STATE = [
    ["m.room.name", ""],
    ["m.room.encryption", ""],
    ["m.room.member", "$LAZY"],
    ["m.room.member", "$ME"],
    ["m.room.topic", ""],
    ["m.room.avatar", ""],
    ["m.room.canonical_alias", ""],
    ["m.room.power_levels", ""],
    ["org.matrix.msc3401.call.member", "*"],
    ["m.room.join_rules", ""],
    ["m.room.tombstone", ""],
    ["m.room.create", ""],
    ["m.room.history_visibility", ""],
    ["io.element.functional_members", ""],
    ["m.space.parent", "*"],
    ["m.space.child", "*"],
    ["org.matrix.msc3672.beacon_info", "*"],
]
SUBSCRIPTION_STATE = LIST_STATE + [["m.room.pinned_events", ""]]


class Room:
    """What the app knows of one room."""

    def __init__(self):
        self.name = None
        self.avatar = None
        self.heroes = []
        self.membership = None
        self.invitation = []
        self.state = {}
        self.timeline = []
        self.previous_batch = None
        self.bump_stamp = 0
        self.joined_count = 0
        self.is_direct = False
        self.typists = []
        self.receipts = {}
        self.account_data = {}

    @property
    def texts(self):
        return [event["content"]["body"] for event in self.timeline if event["type"] == "m.room.message" and "body" in event["content"]]

    def take(self, answer, user_id):
        if answer.get("initial"):
            self.name, self.avatar, self.heroes, self.is_direct = None, None, [], False
            self.state, self.timeline, self.invitation = {}, [], []
        for name in ["name", "avatar", "heroes", "joined_count", "bump_stamp"]:
            if name in answer:
                setattr(self, name, answer[name])
        self.is_direct = answer.get("is_dm", self.is_direct)
        if "invite_state" in answer:
            self.invitation = answer["invite_state"]
        for event in self.invitation + answer.get("required_state", []) + answer.get("timeline", []):
            if "state_key" in event:
                self.state[event["type"], event["state_key"]] = event["content"]
        self.membership = self.state.get(("m.room.member", user_id), {}).get("membership", self.membership)
        if "timeline" in answer:
            # A gap, or a longer timeline than before: what the app has of it is put away.
            if answer.get("limited") or answer.get("unstable_expanded_timeline"):
                self.timeline = []
                self.previous_batch = answer["prev_batch"]
            assert answer["num_live"] <= len(answer["timeline"])
            self.timeline += answer["timeline"]


class ElementX:
    """The app on one phone. `PlainClient` makes its other requests."""

    def __init__(self, client):
        self.client = client
        self.user_id = client.user_id
        self.rooms = {}
        self.account_data = {}
        self.count = None
        self.window = FIRST_WINDOW
        self.subscriptions = []
        self.positions = {"room-list": None, "encryption": None}
        self.to_device_since = None
        self.to_device = []
        self.changed_devices = set()
        self.left_devices = set()
        self.key_counts = None
        self.restarts = 0

    @classmethod
    def log_in(cls, box, user_id):
        """Looks first whether the server can do what the app needs, and goes no further if not."""
        status, versions = box.request("GET", "/_matrix/client/versions")
        assert status == 200 and versions["unstable_features"].get("org.matrix.simplified_msc3575") is True, versions
        status, flows = box.request("GET", "/_matrix/client/v3/login")
        assert "m.login.password" in [flow["type"] for flow in flows["flows"]]
        status, answer = box.request("GET", "/_matrix/client/v1/auth_metadata")
        assert status == 404 and answer["errcode"] == "M_UNRECOGNIZED", answer
        return cls(PlainClient.log_in(box, user_id))

    @property
    def shown(self):
        """The rooms as the app lists them."""
        return sorted(self.rooms, key=lambda room_id: -self.rooms[room_id].bump_stamp)

    # The room list

    def room_list_request(self):
        body = {
            "conn_id": "room-list",
            "lists": {
                LIST: {
                    "ranges": [[0, self.window - 1]],
                    "required_state": LIST_STATE,
                    "timeline_limit": 1,
                    "filters": {"room_types": [], "not_room_types": []},
                }
            },
            "extensions": {
                "account_data": {"enabled": True},
                "receipts": {"enabled": True, "rooms": ["*"]},
                "typing": {"enabled": True},
            },
        }
        if self.subscriptions:
            subscription = {"required_state": SUBSCRIPTION_STATE, "timeline_limit": 20}
            body["room_subscriptions"] = {room_id: subscription for room_id in self.subscriptions}
        return body

    def sync_rooms(self, timeout_milliseconds=0):
        """One turn of the room list. Returns the answer."""
        answer = self.ask("room-list", self.room_list_request(), timeout_milliseconds)
        self.count = answer["lists"][LIST]["count"]
        for room_id, room in answer.get("rooms", {}).items():
            self.rooms.setdefault(room_id, Room()).take(room, self.user_id)
        extensions = answer.get("extensions", {})
        for event in extensions.get("account_data", {}).get("global", []):
            self.account_data[event["type"]] = event["content"]
        for room_id, events in extensions.get("account_data", {}).get("rooms", {}).items():
            for event in events:
                self.rooms[room_id].account_data[event["type"]] = event["content"]
        for room_id, event in extensions.get("typing", {}).get("rooms", {}).items():
            self.rooms[room_id].typists = event["content"]["user_ids"]
        for room_id, event in extensions.get("receipts", {}).get("rooms", {}).items():
            for event_id, types in event["content"].items():
                for receipt_type, users in types.items():
                    for user_id in users:
                        self.rooms[room_id].receipts[user_id, receipt_type] = event_id
        return answer

    def load_all_rooms(self):
        """What happens when the app is opened: the first screen, then the rest step by step."""
        self.sync_rooms()
        while self.window < self.count:
            self.window += WINDOW_STEP
            self.sync_rooms()

    def sync_rooms_until(self, condition, what, turns=20):
        """Polls as the app does, until what it shows is as expected."""
        for _ in range(turns):
            if condition():
                return
            self.sync_rooms(POLL_MILLISECONDS)
        assert condition(), what

    # Encryption

    def encryption_request(self):
        to_device = {"enabled": True}
        if self.to_device_since is not None:
            to_device["since"] = self.to_device_since
        return {"conn_id": "encryption", "extensions": {"to_device": to_device, "e2ee": {"enabled": True}}}

    def sync_encryption(self, timeout_milliseconds=0):
        answer = self.ask("encryption", self.encryption_request(), timeout_milliseconds)
        self.take_encryption(answer)
        return answer

    def take_encryption(self, answer):
        extensions = answer["extensions"]
        self.to_device += extensions["to_device"]["events"]
        self.to_device_since = extensions["to_device"]["next_batch"]
        self.key_counts = extensions["e2ee"]["device_one_time_keys_count"]
        self.changed_devices |= set(extensions["e2ee"].get("device_lists", {}).get("changed", []))
        self.left_devices |= set(extensions["e2ee"].get("device_lists", {}).get("left", []))

    # Both

    def ask(self, connection, body, timeout_milliseconds, keeps_position=True):
        """One request; where the server does not know the connection any more, the app begins it anew."""
        try:
            answer = self.client.call("POST", PATH, body, pos=self.positions[connection], timeout=timeout_milliseconds)
        except Refused as refusal:
            if refusal.errcode != "M_UNKNOWN_POS":
                raise
            assert refusal.status == 400
            self.restarts += 1
            self.positions[connection] = None
            if connection == "room-list":
                self.window = FIRST_WINDOW
                body = self.room_list_request()
            answer = self.client.call("POST", PATH, body, timeout=timeout_milliseconds)
        if keeps_position:
            self.positions[connection] = answer["pos"]
        return answer

    def waiting(self, connection):
        """A request that waits, in a thread of its own, as both of the app's do most of the time."""
        return Waiting(self, connection)

    # What the app does beside syncing

    def send(self, room_id, text):
        return self.client.send(room_id, text)

    def type_in(self, room_id, is_typing=True):
        path = f"/_matrix/client/v3/rooms/{quoted(room_id)}/typing/{quoted(self.user_id)}"
        self.client.call("PUT", path, {"typing": is_typing, "timeout": 4000} if is_typing else {"typing": False})

    def read(self, room_id, event_id):
        path = f"/_matrix/client/v3/rooms/{quoted(room_id)}/receipt/m.read/{quoted(event_id)}"
        self.client.call("POST", path, {"thread_id": "main"})

    def upload_keys(self, device_id):
        """Keys of the right form. Nobody here decrypts anything."""
        keys = {f"curve25519:{device_id}": "A" * 43, f"ed25519:{device_id}": "B" * 43}
        device_keys = {
            "user_id": self.user_id,
            "device_id": device_id,
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
            "keys": keys,
            "signatures": {self.user_id: {f"ed25519:{device_id}": "C" * 86}},
        }
        one_time_keys = {
            f"signed_curve25519:AAAA{index}": {"key": "D" * 43, "signatures": {self.user_id: {f"ed25519:{device_id}": "E" * 86}}}
            for index in range(50)
        }
        return self.client.call("POST", "/_matrix/client/v3/keys/upload", {"device_keys": device_keys, "one_time_keys": one_time_keys})

    def send_to_device(self, user_id, text, transaction_id):
        path = f"/_matrix/client/v3/sendToDevice/m.room.encrypted/{quoted(transaction_id)}"
        self.client.call("PUT", path, {"messages": {user_id: {"*": {"algorithm": "m.olm.v1.curve25519-aes-sha2", "text": text}}}})


class Waiting:
    """One long poll. `answer()` is what it got, not taken in by the app."""

    def __init__(self, app, connection):
        self.result = None
        self.error = None
        client = app.client.another_connection(timeout_seconds=60)
        body = app.room_list_request() if connection == "room-list" else app.encryption_request()
        path = f"{PATH}?pos={quoted(app.positions[connection])}&timeout={POLL_MILLISECONDS}"

        def ask():
            try:
                status, content = client.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
                self.result = status, json.loads(content)
            except Exception as error:
                self.error = error
            finally:
                client.close()

        self.thread = threading.Thread(target=ask, daemon=True)
        self.thread.start()

    @property
    def is_waiting(self):
        return self.thread.is_alive()

    def answer(self, timeout_seconds=20):
        self.thread.join(timeout_seconds)
        assert not self.thread.is_alive(), "the poll still waits"
        if self.error:
            raise self.error
        status, answer = self.result
        assert status == 200, answer
        return answer
