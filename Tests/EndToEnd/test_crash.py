"""The process is killed, or told to end, in the middle of sending, again and again. What was acknowledged is there, once, in order."""

import contextlib
import http.client
import os
import random
import sqlite3
import threading
import time

from conftest import wait_until
from plain_client import Follower, PlainClient, Refused

SENDERS = 4
ROUNDS = 12
# The others are killed.
ROUNDS_PER_ORDERLY_END = 4
MAX_END_SECONDS = 3
# How long each round lasts after its first acknowledgement: from not at all to long enough for a checkpoint under load.
MAX_ROUND_SECONDS = 0.5
# What happens to a request when the other side dies.
LOST = (OSError, http.client.HTTPException)


class Sender:
    """Sends one message after the other, each under its own transaction ID until it is acknowledged."""

    def __init__(self, box, number, room_id, owner):
        self.name = f"sender{number}"
        self.client = PlainClient.register(box, self.name)
        owner.call("POST", f"/_matrix/client/v3/rooms/{room_id}/invite", {"user_id": self.client.user_id})
        self.client.join(room_id)
        self.room_id = room_id
        self.acknowledged = []
        self.uploads = {}
        self.cut_off = 0
        self.error = None

    def text(self, number):
        # Some are long, so that a kill has something to tear.
        return f"{self.name} {number} " + "x" * (20_000 if number % 7 == 0 else 10)

    def run(self, stopping):
        try:
            while not stopping.is_set():
                number = len(self.acknowledged)
                self.acknowledged.append(self.client.send(self.room_id, self.text(number), f"transaction {number}"))
                if number % 10 == 0:
                    content = os.urandom(100_000)
                    self.uploads[self.client.upload(content)] = content
        except LOST:
            self.cut_off += 1
        except Refused as error:
            # Told that the server is ending: that is no acknowledgement either.
            self.cut_off += error.status == 503
            self.error = None if error.status == 503 else error
        except Exception as error:  # noqa: BLE001
            self.error = error


class Reader:
    """Follows the room while it is being killed, always from the last token that it has."""

    def __init__(self, client, room_id):
        self.follower = Follower(client, room_id)
        self.error = None

    def run(self, stopping):
        try:
            while not stopping.is_set():
                try:
                    self.follower.take(timeout_milliseconds=1_000)
                except LOST:
                    stopping.wait(0.02)
                except Refused as error:
                    if error.status != 503:
                        raise
        except Exception as error:  # noqa: BLE001
            self.error = error


def test_kill_in_the_middle_of_sending(landline):
    seed = int(os.environ.get("LANDLINE_TEST_SEED") or random.randrange(1 << 32))
    print(f"LANDLINE_TEST_SEED={seed}")
    dice = random.Random(seed)

    box = landline()
    owner = PlainClient.register(box, "owner")
    room_id = owner.create_room(name="Kitchen")
    senders = [Sender(box, number, room_id, owner) for number in range(SENDERS)]
    # From before the first message, and not used until the end.
    old = Follower(owner, room_id)
    old.take()
    old.events.clear()
    reader = Reader(owner.another_connection(), room_id)
    reader.follower.token = old.token

    all_over = threading.Event()
    reading = threading.Thread(target=reader.run, args=[all_over], daemon=True)
    reading.start()
    for number in range(ROUNDS):
        before = sum(len(sender.acknowledged) for sender in senders)
        stopping = threading.Event()
        threads = [threading.Thread(target=sender.run, args=[stopping], daemon=True) for sender in senders]
        for thread in threads:
            thread.start()
        wait_until(lambda: sum(len(sender.acknowledged) for sender in senders) > before, "the first message of a round")
        time.sleep(dice.uniform(0, MAX_ROUND_SECONDS))
        if number % ROUNDS_PER_ORDERLY_END == 0:
            start = time.monotonic()
            assert box.stop() == 0
            assert time.monotonic() - start < MAX_END_SECONDS
        else:
            box.kill()
        stopping.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        assert [sender.error for sender in senders] == [None] * SENDERS
        for client in [owner, *(sender.client for sender in senders)]:
            client.close()
        box.start()

    # One message more from each, so that the last unacknowledged ones are sent again too.
    for sender in senders:
        number = len(sender.acknowledged)
        sender.acknowledged.append(sender.client.send(room_id, sender.text(number), f"transaction {number}"))
        # A repetition of what was acknowledged long ago, before many deaths, gives the same event.
        assert sender.client.send(room_id, sender.text(0), "transaction 0") == sender.acknowledged[0]
    last = owner.send(room_id, "the end")
    wait_until(lambda: reader.error or any(event["event_id"] == last for event in reader.follower.events), "the reader to see the end")
    all_over.set()
    reading.join(30)
    assert reader.error is None
    assert sum(sender.cut_off for sender in senders) > 0

    history = owner.history(room_id)
    ids = [event["event_id"] for event in history]
    assert len(ids) == len(set(ids))
    for sender in senders:
        mine = [event for event in history if event["sender"] == sender.client.user_id and event["type"] == "m.room.message"]
        assert [event["content"]["body"] for event in mine] == [sender.text(number) for number in range(len(sender.acknowledged))]
        assert [event["event_id"] for event in mine] == sender.acknowledged

    # Whoever synced all the time, and whoever comes back only now, has all of it in the same order.
    first = next(index for index, event in enumerate(history) if event["type"] == "m.room.message")
    assert [event["event_id"] for event in reader.follower.events] == ids[first:]
    old.take_all()
    assert [event["event_id"] for event in old.events] == ids[first:]

    for sender in senders:
        assert sender.uploads
        for uri, content in sender.uploads.items():
            assert sender.client.download(uri) == content
    assert list((box.data / "staging").iterdir()) == []
    box.kill()
    with contextlib.closing(sqlite3.connect(box.data / "landline.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    print(f"{len(ids)} events, {sum(sender.cut_off for sender in senders)} requests cut off, {sum(len(s.uploads) for s in senders)} files")
