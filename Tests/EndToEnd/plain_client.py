"""A Matrix client made of plain requests: for tests of what real clients never do, and of what they cannot see."""

import http.client
import itertools
import json
import urllib.parse

PASSWORD = "a long enough pass phrase"
MESSAGES_PER_PAGE = 100


class Refused(Exception):
    """An answer that is not 200."""

    def __init__(self, status, answer):
        super().__init__(f"{status} {answer}")
        self.status = status
        self.answer = answer
        self.errcode = answer.get("errcode") if isinstance(answer, dict) else None


def quoted(text):
    return urllib.parse.quote(text, safe="")


def message(text):
    return {"msgtype": "m.text", "body": text}


class PlainClient:
    """One device of an account, on one connection that is opened when it is needed and kept. For one thread."""

    def __init__(self, box, user_id, token, timeout_seconds=30):
        self.box = box
        self.user_id = user_id
        self.token = token
        self.timeout_seconds = timeout_seconds
        self.connection = None
        self.transactions = itertools.count()

    @classmethod
    def register(cls, box, name):
        answer = box.register(name, PASSWORD)
        return cls(box, answer["user_id"], answer["access_token"])

    @classmethod
    def log_in(cls, box, user_id):
        client = cls(box, user_id, None)
        answer = client.call(
            "POST",
            "/_matrix/client/v3/login",
            {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user_id}, "password": PASSWORD},
        )
        client.token = answer["access_token"]
        return client

    def another_connection(self, timeout_seconds=30):
        """The same device, for another thread."""
        return PlainClient(self.box, self.user_id, self.token, timeout_seconds)

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def request(self, method, path, body=None, headers=None):
        """Returns status and bytes. Raises OSError or HTTPException when the connection fails: then nobody knows what the server did."""
        all_headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        all_headers.update(headers or {})
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.box.port, timeout=self.timeout_seconds)
        try:
            self.connection.request(method, path, body, all_headers)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if response.will_close:
            self.close()
        return response.status, content

    def call(self, method, path, body=None, **query):
        """The decoded answer of a request that succeeds; anything else is raised as Refused."""
        query = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items() if value is not None}
        if query:
            path += "?" + urllib.parse.urlencode(query)
        encoded = None if body is None else json.dumps(body).encode()
        status, content = self.request(method, path, encoded, {"Content-Type": "application/json"} if encoded else None)
        try:
            answer = json.loads(content)
        except ValueError:
            answer = content
        if status != 200:
            raise Refused(status, answer)
        return answer

    # What the tests do again and again.

    def create_room(self, **options):
        return self.call("POST", "/_matrix/client/v3/createRoom", options)["room_id"]

    def join(self, room_id):
        self.call("POST", f"/_matrix/client/v3/join/{quoted(room_id)}", {})

    def send(self, room_id, text, transaction_id=None):
        transaction_id = transaction_id or f"t{next(self.transactions)}"
        path = f"/_matrix/client/v3/rooms/{quoted(room_id)}/send/m.room.message/{quoted(transaction_id)}"
        return self.call("PUT", path, message(text))["event_id"]

    def sync(self, since=None, timeout_milliseconds=0, **options):
        return self.call("GET", "/_matrix/client/v3/sync", since=since, timeout=timeout_milliseconds, **options)

    def messages(self, room_id, **options):
        return self.call("GET", f"/_matrix/client/v3/rooms/{quoted(room_id)}/messages", **options)

    def upload(self, content):
        status, answer = self.request("POST", "/_matrix/media/v3/upload", content, {"Content-Type": "application/octet-stream"})
        answer = json.loads(answer)
        if status != 200:
            raise Refused(status, answer)
        return answer["content_uri"]

    def download(self, uri):
        status, content = self.request("GET", f"/_matrix/client/v1/media/download/{uri.removeprefix('mxc://')}")
        if status != 200:
            raise Refused(status, content)
        return content

    def history(self, room_id, **options):
        """All that can be seen of a room, oldest first, page by page from its end."""
        events, start = [], None
        while True:
            page = self.messages(room_id, dir="b", limit=MESSAGES_PER_PAGE, **({"from": start} if start else {}), **options)
            events += page["chunk"]
            if "end" not in page:
                return list(reversed(events))
            assert page["end"] != start, "a page that leads to itself"
            start = page["end"]

    def texts(self, room_id):
        """The texts of all messages, oldest first."""
        return [event["content"]["body"] for event in self.history(room_id) if event["type"] == "m.room.message" and "body" in event["content"]]


class Follower:
    """Follows one room as a client does: by sync, and where a sync leaves a gap, by paging back to it."""

    def __init__(self, client, room_id):
        self.client = client
        self.room_id = room_id
        self.events = []
        self.token = None

    def take(self, timeout_milliseconds=0):
        """One sync. Its events are noted only when everything that belongs to it has come."""
        answer = self.client.sync(self.token, timeout_milliseconds)
        room = answer.get("rooms", {}).get("join", {}).get(self.room_id)
        if room:
            timeline = room["timeline"]
            before = self.before(timeline["prev_batch"]) if timeline.get("limited") else []
            self.events += before + timeline["events"]
        self.token = answer["next_batch"]
        return answer

    def before(self, start):
        """What lies between the last sync and `start`, oldest first."""
        missed = []
        while start:
            page = self.client.messages(self.room_id, dir="b", limit=MESSAGES_PER_PAGE, **{"from": start}, to=self.token)
            missed += page["chunk"]
            start = page.get("end")
        return list(reversed(missed))

    def take_all(self):
        """Syncs until there is nothing more."""
        while True:
            before = len(self.events)
            self.take()
            if len(self.events) == before:
                return
