"""Two people with matrix-commander, the command line client, talk and send each other files."""

import json
import pathlib
import random
import subprocess
import sys

import pytest

from conftest import clean_environment, wait_until
from plain_client import PASSWORD

EXECUTABLE = pathlib.Path(sys.executable).parent / "matrix-commander"
# Python needs a second or two of it to load the client; the rest is the server's, and waiting in vain for news.
TIMEOUT_SECONDS = 40


class Commander:
    """matrix-commander as one person uses it: with the credentials and keys of one account in a directory of its own."""

    def __init__(self, box, directory, user_id):
        self.box = box
        self.user_id = user_id
        self.directory = directory
        directory.mkdir()
        self.listener = None

    def command(self, *arguments):
        files = ["--credentials", self.directory / "credentials.json", "--store", self.directory / "store"]
        return [str(word) for word in [EXECUTABLE, "--no-ssl", *files, *arguments]]

    def environment(self):
        return clean_environment(HOME=str(self.directory), PYTHONUNBUFFERED="1")

    def run(self, *arguments):
        """Runs one command to its end; returns what it prints."""
        result = subprocess.run(
            self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
            cwd=self.directory, env=self.environment(),
        )  # fmt: skip
        complaints = [line for line in result.stderr.splitlines() if "ERROR" in line or "Traceback" in line]
        assert result.returncode == 0 and not complaints, f"{arguments}: {result.returncode}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def json(self, *arguments):
        """The JSON texts that a command prints, one to a line."""
        return [json.loads(line) for line in self.run(*arguments, "--output", "json").splitlines() if line.startswith(("{", "["))]

    def log_in(self):
        self.run(
            "--login", "password", "--homeserver", self.box.url, "--user-login", self.user_id, "--password", PASSWORD,
            "--device", "commander", "--room-default", f"!none:{self.user_id.partition(':')[2]}",
        )  # fmt: skip

    def listen(self):
        """Prints what comes from now on into a file."""
        output = self.directory / "heard.txt"
        with output.open("wb") as file:
            self.listener = subprocess.Popen(
                self.command("--listen", "forever"), stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                cwd=self.directory, env=self.environment(),
            )  # fmt: skip
        return lambda: output.read_text(errors="replace")

    def end(self):
        if self.listener and self.listener.poll() is None:
            self.listener.terminate()
            self.listener.wait(TIMEOUT_SECONDS)


@pytest.fixture
def alice_and_bob(landline, tmp_path):
    box = landline()
    everyone = []
    for name in ("alice", "bob"):
        # Without a device of its own, which would have no name: the client's list of devices stumbles over one.
        body = {"username": name, "password": PASSWORD, "inhibit_login": True, "auth": {"type": "m.login.dummy"}}
        status, answer = box.request("POST", "/_matrix/client/v3/register", body)
        assert (status, list(answer)) == (200, ["user_id"]), answer
        everyone.append(Commander(box, tmp_path / name, answer["user_id"]))
        everyone[-1].log_in()
    yield everyone
    for person in everyone:
        person.end()


def test_two_people_talk_and_send_files(alice_and_bob, tmp_path):
    alice, bob = alice_and_bob
    created = alice.json("--room-create", "kitchen", "--name", "Kitchen", "--topic", "What is for dinner?", "--plain")
    room_id = created[0]["room_id"]
    assert created[0]["alias_full"].startswith("#kitchen:")
    alice.run("--room-invite", room_id, "--user", bob.user_id)
    invitations = bob.run("--room-invites", "list+join")
    assert room_id in invitations
    assert bob.json("--joined-rooms")[0]["rooms"] == [room_id]
    assert {member["user_id"] for member in bob.json("--joined-members", room_id)[0]["members"]} == {alice.user_id, bob.user_id}

    # Bob's client waits for news while Alice writes.
    heard = bob.listen()
    alice.run("--room", room_id, "--message", "Dinner is ready", "--message", "Second line: \u996d\u597d\u4e86 \U0001f35a")
    wait_until(lambda: "Dinner is ready" in heard() and "\u996d\u597d\u4e86 \U0001f35a" in heard(), "Alice's messages at Bob's")
    bob.end()

    # And the other way round, by asking.
    bob.run("--room", room_id, "--message", "Coming!", "--notice")
    answers = alice.run("--room", room_id, "--tail", "5")
    assert "Coming!" in answers
    assert "Kitchen" in answers
    both = alice.run("--room", room_id, "--tail", "10", "--listen-self")
    # The newest first.
    assert both.index("Coming!") < both.index("\u996d\u597d\u4e86") < both.index("Dinner is ready")

    # Files, byte for byte. This client encrypts each, in whatever room, and shows such a one only with its key.
    contents = {"photo.bin": random.Random(1).randbytes(3_000_001), "B\u00fccher \u4e66.txt": "\u4f60\u597d\n".encode() * 1_000}
    for name, content in contents.items():
        (alice.directory / name).write_bytes(content)
        alice.run("--room", room_id, "--file", alice.directory / name)
    for answer in bob.json("--room", room_id, "--tail", "2"):
        sent = answer["source"]["content"]
        keys = {name: sent["file"][name] for name in ("key", "hashes", "iv")}
        bob.run("--download", sent["file"]["url"], "--file-name", bob.directory / "received", "--key-dict", str(keys))
        assert (bob.directory / "received").read_bytes() == contents.pop(sent["body"])
    assert contents == {}

    # As other clients send them.
    content = random.Random(2).randbytes(100_000)
    event = {"type": "m.room.message", "content": {"msgtype": "m.file", "body": "plain.bin", "url": uploaded(alice, content)}}
    (alice.directory / "event.json").write_text(json.dumps(event))
    alice.run("--room", room_id, "--event", alice.directory / "event.json")
    directory = tmp_path / "received"
    bob.run("--room", room_id, "--tail", "1", "--download-media", directory, "--download-media-name", "source")
    assert (directory / "plain.bin").read_bytes() == content


def test_what_else_it_can_ask_for(alice_and_bob):
    alice, bob = alice_and_bob
    room_id = alice.json("--room-create", "garden", "--name", "Garden", "--plain")[0]["room_id"]
    alias = f"#garden:{alice.user_id.partition(':')[2]}"
    alice.run("--set-display-name", "Alice", "--set-presence", "unavailable")
    answers = alice.run(
        "--whoami", "--devices", "--login-info", "--discovery-info", "--content-repository-config", "--get-profile", "--get-presence",
        "--room-resolve-alias", alias, "--room-get-visibility", room_id, "--room-get-state", room_id, "--get-room-info", room_id,
    )  # fmt: skip
    for expected in [
        alice.user_id, "commander", "m.login.password", alice.box.url, "Alice", "unavailable", room_id, "private", "m.room.power_levels", "Garden",
    ]:  # fmt: skip
        assert expected in answers
    assert "Alice" in bob.run("--get-display-name", "--user", alice.user_id)
    # Bob joins by the address, and is shown out again.
    alice.run("--room-invite", room_id, "--user", bob.user_id)
    bob.run("--room-join", alias)
    sent = alice.json("--room", room_id, "--message", "a secret", "--print-event-id")
    event_id = next(answer["event_id"] for answer in sent if "event_id" in answer)
    alice.run("--room-redact", room_id, event_id, "a mistake")
    assert "a secret" not in bob.run("--room", room_id, "--tail", "5")
    alice.run("--room-ban", room_id, "--room-unban", room_id, "--user", bob.user_id)
    bob.run("--room-forget", room_id)
    assert alice.json("--room-leave", room_id, "--joined-rooms")[-1]["rooms"] == []
    alice.run("--logout", "me")


def uploaded(person, content):
    source = person.directory / "source.bin"
    source.write_bytes(content)
    return person.json("--upload", source, "--plain")[0]["content_uri"]
