"""What an old laptop does to a server: two starts at once, damaged files, wrong clocks, full disks, clients that vanish."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import socket
import sqlite3
import struct
import subprocess
import threading
import time

import pytest

from conftest import clean_environment, free_port, wait_until
from plain_client import Follower, PlainClient, Refused, quoted

ALL_OPTIONS_OFF = ["--discovery", "off", "--bind", "127.0.0.1", "--https-port", "0"]
YEAR_SECONDS = 365 * 24 * 3600
MIB = 1 << 20


def refusal(executable, *arguments, environment=None):
    """Runs a command that has to refuse its work; returns the one line that it says about that."""
    result = subprocess.run(
        [executable, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
        env=clean_environment(**(environment or {})),
    )  # fmt: skip
    lines = result.stderr.splitlines()
    assert result.returncode not in (0, None) and result.returncode > 0, f"{arguments}: {result.returncode} {result.stderr}"
    assert len(lines) == 1 and len(lines[0]) > 20, f"{arguments}: {result.stderr!r}"
    assert result.stdout == "", f"{arguments}: {result.stdout!r}"
    return lines[0]


def serving(data, *options):
    return ["serve", "--data", data, "--http-port", free_port(), *ALL_OPTIONS_OFF, *options]


def fingerprints(directory):
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.rglob("*") if path.is_file()}


def open_sockets(box):
    count = 0
    for descriptor in pathlib.Path(f"/proc/{box.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(descriptor).startswith("socket:")
    return count


def memory_kib(box, field):
    text = pathlib.Path(f"/proc/{box.pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)[1])


# Starting


def test_impossible_options_end_with_one_clear_line(landline_executable, tmp_path):
    data = tmp_path / "data"
    for arguments, named in [
        (["--nonsense"], "--nonsense"),
        (["--nonsense", "on"], "--nonsense"),
        (["-x"], "-x"),
        (["extra"], "extra"),
        (["--http-port", "99999"], "--http-port"),
        (["--http-port", "-1"], "--http-port"),
        (["--http-port", "http"], "--http-port"),
        (["--http-port"], "--http-port"),
        (["--https-port", "65536"], "--https-port"),
        (["--bind", "nonsense"], "--bind"),
        (["--bind", "1.2.3.4.5"], "--bind"),
        (["--registration", "maybe"], "--registration"),
        (["--home-room", "yes"], "--home-room"),
        (["--rate-limits", "2"], "--rate-limits"),
        (["--discovery", ""], "--discovery"),
        (["--max-upload", "much"], "--max-upload"),
        (["--max-upload=-5"], "--max-upload"),
        (["--max-upload", "0"], "--max-upload"),
        (["--max-upload", "9" * 30], "--max-upload"),
        (["--log-level", "loud"], "--log-level"),
        (["--server-name", "bad name"], "--server-name"),
        (["--server-name", "x" * 300], "--server-name"),
    ]:
        assert named in refusal(landline_executable, "serve", "--data", data, *arguments)
    assert "LANDLINE_HTTP_PORT" in refusal(landline_executable, "serve", "--data", data, environment={"LANDLINE_HTTP_PORT": "many"})
    assert "nonsense" in refusal(landline_executable, "nonsense")
    # Nothing was begun.
    assert not data.exists()


def test_the_data_directory_belongs_to_one_process(landline, landline_executable):
    box = landline()
    alice = PlainClient.register(box, "alice")
    room_id = alice.create_room()
    assert str(box.data) in refusal(landline_executable, *serving(box.data))
    alice.send(room_id, "still here")
    assert alice.texts(room_id) == ["still here"]
    # A process that was killed holds nothing.
    box.kill()
    box.start()
    assert alice.another_connection().texts(room_id) == ["still here"]


def test_a_port_that_is_taken(landline, landline_executable, tmp_path):
    box = landline()
    line = refusal(landline_executable, "serve", "--data", tmp_path / "other", "--http-port", box.port, *ALL_OPTIONS_OFF)
    assert str(box.port) in line
    box.register("alice")


def test_directories_that_cannot_be_used(landline_executable, tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("not a directory")
    for path in [occupied, occupied / "below", "/proc/landline", "/dev/null/x"]:
        assert str(path) in refusal(landline_executable, *serving(path))
    assert occupied.read_text() == "not a directory"


def test_a_database_from_the_future_or_damaged_is_refused_and_left_alone(landline, landline_executable):
    box = landline()
    alice = PlainClient.register(box, "alice")
    room_id = alice.create_room(name="Kitchen")
    for number in range(200):
        alice.send(room_id, f"message {number} " + "x" * 1_000)
    assert box.stop() == 0
    database = box.data / "landline.db"
    good = database.read_bytes()

    def from_the_future():
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA user_version = 4711")
        connection.commit()
        connection.close()

    def overwritten(start, length):
        return lambda: database.write_bytes(good[:start] + os.urandom(length) + good[start + length :])

    damages = {
        "newer version": from_the_future,
        "no database": lambda: database.write_bytes(b"This is a letter to my aunt.\n" * 1_000),
        "header gone": overwritten(0, 100),
        "schema gone": overwritten(100, 3_900),
        "cut off": lambda: database.write_bytes(good[: len(good) // 2]),
        "of another program": lambda: another_programs(database),
    }
    for name, damage in damages.items():
        for left_over in box.data.glob("landline.db*"):
            left_over.unlink()
        database.write_bytes(good)
        damage()
        before = fingerprints(box.data)
        line = refusal(landline_executable, *serving(box.data))
        print(f"{name}: {line}")
        assert fingerprints(box.data) == before, name
        if name == "newer version":
            assert "newer" in line
    # With the right bytes it goes on as if nothing had been.
    for left_over in box.data.glob("landline.db*"):
        left_over.unlink()
    database.write_bytes(good)
    box.start()
    assert len(alice.another_connection().texts(room_id)) == 200


def another_programs(database):
    database.unlink()
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()


# Ending


def test_ending_is_quick_although_clients_wait(landline):
    box = landline()
    alice = PlainClient.register(box, "alice")
    room_id = alice.create_room()
    since = alice.sync()["next_batch"]
    answers = []

    def wait_for_news():
        with contextlib.closing(alice.another_connection()) as client:
            answers.append(client.request("GET", f"/_matrix/client/v3/sync?since={since}&timeout=60000"))

    sockets = open_sockets(box)
    waiting = [threading.Thread(target=wait_for_news, daemon=True) for _ in range(50)]
    for thread in waiting:
        thread.start()
    # And some who only keep a connection open.
    idle = [socket.create_connection(("127.0.0.1", box.port)) for _ in range(10)]
    wait_until(lambda: open_sockets(box) >= sockets + 60, "sixty connections")
    start = time.monotonic()
    assert box.stop() == 0
    seconds = time.monotonic() - start
    assert seconds < 3, f"{seconds:.1f} s"
    for thread in waiting:
        thread.join(10)
        assert not thread.is_alive()
    # Each was told that there is nothing new, or that this is the end; nobody was cut off.
    assert len(answers) == 50
    assert {status for status, _ in answers} <= {200, 503}
    for status, content in answers:
        if status == 200:
            assert json.loads(content)["next_batch"] == since
    for connection in idle:
        connection.close()
    assert "ERROR" not in box.log and "rror" not in box.log, box.log
    box.start()
    assert alice.another_connection().sync(since)["next_batch"]
    assert alice.another_connection().call("GET", "/_matrix/client/v3/joined_rooms") == {"joined_rooms": [room_id]}


def test_clients_that_vanish_leave_nothing_behind(landline):
    box = landline()
    alice = PlainClient.register(box, "alice")
    room_id = alice.create_room()
    since = alice.sync()["next_batch"]
    request = (
        f"GET /_matrix/client/v3/sync?since={since}&timeout=60000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.token}\r\n\r\n"
    ).encode()
    upload = (
        f"POST /_matrix/media/v3/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.token}\r\nContent-Length: 10000000\r\n\r\n"
    ).encode() + b"x" * 100_000
    sockets = open_sockets(box)
    for beginning, ending in [(request, "closed"), (request, "reset"), (request[:50], "closed"), (upload, "closed"), (upload, "reset"), (b"", "closed")]:
        connections = [socket.create_connection(("127.0.0.1", box.port)) for _ in range(30)]
        for connection in connections:
            connection.sendall(beginning)
        wait_until(lambda: open_sockets(box) >= sockets + 30, "thirty connections")
        for connection in connections:
            if ending == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        wait_until(lambda: open_sockets(box) <= sockets, f"connections that were {ending} after {beginning[:20]!r} to be gone", timeout_seconds=10)
    wait_until(lambda: not list((box.data / "staging").iterdir()), "the staging directory to be empty")
    # It happens every day, and is nothing to write home about.
    assert " error " not in box.log
    alice.send(room_id, "still here")
    assert alice.texts(room_id) == ["still here"]


# The clock


@pytest.fixture
def wrong_clock(tmp_path):
    """A library that makes a process believe in another time of day: `box.environment = wrong_clock(seconds)`."""
    library = tmp_path / "wrong_clock.so"
    source = pathlib.Path(__file__).with_name("wrong_clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, source], check=True)
    return lambda seconds: {"LD_PRELOAD": str(library), "WRONG_CLOCK_SECONDS": str(seconds)}


def test_a_clock_that_jumps_breaks_nothing(landline, wrong_clock):
    box = landline()
    alice, bob = PlainClient.register(box, "alice"), PlainClient.register(box, "bob")
    room_id = alice.create_room(name="Kitchen", invite=[bob.user_id])
    bob.join(room_id)
    follower = Follower(bob, room_id)
    follower.take_all()
    expected = []
    invitation = alice.call("POST", "/_landline/v1/invites", {})

    def talk(years):
        # Those who were logged in still are, and others can log in.
        again = PlainClient.log_in(box, alice.user_id)
        for client, text in [(alice, "from before"), (again, "newly logged in")]:
            expected.append(f"{text}, {years} years")
            client.send(room_id, expected[-1])
        newest = alice.history(room_id)[-1]
        assert abs(newest["origin_server_ts"] / 1000 - time.time() - years * YEAR_SECONDS) < 3600, "the clock did not jump"
        # A message under way wakes who waits for it.
        follower.take_all()
        waiting = Waiting(bob, follower.token)
        expected.append(f"while waiting, {years} years")
        alice.send(room_id, expected[-1])
        assert waiting.answer()
        follower.take_all()
        # The order is that of sending, for all.
        assert alice.texts(room_id) == expected
        assert [event["content"]["body"] for event in follower.events if event["type"] == "m.room.message"] == expected
        fresh = Follower(PlainClient.log_in(box, bob.user_id), room_id)
        fresh.take()
        assert [event["event_id"] for event in fresh.events] == [event["event_id"] for event in alice.history(room_id)]
        # Typing ends by itself, in the time that it was given.
        alice.call("PUT", f"/_matrix/client/v3/rooms/{quoted(room_id)}/typing/{quoted(alice.user_id)}", {"typing": True, "timeout": 100})
        wait_until(lambda: not typists(bob, room_id), "typing to end")
        content = os.urandom(1_000)
        assert bob.download(alice.upload(content)) == content

    talk(0)
    for years in [-1, 1, -20, 0]:
        for client in (alice, bob):
            client.close()
        box.stop()
        box.environment |= wrong_clock(years * YEAR_SECONDS)
        box.start()
        talk(years)
    status, answer = box.request("GET", f"/_matrix/client/v1/register/m.login.registration_token/validity?token={invitation['token']}")
    assert (status, answer) == (200, {"valid": True})


class Waiting:
    """A sync that waits in the background."""

    def __init__(self, client, since):
        self.answers = []
        other = client.another_connection()
        self.thread = threading.Thread(target=lambda: self.answers.append(other.sync(since, 30_000)), daemon=True)
        self.thread.start()

    def answer(self):
        self.thread.join(10)
        assert not self.thread.is_alive(), "a sync was not woken"
        return self.answers[0]["rooms"]["join"]


def typists(client, room_id):
    events = client.sync()["rooms"]["join"][room_id]["ephemeral"]["events"]
    return next((event["content"]["user_ids"] for event in events if event["type"] == "m.typing"), [])


# The disk


@pytest.fixture
def small_disk(tmp_path):
    directory = tmp_path / "disk"
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", directory], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield directory
    # Lazily: when the test failed, the server may still be there.
    subprocess.run(["umount", "--lazy", directory], check=True)


def fill(path):
    """Takes all the space that is left."""
    with path.open("ab", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass


def test_a_full_disk_refuses_and_loses_nothing(landline, small_disk):
    box = landline(data=small_disk / "data")
    alice = PlainClient.register(box, "alice")
    room_id = alice.create_room(name="Kitchen")
    follower = Follower(alice, room_id)
    acknowledged = {}

    def send(number):
        # Long enough to need space of its own.
        text = f"message {number} " + "x" * 10_000
        acknowledged[text] = alice.send(room_id, text, f"transaction {number}")

    def refused(action):
        with pytest.raises(Refused) as caught:
            action()
        assert caught.value.status == 507, caught.value
        assert caught.value.errcode == "M_UNKNOWN"
        assert re.search("space|full", caught.value.answer["error"], re.IGNORECASE), caught.value.answer

    def assert_nothing_is_lost():
        events = [event for event in alice.history(room_id) if event["type"] == "m.room.message"]
        assert {event["content"]["body"]: event["event_id"] for event in events} == acknowledged
        assert len(events) == len(acknowledged)
        follower.take_all()
        assert {event["event_id"] for event in follower.events if event["type"] == "m.room.message"} == set(acknowledged.values())

    for number in range(20):
        send(number)
    # Files must leave room for messages, and on so small a disk there is none for them.
    refused(lambda: alice.upload(b"x" * 100_000))
    filler = small_disk / "filler"
    number = 20
    for _ in range(3):
        fill(filler)
        first_refused = None
        for number in range(number, number + 500):
            try:
                send(number)
            except Refused:
                first_refused = number
                break
        assert first_refused is not None, "the disk is never full"
        refused(lambda: send(first_refused))
        refused(lambda: alice.create_room(name="Another"))
        # What is there can be read.
        assert_nothing_is_lost()
        filler.unlink()
        # The same message, by the same transaction ID, once there is space again.
        send(first_refused)
        number = first_refused + 1
        send(number)
        number += 1
        assert_nothing_is_lost()

    # Ended or killed while full, it loses nothing either.
    for end in (box.stop, box.kill):
        fill(filler)
        with contextlib.suppress(Refused):
            while True:
                send(number)
                number += 1
        alice.close()
        end()
        filler.unlink()
        box.start()
        assert_nothing_is_lost()
        send(number)
        number += 1
        assert_nothing_is_lost()
    alice.close()
    assert box.stop() == 0
    with contextlib.closing(sqlite3.connect(box.data / "landline.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_memory_stays_flat_during_a_large_upload(landline):
    box = landline()
    alice = PlainClient.register(box, "alice")
    alice.timeout_seconds = 120
    content = os.urandom(64 * MIB)
    assert alice.download(alice.upload(content[: 4 * MIB])) == content[: 4 * MIB]

    def growth(action):
        """By how much a call raises the most that the process ever needs."""
        pathlib.Path(f"/proc/{box.pid}/clear_refs").write_text("5")
        before = memory_kib(box, "VmRSS")
        result = action()
        return result, (memory_kib(box, "VmHWM") - before) / 1024

    uri, upload_mib = growth(lambda: alice.upload(content))
    downloaded, download_mib = growth(lambda: alice.download(uri))
    assert downloaded == content
    print(f"upload {upload_mib:.1f} MiB, download {download_mib:.1f} MiB")
    assert upload_mib < 4
    # The library that speaks HTTP keeps a little more under way.
    assert download_mib < 8
