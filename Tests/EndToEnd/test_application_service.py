"""heisenbridge, an IRC bridge that is an application service: its bot comes when it is invited, answers, and survives that either side restarts."""

import subprocess
import sys

import pytest

from conftest import clean_environment, free_port, wait_until
from plain_client import PlainClient

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


def test_a_damaged_registration_file_is_named_and_the_box_starts(landline, tmp_path):
    data = tmp_path / "data"
    (data / "appservices").mkdir(parents=True)
    (data / "appservices" / "irc.yaml").write_text("id: irc\nurl: [\n")
    box = landline(data=data)
    assert "appservices/irc.yaml" in box.log and "line 2" in box.log
    assert box.request("GET", "/_matrix/client/v3/login")[1] == {"flows": [{"type": "m.login.password"}]}
