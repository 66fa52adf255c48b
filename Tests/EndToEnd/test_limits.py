"""What nobody should send is refused quickly, with the error that the specification has for it, and changes nothing."""

import itertools
import json
import socket
import time

import pytest

from conftest import wait_until
from plain_client import PlainClient, quoted

MAX_UPLOAD_BYTES = 1 << 20
# Generous for a debug build on a busy machine; a timeout or a quadratic parser takes longer.
QUICK_SECONDS = 3


class Room:
    """A box with one user, one room with one message in it, and the means to send it nonsense."""

    def __init__(self, box):
        self.box = box
        self.alice = PlainClient.register(box, "alice")
        self.room_id = self.alice.create_room(name="Kitchen")
        self.alice.send(self.room_id, "the only message")
        self.send_path = f"/_matrix/client/v3/rooms/{quoted(self.room_id)}/send/m.room.message"
        self.transactions = 0
        self.before = self.everything()

    def everything(self):
        """All that the user can see, to compare."""
        sync = self.alice.sync()
        del sync["next_batch"]
        # Presence tells how long ago something was.
        sync.pop("presence", None)
        history = self.alice.history(self.room_id)
        seen = [room["timeline"]["events"] + room["state"]["events"] for room in sync["rooms"]["join"].values()]
        for event in itertools.chain(history, *seen):
            event.get("unsigned", {}).pop("age", None)
        return sync, history, self.alice.call("GET", f"/_matrix/client/v3/profile/{quoted(self.alice.user_id)}")

    def refused(self, method, path, body=None, token=True, headers=None):
        """The answer to a request that has to fail: status and errcode."""
        body = json.dumps(body).encode() if body is not None and not isinstance(body, bytes) else body
        start = time.monotonic()
        if token is True:
            token = self.alice.token
        status, answer = self.box.request(method, path, body, token=token, headers=headers)
        seconds = time.monotonic() - start
        assert isinstance(answer, dict), f"{method} {path[:100]}: {status} {answer!r:.200}"
        assert isinstance(answer.get("error"), str) and answer["error"], answer
        assert seconds < QUICK_SECONDS, f"{method} {path[:100]} took {seconds:.1f} s"
        return status, answer["errcode"]

    def send_refused(self, body):
        self.transactions += 1
        return self.refused("PUT", f"{self.send_path}/nonsense{self.transactions}", body)

    def assert_unchanged(self):
        assert self.everything() == self.before


@pytest.fixture
def room(landline):
    return Room(landline("--max-upload", MAX_UPLOAD_BYTES))


def test_bodies_that_are_no_json_object(room):
    not_json = [
        b"",
        b"{",
        b'{"body": }',
        b'{"body": "x"} {}',
        b"{'body': 'x'}",
        b'{"body": "x",}',
        b'{"body": NaN}',
        b'{"body": 01}',
        b'{"body": "\x01"}',
        b'{"body": "\\x"}',
        b'{"body": "\xff"}',
        b'{"body": "\xc0\xaf"}',
        b'{"body": "\xed\xa0\x80"}',
        b'{"body": "\xf4\x90\x80\x80"}',
        b'{"\xff": "body"}',
        '{"body": "x"}'.encode("utf-16"),
        b"\x00" * 1000,
        b'{"body": "' + b"x" * 100_000,
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
    ]
    assert {body[:40]: room.send_refused(body) for body in not_json[:-2]} == {body[:40]: (400, "M_NOT_JSON") for body in not_json[:-2]}
    # Too deep before it is wrong.
    assert [room.send_refused(body) for body in not_json[-2:]] == [(400, "M_BAD_JSON")] * 2

    bad_json = [
        b"[]",
        b'"text"',
        b"7",
        b"null",
        b'{"body": "a", "body": "b"}',
        b'{"content": {"a": 1, "\\u0061": 2}}',
        b'{"body": "x", "deep": ' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"body": "x", "deep": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
        b'{"body": "\\ud800"}',
        b'{"body": 9007199254740992}',
        b'{"body": -9007199254740992}',
        b'{"body": 1' + b"0" * 400 + b"}",
        b'{"body": 0.5}',
        b'{"body": 1e400}',
    ]
    assert {body[:40]: room.send_refused(body) for body in bad_json} == {body[:40]: (400, "M_BAD_JSON") for body in bad_json}
    room.assert_unchanged()


def test_bodies_that_are_too_large(room):
    # More than any body may have, announced and not.
    assert room.send_refused({"body": "x" * (2 << 20)}) == (413, "M_TOO_LARGE")
    start = time.monotonic()
    answer = exchange(room.box, chunked_head(f"{room.send_path}/chunked", room.alice.token), [b"8000\r\n" + b"x" * 0x8000 + b"\r\n"] * 64)
    assert (answer[0], answer[1]["errcode"]) == (413, "M_TOO_LARGE")
    assert time.monotonic() - start < QUICK_SECONDS
    # More than an event may have, though not more than a body.
    assert room.send_refused({"body": "x" * 65_536}) == (413, "M_TOO_LARGE")
    assert room.send_refused({"body": "\u4f60" * 22_000}) == (413, "M_TOO_LARGE")
    state = f"/_matrix/client/v3/rooms/{quoted(room.room_id)}/state"
    assert room.refused("PUT", f"{state}/m.room.topic", {"topic": "x" * 70_000}) == (413, "M_TOO_LARGE")
    # More than a type or a key may have.
    for path in [
        f"{state}/{'t' * 256}/key",
        f"{state}/type/{'k' * 256}",
        f"/_matrix/client/v3/rooms/{quoted(room.room_id)}/send/{'t' * 256}/transaction",
    ]:
        status, errcode = room.refused("PUT", path, {})
        assert (status, errcode) in {(413, "M_TOO_LARGE"), (400, "M_INVALID_PARAM"), (400, "M_TOO_LARGE")}, path[:60]
    assert room.refused("PUT", f"{room.send_path}/{'t' * 5_000}", {"body": "x"})[0] == 400
    user = quoted(room.alice.user_id)
    for method, path, body in [
        ("PUT", f"/_matrix/client/v3/profile/{user}/displayname", {"displayname": "x" * 500_000}),
        ("PUT", f"/_matrix/client/v3/profile/{user}/avatar_url", {"avatar_url": "mxc://" + "x" * 500_000}),
        ("PUT", f"/_matrix/client/v3/user/{user}/account_data/org.example", {"x": "x" * 900_000}),
        ("POST", f"/_matrix/client/v3/user/{user}/filter", {"room": {"rooms": ["!" + "x" * 200_000]}}),
        ("PUT", f"/_matrix/client/v3/presence/{user}/status", {"presence": "online", "status_msg": "x" * 500_000}),
        ("POST", "/_matrix/client/v3/createRoom", {"name": "x" * 500_000}),
        ("POST", "/_matrix/client/v3/register", {"username": "x" * 300, "password": "long enough", "auth": {"type": "m.login.dummy"}}),
        ("POST", "/_matrix/client/v3/register", {"username": "carol", "password": "x" * 500_000, "auth": {"type": "m.login.dummy"}}),
    ]:
        status, errcode = room.refused(method, path, body)
        assert status in (400, 413), f"{path}: {status} {errcode}"
    room.assert_unchanged()


def test_uploads_that_are_too_large_leave_nothing(room):
    too_large = b"x" * (MAX_UPLOAD_BYTES + 1)
    headers = {"Content-Type": "application/octet-stream"}
    assert room.refused("POST", "/_matrix/media/v3/upload", too_large, headers=headers) == (413, "M_TOO_LARGE")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = chunked_head("/_matrix/media/v3/upload", room.alice.token, method="POST")
    answer = exchange(room.box, head, [chunk] * (2 * MAX_UPLOAD_BYTES // 0x10000))
    assert (answer[0], answer[1]["errcode"]) == (413, "M_TOO_LARGE")
    # A client that goes away in the middle.
    with socket.create_connection(("127.0.0.1", room.box.port), timeout=10) as connection:
        # Half a megabyte is written at a time.
        connection.sendall(head + chunk * 10)
        wait_until(lambda: files(room.box.data / "staging"), "the upload to begin")
    wait_until(lambda: not files(room.box.data / "staging"), "the staging directory to be empty")
    assert files(room.box.data / "blobs") == []
    # Exactly the limit is allowed.
    uri = room.alice.upload(b"x" * MAX_UPLOAD_BYTES)
    assert room.alice.download(uri) == b"x" * MAX_UPLOAD_BYTES


def test_tokens_that_are_unknown(room):
    whoami = "/_matrix/client/v3/account/whoami"
    assert room.refused("GET", whoami, token=None) == (401, "M_MISSING_TOKEN")
    for token in ["x", room.alice.token + "x", room.alice.token[:-1], "x" * 10_000, "' OR 1=1 --"]:
        assert room.refused("GET", whoami, token=token) == (401, "M_UNKNOWN_TOKEN"), token[:40]
    assert room.refused("GET", whoami, token=None, headers={"Authorization": "Basic eDp4"})[0] == 401
    assert room.refused("PUT", f"{room.send_path}/unknown", {"body": "x"}, token="x") == (401, "M_UNKNOWN_TOKEN")
    assert room.refused("POST", "/_matrix/media/v3/upload", b"x", token=None) == (401, "M_MISSING_TOKEN")
    # After a logout its token is one of these.
    other = PlainClient.log_in(room.box, room.alice.user_id)
    other.call("POST", "/_matrix/client/v3/logout", {})
    assert room.refused("GET", whoami, token=other.token) == (401, "M_UNKNOWN_TOKEN")
    room.assert_unchanged()


def test_paths_and_queries_that_mean_nothing(room):
    sync = "/_matrix/client/v3/sync"
    messages = f"/_matrix/client/v3/rooms/{quoted(room.room_id)}/messages"
    newer = room.alice.sync()["next_batch"][:-1] + "99999999"
    expected = {
        ("GET", "/_matrix/client/v3/nothing"): {(404, "M_UNRECOGNIZED")},
        ("GET", "/_matrix/nothing"): {(404, "M_UNRECOGNIZED")},
        ("DELETE", "/_matrix/client/v3/login"): {(405, "M_UNRECOGNIZED")},
        ("GET", "/_matrix/client/v3/createRoom"): {(405, "M_UNRECOGNIZED")},
        ("GET", f"{sync}?since=nonsense"): {(400, "M_INVALID_PARAM"), (400, "M_UNKNOWN")},
        ("GET", f"{sync}?since={newer}"): {(400, "M_INVALID_PARAM"), (400, "M_UNKNOWN")},
        ("GET", f"{sync}?timeout=nonsense"): {(400, "M_INVALID_PARAM")},
        ("GET", f"{sync}?timeout=-1"): {(400, "M_INVALID_PARAM")},
        ("GET", f"{sync}?timeout={'9' * 40}"): {(400, "M_INVALID_PARAM")},
        ("GET", f"{sync}?full_state=maybe"): {(400, "M_INVALID_PARAM")},
        ("GET", f"{sync}?set_presence=nonsense"): {(400, "M_INVALID_PARAM")},
        ("GET", f"{sync}?filter=999999"): {(400, "M_INVALID_PARAM"), (404, "M_NOT_FOUND"), (400, "M_UNKNOWN")},
        ("GET", f"{sync}?filter=nonsense"): {(400, "M_INVALID_PARAM"), (404, "M_NOT_FOUND")},
        ("GET", f"{sync}?filter={quoted('{nonsense')}"): {(400, "M_NOT_JSON"), (400, "M_BAD_JSON"), (400, "M_INVALID_PARAM")},
        ("GET", f"{sync}?filter={quoted('{' + '[' * 5000)}"): {(400, "M_NOT_JSON"), (400, "M_BAD_JSON"), (400, "M_INVALID_PARAM")},
        ("GET", f"{sync}?filter={quoted(json.dumps({'room': {'timeline': {'limit': -5}}}))}"): {(400, "M_BAD_JSON"), (400, "M_INVALID_PARAM")},
        ("GET", f"{messages}?dir=sideways"): {(400, "M_INVALID_PARAM")},
        ("GET", f"{messages}?dir=b&limit=-1"): {(400, "M_INVALID_PARAM")},
        ("GET", f"{messages}?dir=b&from=nonsense"): {(400, "M_INVALID_PARAM")},
        ("GET", "/_matrix/client/v3/rooms/nonsense/messages?dir=b"): {(400, "M_INVALID_PARAM"), (403, "M_FORBIDDEN"), (404, "M_NOT_FOUND")},
        ("GET", "/_matrix/client/v3/rooms/!unknown:nowhere/messages?dir=b"): {(403, "M_FORBIDDEN"), (404, "M_NOT_FOUND")},
        ("GET", "/_matrix/client/v3/profile/%ff"): {(400, "M_INVALID_PARAM"), (404, "M_UNRECOGNIZED")},
        ("GET", "/_matrix/client/v3/profile/%zz"): {(400, "M_INVALID_PARAM"), (404, "M_UNRECOGNIZED")},
        ("GET", "/_matrix/client/v3/profile/" + "x" * 20_000): {(414, "M_UNRECOGNIZED"), (414, "M_UNKNOWN"), (431, "M_TOO_LARGE")},
        ("GET", "/_matrix/client/v1/media/download/127.0.0.1/..%2f..%2flandline.db"): {(404, "M_NOT_FOUND"), (400, "M_INVALID_PARAM")},
    }
    assert {request: room.refused(*request) for request in expected if room.refused(*request) not in expected[request]} == {}
    room.assert_unchanged()


def test_headers_that_are_too_large_and_requests_that_are_none(room):
    for request in [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: x\r\n" % number for number in range(2_000)) + b"\r\n",
    ]:
        status, answer = exchange(room.box, request, [])
        assert (status, answer["errcode"]) == (431, "M_TOO_LARGE")
    for request in [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500, b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"]:
        status, answer = exchange(room.box, request, [])
        assert status == 400, request[:20]
    for path in ["/_matrix/media/v3/upload", "/_matrix/client/v3/createRoom"]:
        for chunk in [b"zz\r\nhello\r\n0\r\n\r\n", b"2\r\n{}X0\r\n\r\n", b"FFFFFFFFFFFFFFFFFF\r\nx"]:
            status, answer = exchange(room.box, chunked_head(path, room.alice.token, method="POST"), [chunk])
            assert status == 400, (path, chunk, answer)
    assert files(room.box.data / "blobs") == []
    room.assert_unchanged()


def test_errors_can_be_read_by_a_page_of_another_origin(room):
    for method, path in [("GET", "/_matrix/client/v3/nothing"), ("GET", "/_matrix/client/v3/account/whoami"), ("DELETE", "/_matrix/client/v3/login")]:
        with socket.create_connection(("127.0.0.1", room.box.port), timeout=10) as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert b"access-control-allow-origin: *" in read_all(connection).lower(), path


# Requests of bytes, for what no library would send.


def chunked_head(path, token, method="PUT"):
    return (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()


def exchange(box, head, pieces):
    """Sends bytes until the server answers or they are over; returns status and answer."""
    with socket.create_connection(("127.0.0.1", box.port), timeout=10) as connection:
        connection.sendall(head)
        for piece in pieces:
            connection.sendall(piece)
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65_536)
            assert piece, f"the connection ended without an answer: {received!r}"
            received += piece
        top, _, content = received.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in top.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(content) < length:
            piece = connection.recv(65_536)
            assert piece, "the connection ended in the middle of the answer"
            content += piece
    return int(top.split()[1]), json.loads(content)


def read_all(connection):
    content = b""
    while piece := connection.recv(65_536):
        content += piece
    return content


def files(directory):
    return [path for path in directory.rglob("*") if path.is_file()]
