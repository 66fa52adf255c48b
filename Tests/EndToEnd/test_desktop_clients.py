"""Desktop clients from Debian on a screen: they log in, show what was said, and say something."""

import asyncio

import pytest

from conftest import wait_until
from desktop import screen  # noqa: F401 (a fixture)
from plain_client import PASSWORD, PlainClient, message, quoted
from test_encryption import PATIENCE_SECONDS, encrypted_room, good, person  # noqa: F401 (person is a fixture)

# Reading the screen takes a second or two each time.
pytestmark = pytest.mark.timeout(400)


def published_keys(client, user_id):
    return client.call("POST", "/_matrix/client/v3/keys/query", {"device_keys": {user_id: []}})


def log_in_with_nheko(screen, box, owner):  # noqa: F811
    settings = screen.home / ".config/nheko"
    settings.mkdir(parents=True)
    # There is no keyring on this screen.
    (settings / "nheko.conf").write_text("[General]\nrun_without_secure_secrets_service=true\n")
    screen.run("nheko")
    # The button to log in, whose letters are hard to read.
    screen.click("stay!", right=27, below=77)
    # The place for the Matrix ID is under its name.
    screen.click("Matrix")
    screen.type(owner.user_id)
    screen.sees("@bob")
    # It looks for a server of that name first; there is none, and it asks for the address.
    screen.press("Tab")
    screen.type(PASSWORD)
    screen.click("Homeserver", below=24)
    screen.press("ctrl+a")
    screen.type(box.url)
    # It asks that server for its versions when the field is left. The button to log in is under the field.
    screen.press("Tab")

    def is_logged_in():
        screen.click("Homeserver", right=154, below=114)
        return len(owner.call("GET", "/_matrix/client/v3/devices")["devices"]) > 1

    wait_until(is_logged_in, "Nheko's login")


async def test_nheko_in_an_encrypted_room(landline, person, screen):  # noqa: F811
    """Nheko sets up cross-signing and a key backup when it logs in, and then talks with another implementation of the encryption."""
    box = landline("--server-name", "box.invalid")
    alice = await person(box, box.register("alice", PASSWORD)["user_id"])
    await alice.listen()
    bob = PlainClient.register(box, "bob")
    room_id = await encrypted_room(alice)
    good(await alice.room_put_state(room_id, "m.room.name", {"name": "Kitchen"}))
    good(await alice.room_invite(room_id, bob.user_id))
    bob.call("POST", f"/_matrix/client/v3/join/{quoted(room_id)}", {})

    await asyncio.to_thread(log_in_with_nheko, screen, box, bob)
    await asyncio.to_thread(screen.sees, "Encryption")
    await asyncio.to_thread(screen.click, "OK")
    await asyncio.to_thread(screen.sees, "recovery")
    keys = published_keys(bob, bob.user_id)
    assert set(keys["master_keys"]) == set(keys["self_signing_keys"]) == set(keys["user_signing_keys"]) == {bob.user_id}
    assert bob.call("GET", "/_matrix/client/v3/room_keys/version")["algorithm"] == "m.megolm_backup.v1.curve25519-aes-sha2"
    await asyncio.to_thread(screen.click, "OK")

    await asyncio.to_thread(screen.click, "Kitchen")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not list(alice.device_store.active_user_devices(bob.user_id)):
            await asyncio.sleep(0.05)
    await alice.say(room_id, "Strawberries tonight")
    await asyncio.to_thread(screen.sees, "Strawberries")
    await asyncio.to_thread(screen.click, "message...")
    screen.type("Wonderful news")
    screen.press("Return")
    await alice.text("Wonderful news")


def test_quaternion_reads_and_writes(landline, screen):  # noqa: F811
    """Quaternion stands for the clients that are built on libQuotient."""
    box = landline()
    alice = PlainClient.register(box, "alice")
    bob = PlainClient.register(box, "bob")
    create = {"name": "Kitchen", "invite": [bob.user_id]}
    room_id = alice.call("POST", "/_matrix/client/v3/createRoom", create)["room_id"]
    bob.call("POST", f"/_matrix/client/v3/join/{quoted(room_id)}", {})
    alice.call("PUT", f"/_matrix/client/v3/rooms/{quoted(room_id)}/send/m.room.message/1", message("Strawberries tonight"))

    screen.run("quaternion")
    screen.click("Matrix", right=150)
    screen.type(bob.user_id)
    screen.press("Tab")
    screen.type(PASSWORD)
    screen.press("Tab", "Tab", "ctrl+a")
    screen.type(box.url)
    screen.press("Return")
    screen.click("Kitchen")
    screen.sees("Strawberries")
    screen.click("Send")
    screen.type("Wonderful news")
    screen.press("Return")

    def said():
        page = alice.call("GET", f"/_matrix/client/v3/rooms/{quoted(room_id)}/messages?dir=b&limit=10")
        return [event for event in page["chunk"] if event["content"].get("body") == "Wonderful news"]

    (event,) = wait_until(said, "what Bob typed")
    assert event["sender"] == bob.user_id
