"""Element X, as far as a server sees it: two connections through a day of an app.

The app itself is not run here; `element_x.py` asks what it asks.
"""

import os
import pathlib
import time

import pytest

from conftest import wait_until
from element_x import FIRST_WINDOW, PATH, ElementX
from plain_client import PlainClient, Refused, quoted

AT_ONCE_SECONDS = 5


@pytest.fixture
def box(landline):
    return landline()


def phone_of(box, name):
    """An account, and the app logged in to it."""
    return ElementX.log_in(box, PlainClient.register(box, name).user_id)


def rooms_of(host, *guests, count=1, **options):
    rooms = []
    for index in range(count):
        rooms.append(host.client.create_room(name=f"room {index}", preset="public_chat", **options))
        for guest in guests:
            guest.client.join(rooms[-1])
    return rooms


def restart(box, *apps, kill=False):
    box.restart(kill=kill)
    for app in apps:
        app.client.close()


def membership(client, room_id, action, user_id=None):
    client.call("POST", f"/_matrix/client/v3/rooms/{quoted(room_id)}/{action}", {"user_id": user_id} if user_id else {})


def test_opening_the_app_shows_the_first_screen_and_then_everything(box):
    alice, bob = phone_of(box, "alice"), phone_of(box, "bob")
    rooms = rooms_of(alice, bob, count=130)
    alice.send(rooms[3], "the newest message")
    answer = bob.sync_rooms()
    assert bob.count == 130 and len(answer["rooms"]) == FIRST_WINDOW
    assert bob.shown[0] == rooms[3] and bob.rooms[rooms[3]].texts == ["the newest message"]
    assert answer["rooms"][rooms[3]]["initial"] is True
    state = bob.rooms[rooms[3]].state
    assert state["m.room.name", ""] == {"name": "room 3"}
    assert state["m.room.member", bob.user_id]["membership"] == "join"
    for wanted in ["m.room.create", "m.room.power_levels", "m.room.join_rules", "m.room.history_visibility"]:
        assert (wanted, "") in state
    assert "m.push_rules" in bob.account_data
    bob.load_all_rooms()
    assert set(bob.rooms) == set(rooms) and bob.window == FIRST_WINDOW + 200
    assert all(room.name for room in bob.rooms.values()) and bob.shown[-1] == rooms[0]
    # Everything was told once.
    assert bob.sync_rooms()["rooms"] == {}
    assert bob.restarts == 0


def test_a_room_that_is_opened_comes_at_once_with_its_timeline(box):
    alice, bob = phone_of(box, "alice"), phone_of(box, "bob")
    [room] = rooms_of(alice, bob)
    events = [alice.send(room, str(number)) for number in range(50)]
    bob.load_all_rooms()
    assert bob.rooms[room].texts == ["49"]
    bob.subscriptions = [room]
    start = time.monotonic()
    answer = bob.sync_rooms(30_000)
    assert time.monotonic() - start < AT_ONCE_SECONDS
    assert answer["rooms"][room]["unstable_expanded_timeline"] is True
    assert bob.rooms[room].texts == [str(number) for number in range(30, 50)]
    # Scrolling up goes on where the timeline begins.
    page = bob.client.messages(room, dir="b", limit=30, **{"from": bob.rooms[room].previous_batch})
    assert [event["event_id"] for event in reversed(page["chunk"])] == events[:30]


def test_a_conversation(box):
    alice, bob = phone_of(box, "alice"), phone_of(box, "bob")
    [room] = rooms_of(alice, bob)
    for app in [alice, bob]:
        app.load_all_rooms()
        app.subscriptions = [room]
        app.sync_rooms()
    waiting = bob.waiting("room-list")
    alice.type_in(room)
    answer = waiting.answer(AT_ONCE_SECONDS)
    assert answer["extensions"]["typing"]["rooms"][room]["content"]["user_ids"] == [alice.user_id]
    bob.positions["room-list"] = answer["pos"]

    waiting = bob.waiting("room-list")
    event = alice.send(room, "hello")
    answer = waiting.answer(AT_ONCE_SECONDS)
    assert [e["event_id"] for e in answer["rooms"][room]["timeline"]] == [event]
    assert answer["rooms"][room]["num_live"] == 1 and answer["rooms"][room]["limited"] is False
    assert answer["rooms"][room]["notification_count"] == 1
    # The answer was lost. The same question brings it again.
    bob.sync_rooms()
    assert bob.rooms[room].texts == ["hello"]

    # The sender learns which of its messages this is.
    alice.sync_rooms()
    assert alice.rooms[room].timeline[-1]["unsigned"]["transaction_id"]
    waiting = alice.waiting("room-list")
    bob.read(room, event)
    answer = waiting.answer(AT_ONCE_SECONDS)
    content = answer["extensions"]["receipts"]["rooms"][room]["content"]
    assert content[event]["m.read"][bob.user_id]["thread_id"] == "main"
    alice.positions["room-list"] = answer["pos"]
    bob.sync_rooms_until(lambda: bob.rooms[room].receipts.get((bob.user_id, "m.read")) == event, "one's own receipt")
    for number in range(10):
        (alice if number % 2 else bob).send(room, f"line {number}")
    for app in [alice, bob]:
        app.sync_rooms_until(lambda app=app: app.rooms[room].texts[-1:] == ["line 9"], "the last line")
    assert bob.rooms[room].texts == ["hello"] + [f"line {number}" for number in range(10)]


def test_settings_come_without_delay(box):
    """Setting up encryption waits for account data that the app wrote itself."""
    alice = phone_of(box, "alice")
    [room] = rooms_of(alice)
    alice.load_all_rooms()
    for path, extension in [
        ("account_data/m.secret_storage.default_key", lambda answer: answer["global"]),
        (f"rooms/{quoted(room)}/account_data/m.marked_unread", lambda answer: answer["rooms"][room]),
    ]:
        waiting = alice.waiting("room-list")
        alice.client.call("PUT", f"/_matrix/client/v3/user/{quoted(alice.user_id)}/{path}", {"key": "k"})
        answer = waiting.answer(AT_ONCE_SECONDS)
        assert [event["content"] for event in extension(answer["extensions"]["account_data"])] == [{"key": "k"}]
        alice.positions["room-list"] = answer["pos"]


def test_encryption(box):
    alice, bob = phone_of(box, "alice"), phone_of(box, "bob")
    answer = bob.sync_encryption()
    assert bob.key_counts["signed_curve25519"] == 0 and "device_lists" not in answer["extensions"]["e2ee"]
    [room] = rooms_of(alice, bob)
    bob.sync_encryption()
    assert alice.user_id in bob.changed_devices
    device = bob.client.call("GET", "/_matrix/client/v3/account/whoami")["device_id"]
    bob.upload_keys(device)
    bob.sync_encryption()
    assert bob.key_counts["signed_curve25519"] == 50

    # New keys of somebody in the room.
    bob.changed_devices.clear()
    waiting = bob.waiting("encryption")
    alice.upload_keys(alice.client.call("GET", "/_matrix/client/v3/account/whoami")["device_id"])
    bob_answer = waiting.answer(AT_ONCE_SECONDS)
    assert alice.user_id in bob_answer["extensions"]["e2ee"]["device_lists"]["changed"]
    bob.take_encryption(bob_answer)
    bob.positions["encryption"] = bob_answer["pos"]

    # The last of them is told that a key was handed out.
    claimed = alice.client.call("POST", "/_matrix/client/v3/keys/claim", {"one_time_keys": {bob.user_id: {device: "signed_curve25519"}}})
    assert claimed["one_time_keys"][bob.user_id][device]
    bob.sync_encryption()
    assert bob.key_counts["signed_curve25519"] == 49

    # Messages come until they are acknowledged: the answer is lost, the app is killed, the box is.
    waiting = bob.waiting("encryption")
    alice.send_to_device(bob.user_id, "room key", "t1")
    lost = waiting.answer(AT_ONCE_SECONDS)["extensions"]["to_device"]
    assert [event["content"]["text"] for event in lost["events"]] == ["room key"]
    bob.positions["encryption"] = None
    assert [event["content"]["text"] for event in bob.ask("encryption", bob.encryption_request(), 0)["extensions"]["to_device"]["events"]] == ["room key"]
    restart(box, alice, bob, kill=True)
    bob.to_device.clear()
    bob.sync_encryption()
    assert bob.restarts == 1
    assert [event["content"]["text"] for event in bob.to_device] == ["room key"]
    assert bob.to_device[0]["sender"] == alice.user_id
    bob.sync_encryption()
    bob.positions["encryption"] = None
    bob.sync_encryption()
    assert len(bob.to_device) == 1, "what was acknowledged does not come again"

    # Who shares no room any more.
    membership(alice.client, room, "leave")
    bob.sync_encryption()
    assert alice.user_id in bob.left_devices


def test_both_connections_wait_side_by_side(box):
    """Neither is woken by what is for the other, and neither keeps the other busy."""
    alice, bob = phone_of(box, "alice"), phone_of(box, "bob")
    [room] = rooms_of(alice, bob)
    bob.load_all_rooms()
    bob.sync_encryption()
    rooms, encryption = bob.waiting("room-list"), bob.waiting("encryption")
    before = cpu_seconds(box)
    alice.send(room, "hello")
    assert rooms.answer(AT_ONCE_SECONDS)["rooms"][room]
    assert encryption.is_waiting
    bob.sync_rooms()
    rooms = bob.waiting("room-list")
    alice.send_to_device(bob.user_id, "key", "t1")
    assert encryption.answer(AT_ONCE_SECONDS)["extensions"]["to_device"]["events"]
    bob.sync_encryption()
    encryption = bob.waiting("encryption")
    time.sleep(3)
    assert rooms.is_waiting and encryption.is_waiting
    assert cpu_seconds(box) - before < 1.5, "waiting costs nothing"


def cpu_seconds(box):
    """What the server has used of the processor."""
    fields = pathlib.Path(f"/proc/{box.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_after_a_restart_of_the_box_the_app_begins_anew(box):
    alice, bob = phone_of(box, "alice"), phone_of(box, "bob")
    rooms = rooms_of(alice, bob, count=3)
    bob.load_all_rooms()
    bob.sync_encryption()
    restart(box, alice, bob)
    with pytest.raises(Refused) as refusal:
        bob.client.call("POST", PATH, bob.room_list_request(), pos=bob.positions["room-list"])
    assert refusal.value.status == 400 and refusal.value.errcode == "M_UNKNOWN_POS"
    alice.send(rooms[0], "meanwhile")
    bob.sync_rooms(30_000)
    bob.sync_encryption(0)
    assert bob.restarts == 2
    assert bob.shown[0] == rooms[0] and bob.rooms[rooms[0]].texts == ["meanwhile"]
    assert set(bob.rooms) == set(rooms)


def test_invitations_come_and_are_accepted(box):
    alice, bob = phone_of(box, "alice"), phone_of(box, "bob")
    bob.load_all_rooms()
    waiting = bob.waiting("room-list")
    room = alice.client.create_room(name="for you", preset="trusted_private_chat", is_direct=True, invite=[bob.user_id])
    waiting.answer(AT_ONCE_SECONDS)
    bob.sync_rooms()
    assert bob.rooms[room].membership == "invite" and bob.rooms[room].is_direct
    assert bob.rooms[room].state["m.room.name", ""] == {"name": "for you"}
    alice.send(room, "not yet for bob")
    assert bob.sync_rooms()["rooms"] == {}
    waiting = bob.waiting("room-list")
    bob.client.join(room)
    assert waiting.answer(AT_ONCE_SECONDS)["rooms"][room]["initial"] is True
    bob.sync_rooms()
    assert bob.rooms[room].membership == "join" and bob.rooms[room].name == "for you"
    bob.subscriptions = [room]
    bob.sync_rooms()
    assert "not yet for bob" in bob.rooms[room].texts, "shared history"
    # One that is declined goes away.
    other = alice.client.create_room(invite=[bob.user_id])
    bob.sync_rooms()
    membership(bob.client, other, "leave")
    bob.sync_rooms()
    assert bob.rooms[other].membership == "leave"
    bob.sync_rooms()
    assert bob.count == 1


@pytest.mark.parametrize("way", ["kick", "ban"])
def test_whoever_is_removed_gets_nothing_more(box, way):
    alice, bob, carol = (phone_of(box, name) for name in ["alice", "bob", "carol"])
    [room] = rooms_of(alice, bob, carol)
    bob.load_all_rooms()
    bob.subscriptions = [room]
    bob.sync_rooms()
    waiting = bob.waiting("room-list")
    membership(alice.client, room, way, bob.user_id)
    assert waiting.answer(AT_ONCE_SECONDS)["rooms"][room]
    secret = carol.send(room, "secret")
    carol.type_in(room)
    alice.read(room, secret)
    bob.sync_rooms()
    assert bob.rooms[room].membership == ("ban" if way == "ban" else "leave")
    for number in range(5):
        carol.send(room, f"secret {number}")
        answer = bob.sync_rooms()
        assert answer["rooms"] == {} and answer["extensions"]["typing"] == {"rooms": {}} and answer["extensions"]["receipts"] == {"rooms": {}}
    fresh = ElementX.log_in(box, bob.user_id)
    fresh.subscriptions = [room]
    fresh.load_all_rooms()
    fresh.sync_rooms()
    assert all("secret" not in text for app in [bob, fresh] for known in app.rooms.values() for text in known.texts)


def test_leaving_a_room(box):
    alice = phone_of(box, "alice")
    rooms = rooms_of(alice, count=2)
    alice.load_all_rooms()
    # The app leaves and forgets in one go.
    membership(alice.client, rooms[0], "leave")
    membership(alice.client, rooms[0], "forget")
    alice.sync_rooms()
    assert alice.rooms[rooms[0]].membership == "leave"
    assert alice.sync_rooms()["rooms"] == {} and alice.count == 1


def test_logging_out_ends_both_connections(box):
    alice = phone_of(box, "alice")
    alice.load_all_rooms()
    alice.sync_encryption()
    waiting = [alice.waiting(connection) for connection in ["room-list", "encryption"]]
    alice.client.another_connection().call("POST", "/_matrix/client/v3/logout", {})
    for poll in waiting:
        wait_until(lambda poll=poll: not poll.is_waiting, "the poll to end", AT_ONCE_SECONDS)
        status, answer = poll.result
        assert status == 401 and answer["errcode"] == "M_UNKNOWN_TOKEN"
