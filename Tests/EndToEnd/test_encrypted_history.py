"""What people do in an encrypted room after they have written, and how a new device reads what was said before it was there."""

import json

import nio
import vodozemac
from nio.crypto import key_export

from plain_client import message, quoted
from test_encryption import decode, encode, good, person, plain, two_in_a_room  # noqa: F401 (person is a fixture)

BACKUP = "/_matrix/client/v3/room_keys"
EXPORT_PASSPHRASE = "only between two files"


async def test_edits_and_reactions(landline, person):  # noqa: F811
    """The relation stays readable for the box, what is said does not."""
    box = landline()
    alice, bob, room_id = await two_in_a_room(box, person)
    event_id = await alice.say(room_id, "Dinner at six")
    await bob.text("Dinner at six")

    edit = message("* Dinner at seven") | {"m.new_content": message("Dinner at seven"), "m.relates_to": {"rel_type": "m.replace", "event_id": event_id}}
    good(await alice.room_send(room_id, "m.room.message", edit, ignore_unverified_devices=True))
    edited = await bob.text("* Dinner at seven")
    assert edited.source["content"]["m.new_content"]["body"] == "Dinner at seven"
    reaction = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": "\U0001f44d"}}
    good(await bob.room_send(room_id, "m.reaction", reaction, ignore_unverified_devices=True))
    seen = await alice.event(lambda event: isinstance(event, nio.ReactionEvent), "Bob's reaction")
    assert (seen.reacts_to, seen.key) == (event_id, "\U0001f44d")

    # A device that comes later gets the newest edit with the event.
    event = plain(bob).call("GET", f"/_matrix/client/v3/rooms/{quoted(room_id)}/event/{quoted(event_id)}")
    assert event["unsigned"]["m.relations"]["m.replace"]["event_id"] == edited.event_id
    assert "Dinner" not in json.dumps(event)
    found = plain(bob).call("GET", f"/_matrix/client/v1/rooms/{quoted(room_id)}/relations/{quoted(event_id)}/m.annotation/m.reaction")
    assert [each["event_id"] for each in found["chunk"]] == [seen.event_id]


async def test_a_new_device_reads_old_messages_from_the_backup(landline, person, tmp_path):  # noqa: F811
    box = landline()
    alice, bob, room_id = await two_in_a_room(box, person)
    for number in range(3):
        # Each with a key of its own.
        alice.invalidate_outbound_session(room_id)
        await alice.say(room_id, f"old message {number}")
        await bob.text(f"old message {number}")

    # Bob's telephone puts what it can read into the backup.
    recovery = vodozemac.PkDecryption()
    encryption = vodozemac.PkEncryption.from_key(recovery.public_key)
    definition = {"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": {"public_key": recovery.public_key.to_base64()}}
    telephone = plain(bob)
    version = telephone.call("POST", f"{BACKUP}/version", definition)["version"]
    await bob.export_keys(str(tmp_path / "exported"), EXPORT_PASSPHRASE)
    sessions = json.loads(key_export.decrypt_and_read(str(tmp_path / "exported"), EXPORT_PASSPHRASE))
    rooms = {}
    for session in sessions:
        encrypted = encryption.encrypt(json.dumps(session).encode())
        data = {"ciphertext": encode(encrypted.ciphertext), "mac": encode(encrypted.mac), "ephemeral": encode(encrypted.ephemeral_key)}
        entry = {"first_message_index": 0, "forwarded_count": 0, "is_verified": True, "session_data": data}
        rooms.setdefault(session["room_id"], {"sessions": {}})["sessions"][session["session_id"]] = entry
    assert len(rooms[room_id]["sessions"]) == 3
    assert telephone.call("PUT", f"{BACKUP}/keys?version={version}", {"rooms": rooms})["count"] == len(sessions)

    # A new tablet reads nothing of it, until it has the recovery key.
    tablet = await person(box, bob.user_id)
    await tablet.listen()

    async def history():
        page = good(await tablet.room_messages(room_id, limit=50))
        return [event for event in page.chunk if isinstance(event, nio.MegolmEvent | nio.RoomMessageText)]

    assert [type(event) for event in await history()] == [nio.MegolmEvent] * 3
    restored = []
    answer = plain(tablet).call("GET", f"{BACKUP}/keys?version={version}")
    for room in answer["rooms"].values():
        for session_id, entry in room["sessions"].items():
            data = entry["session_data"]
            encrypted = vodozemac.Message(*(decode(data[name]) for name in ("ciphertext", "mac", "ephemeral")))
            restored.append(json.loads(recovery.decrypt(encrypted)))
            assert restored[-1]["session_id"] == session_id
    key_export.encrypt_and_save(json.dumps(restored).encode(), str(tmp_path / "restored"), EXPORT_PASSPHRASE)
    await tablet.import_keys(str(tmp_path / "restored"), EXPORT_PASSPHRASE)
    assert [event.body for event in await history()] == ["old message 2", "old message 1", "old message 0"]
