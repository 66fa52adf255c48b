"""heisenbridge, an IRC bridge that is an application service: its bot comes when it is invited, answers, and survives that either side restarts."""

import http.server
import json
import subprocess
import sys
import threading

import pytest

from conftest import clean_environment, free_port, wait_until
from plain_client import PlainClient, quoted

BOT = "@heisenbridge:bridge.example"
SERVER_NAME = "bridge.example"
STOP_TIMEOUT_SECONDS = 15
TIMEOUT_SECONDS = 60


class Bridge:
    """The bridge's process, with the registration file that it has written itself."""

    def __init__(self, directory):
        self.directory = directory
        self.registration = directory / "registration.yaml"
        self.log_path = directory / "bridge.log"
        self.port = free_port()
        self.process = None
        subprocess.run(
            self.command("--generate", "-l", "127.0.0.1", "-p", str(self.port)), check=True, capture_output=True, timeout=60,
            env=self.environment(),
        )  # fmt: skip

    def command(self, *arguments):
        return [sys.executable, "-m", "heisenbridge", "-c", str(self.registration), *arguments]

    def environment(self):
        return clean_environment(HOME=str(self.directory))

    def start(self, box):
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self.command("-v", "-v", box.url), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.directory,
                env=self.environment(),
            )  # fmt: skip

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture
def bridge(tmp_path):
    bridge = Bridge(tmp_path)
    yield bridge
    bridge.stop()
    print(f"--- {bridge.log_path.name}\n{bridge.log_path.read_text(errors='replace')[-10000:]}" if bridge.log_path.exists() else "")


@pytest.fixture
def box(landline, bridge, tmp_path):
    data = tmp_path / "data"
    (data / "appservices").mkdir(parents=True)
    (data / "appservices" / "irc.yaml").write_bytes(bridge.registration.read_bytes())
    return landline("--server-name", SERVER_NAME, data=data)


class Conversation:
    """A room in which a person talks with the bot."""

    def __init__(self, person):
        self.person = person
        self.room_id = person.create_room(invite=[BOT], is_direct=True, preset="trusted_private_chat")

    def answers(self):
        """What the bot has said, oldest first."""
        events = self.person.history(self.room_id)
        return [event["content"].get("body", "") for event in events if event["type"] == "m.room.message" and event["sender"] == BOT]

    def wait_for_answer(self, before, to):
        return wait_until(lambda: self.answers()[before:], f"the bot to answer to {to}", TIMEOUT_SECONDS)

    def ask(self, text):
        before = len(self.answers())
        self.person.send(self.room_id, text)
        return self.wait_for_answer(before, text)


def test_the_bridge_comes_answers_and_outlives_restarts_of_either_side(box, bridge):
    alice = PlainClient.register(box, "alice")
    bridge.start(box)
    talk = Conversation(alice)
    # The bot comes, and says hello by itself.
    talk.wait_for_answer(0, "the invitation")
    assert "heisenbridge" in " ".join(talk.ask("VERSION")).lower()

    # What is said while the bridge is away is answered when it comes back, once.
    bridge.stop()
    before = len(talk.answers())
    alice.send(talk.room_id, "VERSION")
    box.restart()
    alice.close()
    bridge.start(box)
    assert "heisenbridge" in " ".join(talk.wait_for_answer(before, "what was said while it was away")).lower()

    # The box restarts, and the bridge notices nothing but a pause.
    box.restart(kill=True)
    alice.close()
    assert "heisenbridge" in " ".join(talk.ask("VERSION")).lower()
    everything = [text for text in talk.answers() if "heisenbridge v" in text.lower()]
    assert len(everything) == 3, everything


@pytest.fixture
def listener():
    """An application service that takes everything; `told` are the bodies of the transactions."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            assert self.headers["authorization"] == "Bearer hs"
            server.told.append(body)
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.told = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


REGISTRATION = """
id: listener
url: http://127.0.0.1:{port}
as_token: as
hs_token: hs
sender_localpart: bot
receive_ephemeral: true
namespaces:
  users: [{{exclusive: true, regex: '@irc_.*'}}]
"""


def test_a_service_hears_of_typing_receipts_and_presence_in_its_rooms(landline, listener, tmp_path):
    data = tmp_path / "data"
    (data / "appservices").mkdir(parents=True)
    (data / "appservices" / "listener.yaml").write_text(REGISTRATION.format(port=listener.server_port))
    box = landline("--server-name", SERVER_NAME, data=data)
    alice, bob = PlainClient.register(box, "alice"), PlainClient.register(box, "bob")
    service = PlainClient(box, f"@irc_ben:{SERVER_NAME}", "as")
    service.call("POST", "/_matrix/client/v3/register", {"type": "m.login.application_service", "username": "irc_ben", "inhibit_login": True})
    room, hidden = alice.create_room(preset="public_chat"), bob.create_room()
    service.call("POST", f"/_matrix/client/v3/join/{quoted(room)}", {}, user_id=service.user_id)
    event, secret = alice.send(room, "read me"), bob.send(hidden, "not you")

    def read(client, kind, room_id, event_id, **query):
        client.call("POST", f"/_matrix/client/v3/rooms/{quoted(room_id)}/receipt/{kind}/{quoted(event_id)}", {}, **query)

    def types(client, room_id):
        client.call("PUT", f"/_matrix/client/v3/rooms/{quoted(room_id)}/typing/{quoted(client.user_id)}", {"typing": True, "timeout": 30_000})

    types(bob, hidden)
    read(bob, "m.read", hidden, secret)
    bob.call("PUT", f"/_matrix/client/v3/presence/{quoted(bob.user_id)}/status", {"presence": "online"})
    types(alice, room)
    read(alice, "m.read.private", room, event)
    read(alice, "m.read", room, event)
    alice.call("PUT", f"/_matrix/client/v3/presence/{quoted(alice.user_id)}/status", {"presence": "online", "status_msg": "here"})
    read(service, "m.read.private", room, event, user_id=service.user_id)

    def ephemeral():
        return [event for body in list(listener.told) for event in body.get("ephemeral", [])]

    def readers(kind):
        found = [told["content"].get(event, {}).get(kind, {}) for told in ephemeral() if told["type"] == "m.receipt" and told["room_id"] == room]
        return {user for users in found for user in users}

    wait_until(lambda: readers("m.read.private"), "the last receipt")
    assert readers("m.read") == {alice.user_id}
    assert readers("m.read.private") == {service.user_id}
    assert [told["content"]["user_ids"] for told in ephemeral() if told["type"] == "m.typing"] == [[alice.user_id]]
    assert {told["content"].get("status_msg") for told in ephemeral() if told["type"] == "m.presence"} >= {"here"}
    assert "bob" not in str(ephemeral()) and hidden not in str(ephemeral())


def test_a_damaged_registration_file_is_named_and_the_box_starts(landline, tmp_path):
    data = tmp_path / "data"
    (data / "appservices").mkdir(parents=True)
    (data / "appservices" / "irc.yaml").write_text("id: irc\nurl: [\n")
    box = landline(data=data)
    assert "appservices/irc.yaml" in box.log and "line 2" in box.log
    assert box.request("GET", "/_matrix/client/v3/login")[1] == {"flows": [{"type": "m.login.password"}]}
