"""The process is killed, or the disk fills, in the middle of work on files. What was acknowledged is there, whole; nothing else is left over."""

import hashlib
import http.client
import os
import random
import subprocess
import threading
import time
import urllib.parse

import pytest

from conftest import wait_until
from plain_client import PlainClient

WRITERS = 3
ROUNDS = 8
MAX_ROUND_SECONDS = 0.6
LOST = (OSError, http.client.HTTPException)
# Below and above what the database holds, and what is written to the disk at once.
SIZES = [0, 1, 700, 20_000, 32_768, 32_769, 300_000, 6_000_000]


class Folder:
    """One person's folder over WebDAV, with a record of what the box acknowledged and of what it may or may not have done."""

    def __init__(self, client, number, dice):
        self.client = client
        self.dice = dice
        self.root = f"/dav/Private/writer{number}"
        self.port = client.box.port
        self.connection = None
        # Name to hash; what was under way when the connection broke has two possible states.
        self.files = {}
        self.unclear = {}
        self.error = None

    def request(self, method, path, body=None, headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        all_headers = {"Authorization": f"Bearer {self.client.token}", **(headers or {})}
        try:
            self.connection.request(method, urllib.parse.quote(path), body, all_headers, encode_chunked="Transfer-Encoding" in all_headers)
            response = self.connection.getresponse()
            return response.status, response.read()
        except LOST:
            self.close()
            raise

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def step(self):
        name = f"file {self.dice.randrange(12)}"
        path = f"{self.root}/{name}"
        kind = self.dice.choice(["put", "put", "put", "delete", "move", "copy"])
        before = self.files.get(name)
        if kind == "put":
            content = self.dice.randbytes(self.dice.choice(SIZES))
            digest = hashlib.sha256(content).hexdigest()
            self.unclear = {name: [before, digest]}
            status, _ = self.request("PUT", path, content)
            if status == 503:
                raise ConnectionError
            assert status in (201, 204), status
            self.files[name] = digest
        elif before is not None and kind == "delete":
            self.unclear = {name: [before, None]}
            status, _ = self.request("DELETE", path)
            if status == 503:
                raise ConnectionError
            assert status == 204, status
            del self.files[name]
        elif before is not None:
            other = f"file {self.dice.randrange(12)}"
            if other == name:
                return
            self.unclear = {other: [self.files.get(other), before]}
            if kind == "move":
                self.unclear[name] = [before, None]
            status, _ = self.request(kind.upper(), path, headers={"Destination": urllib.parse.quote(f"{self.root}/{other}")})
            if status == 503:
                raise ConnectionError
            assert status in (201, 204), status
            self.files[other] = before
            if kind == "move":
                del self.files[name]
        self.unclear = {}

    def run(self, stopping, progress):
        try:
            while not stopping.is_set():
                self.step()
                progress.set()
        except LOST:
            pass
        except Exception as error:  # noqa: BLE001
            self.error = error

    def check(self):
        """Reads all names back; settles what was unclear."""
        for number in range(12):
            name = f"file {number}"
            status, content = self.request("GET", f"{self.root}/{name}")
            assert status in (200, 404), status
            found = hashlib.sha256(content).hexdigest() if status == 200 else None
            assert found in self.unclear.get(name, [self.files.get(name)]), f"{self.root}/{name}"
            self.files[name] = found
            if found is None:
                del self.files[name]
        self.unclear = {}


def doctor(box):
    command = [str(box.executable), "doctor", "--files", "--data", str(box.data)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120)
    # Other things may be wrong with this machine, such as having no network.
    assert "PROBLEM files" not in answer.stdout and "PROBLEM database" not in answer.stdout, answer.stdout
    assert "every byte compared" in answer.stdout, answer.stdout + answer.stderr
    return answer.stdout


def test_kill_in_the_middle_of_work_on_files(landline):
    seed = int(os.environ.get("LANDLINE_TEST_SEED") or random.randrange(1 << 32))
    print(f"LANDLINE_TEST_SEED={seed}")
    dice = random.Random(seed)
    box = landline()
    folders = [Folder(PlainClient.register(box, f"writer{number}"), number, random.Random(dice.random())) for number in range(WRITERS)]
    for folder in folders:
        assert folder.request("MKCOL", folder.root)[0] == 201
    for number in range(ROUNDS):
        stopping, progress = threading.Event(), threading.Event()
        threads = [threading.Thread(target=folder.run, args=[stopping, progress], daemon=True) for folder in folders]
        for thread in threads:
            thread.start()
        wait_until(progress.is_set, "the first step of a round")
        time.sleep(dice.uniform(0, MAX_ROUND_SECONDS))
        box.kill()
        stopping.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        assert [folder.error for folder in folders] == [None] * WRITERS
        for folder in folders:
            folder.close()
        box.start()
        for folder in folders:
            folder.check()
    assert list((box.data / "staging").iterdir()) == []
    doctor(box)

    # When all is deleted for good, nothing is left of it.
    for folder in folders:
        assert folder.request("DELETE", folder.root)[0] == 204
        assert folder.client.call("DELETE", "/_landline/v1/files/bin") == {}
        folder.close()
    left = lambda: [path for path in (box.data / "blobs").rglob("*") if path.is_file()]  # noqa: E731
    wait_until(lambda: not left(), "the contents to be gone")
    assert "0 contents" in doctor(box)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 96 MiB: 32 MiB for files, as 64 MiB are kept for messages."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", directory], capture_output=True, text=True)
    assert mounted.returncode == 0, f"this test mounts a file system, which needs root: {mounted.stderr}"
    yield directory
    subprocess.run(["umount", "--lazy", directory], check=True)


def test_the_disk_fills_in_the_middle(landline, small_disk):
    box = landline(data=small_disk / "data")
    client = PlainClient.register(box, "anna")
    folder = Folder(client, 0, random.Random(1))
    assert folder.request("MKCOL", folder.root)[0] == 201
    kept = os.urandom(8 << 20)
    assert folder.request("PUT", f"{folder.root}/kept", kept)[0] == 201
    # Announced as too large: refused before it comes.
    status, answer = folder.request("PUT", f"{folder.root}/kept", os.urandom(40 << 20))
    folder.close()
    assert status == 507, answer
    # Of unknown length: the disk has no more room in the middle.
    statuses = []
    for number in range(6):
        pieces = (os.urandom(1 << 20) for _ in range(8))
        try:
            statuses.append(folder.request("PUT", f"{folder.root}/more{number}", pieces, {"Transfer-Encoding": "chunked"})[0])
        except LOST:
            statuses.append(None)
        folder.close()
    assert statuses[0] == 201 and statuses[-1] in (507, None), statuses
    assert list((box.data / "staging").iterdir()) == []
    # What was there is there, and people can still talk.
    assert folder.request("GET", f"{folder.root}/kept") == (200, kept)
    room_id = client.create_room(name="Kitchen")
    for number in range(50):
        client.send(room_id, "x" * 10_000)
    doctor(box)
    # Room is made, and it goes on by itself.
    assert folder.request("DELETE", f"{folder.root}/kept")[0] == 204
    assert client.call("DELETE", "/_landline/v1/files/bin") == {}
    wait_until(lambda: folder.request("PUT", f"{folder.root}/again", os.urandom(4 << 20))[0] in (201, 204), "room for a file")
    doctor(box)
