"""End-to-end encryption with clients that really encrypt, and with plain requests for what they do not do."""

import asyncio
import base64
import contextlib
import json
import os

import nio
import pytest
import vodozemac

from conftest import wait_until
from plain_client import PASSWORD, Refused, PlainClient, message, quoted
from test_matrix_commander import alice_and_bob  # noqa: F401 (a fixture)

PATIENCE_SECONDS = 20
LONG_POLL_MILLISECONDS = 30_000
OLM_ALGORITHMS = ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"]


def good(response):
    assert not isinstance(response, nio.ErrorResponse), response
    return response


class Person(nio.AsyncClient):
    """A device whose client encrypts, and notes what it could decrypt and what not."""

    def __init__(self, box, user_id, store):
        config = nio.AsyncClientConfig(store_sync_tokens=True, encryption_enabled=True)
        super().__init__(box.url, user_id, store_path=str(store), config=config)
        self.box = box
        self.events = []
        self.news = asyncio.Condition()
        self.loop_task = None
        self.add_event_callback(lambda room, event: self.note(event), nio.Event)

    async def note(self, event):
        async with self.news:
            self.events.append(event)
            self.news.notify_all()

    async def listen(self):
        """Syncs in the background, which also uploads, asks for and claims keys."""
        self.synced.clear()
        self.loop_task = asyncio.create_task(self.sync_forever(timeout=LONG_POLL_MILLISECONDS))
        await asyncio.wait_for(self.synced.wait(), PATIENCE_SECONDS)

    async def rest(self):
        """Stops syncing, as a telephone does in a pocket."""
        if self.loop_task:
            self.loop_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.loop_task
            self.loop_task = None

    async def event(self, matches, what):
        def found():
            return next((event for event in self.events if matches(event)), None)

        async with self.news:
            try:
                await asyncio.wait_for(self.news.wait_for(lambda: found() is not None), PATIENCE_SECONDS)
            except TimeoutError:
                pytest.fail(f"{self.user_id} waited in vain for {what}; came: {self.events}")
        return found()

    async def text(self, text):
        event = await self.event(lambda event: isinstance(event, nio.RoomMessageText) and event.body == text, repr(text))
        assert event.decrypted
        return event

    async def say(self, room_id, text):
        return good(await self.room_send(room_id, "m.room.message", message(text), ignore_unverified_devices=True)).event_id

    async def knows(self, *others):
        """Waits until the sync loop has the keys of these people's devices."""

        async def ask():
            while not all(len(list(self.device_store.active_user_devices(other.user_id))) for other in others):
                await asyncio.sleep(0.02)

        await asyncio.wait_for(ask(), PATIENCE_SECONDS)


@pytest.fixture
async def person(tmp_path):
    """Factory: `await person(box, user_id)` logs a new device in; its keys are in a directory of its own."""
    everyone = []

    async def log_in(box, user_id):
        store = tmp_path / f"store-{len(everyone)}"
        store.mkdir()
        client = Person(box, user_id, store)
        everyone.append(client)
        good(await client.login(PASSWORD, device_name="nio"))
        return client

    yield log_in
    for client in everyone:
        await client.rest()
        await client.close()


async def encrypted_room(owner, *others):
    encryption = nio.EnableEncryptionBuilder().as_dict()
    room_id = good(await owner.room_create(invite=[other.user_id for other in others], initial_state=[encryption])).room_id
    for other in others:
        good(await other.join(room_id))
    return room_id


async def two_in_a_room(box, person):
    alice = await person(box, box.register("alice", PASSWORD)["user_id"])
    bob = await person(box, box.register("bob", PASSWORD)["user_id"])
    await alice.listen()
    await bob.listen()
    room_id = await encrypted_room(alice, bob)
    for one, other in ((alice, bob), (bob, alice)):
        await asyncio.wait_for(joined(one, room_id, other), PATIENCE_SECONDS)
        await one.knows(other)
    return alice, bob, room_id


async def joined(client, room_id, other):
    while room_id not in client.rooms or other.user_id not in client.rooms[room_id].users or not client.rooms[room_id].encrypted:
        await asyncio.sleep(0.02)


def plain(client):
    return PlainClient(client.box, client.user_id, client.access_token)


async def test_two_people_talk_and_the_box_cannot_read_it(landline, person):
    box = landline()
    alice, bob, room_id = await two_in_a_room(box, person)
    await alice.say(room_id, "a secret for Bob")
    await bob.text("a secret for Bob")
    await bob.say(room_id, "and one for Alice")
    await alice.text("and one for Alice")
    # What lies on the box.
    assert [event["type"] for event in plain(alice).history(room_id)][-2:] == ["m.room.encrypted"] * 2
    assert await asyncio.to_thread(box.stop) == 0
    for file in box.data.rglob("*"):
        if file.is_file():
            assert b"a secret for Bob" not in file.read_bytes(), file


async def test_an_encrypted_file(landline, person, tmp_path):
    box = landline()
    alice, bob, room_id = await two_in_a_room(box, person)
    content = os.urandom(300_000)
    source = tmp_path / "picture.png"
    source.write_bytes(content)
    with source.open("rb") as file:
        response, keys = await alice.upload(file, "image/png", "picture.png", encrypt=True, filesize=len(content))
    file = dict(keys, url=good(response).content_uri, mimetype="image/png")
    picture = {"msgtype": "m.image", "body": "picture.png", "info": {"size": len(content)}, "file": file}
    good(await alice.room_send(room_id, "m.room.message", picture, ignore_unverified_devices=True))
    event = await bob.event(lambda event: isinstance(event, nio.RoomEncryptedImage), "the picture")
    stored = good(await bob.download(event.url)).body
    assert content not in stored
    assert nio.crypto.decrypt_attachment(stored, event.key["k"], event.hashes["sha256"], event.iv) == content


async def test_a_device_that_was_away_reads_everything_afterwards(landline, person):
    box = landline()
    alice, bob, room_id = await two_in_a_room(box, person)
    await alice.say(room_id, "first")
    await bob.text("first")
    await bob.rest()
    await alice.say(room_id, "while you were away")
    # New sessions, whose keys wait for Bob on the box, over a crash.
    alice.invalidate_outbound_session(room_id)
    await alice.say(room_id, "with a new key")
    await asyncio.to_thread(box.restart, kill=True)
    alice.invalidate_outbound_session(room_id)
    await alice.say(room_id, "with the next one")
    await bob.listen()
    for text in ("while you were away", "with a new key", "with the next one"):
        await bob.text(text)
    assert not [event for event in bob.events if isinstance(event, nio.MegolmEvent)]


async def test_a_new_device_is_noticed_and_one_that_is_gone(landline, person):
    box = landline()
    alice, bob, room_id = await two_in_a_room(box, person)
    await alice.say(room_id, "to one device")
    await bob.text("to one device")
    tablet = await person(box, bob.user_id)
    await tablet.listen()

    async def devices(count):
        while len(list(alice.device_store.active_user_devices(bob.user_id))) != count:
            await asyncio.sleep(0.02)

    await asyncio.wait_for(devices(2), PATIENCE_SECONDS)
    await alice.say(room_id, "to both")
    await bob.text("to both")
    await tablet.text("to both")
    await tablet.rest()
    good(await tablet.logout())
    await asyncio.wait_for(devices(1), PATIENCE_SECONDS)
    await alice.say(room_id, "to one again")
    await bob.text("to one again")


async def test_verification_by_emoji(landline, person):
    """The whole dance runs over to-device messages."""
    box = landline()
    alice, bob, room_id = await two_in_a_room(box, person)
    device = next(iter(alice.device_store.active_user_devices(bob.user_id)))
    seen = asyncio.Queue()
    alice.add_to_device_callback(lambda event: seen.put((alice, event)), nio.KeyVerificationEvent)
    bob.add_to_device_callback(lambda event: seen.put((bob, event)), nio.KeyVerificationEvent)
    good(await alice.start_key_verification(device))
    emoji = {}

    async def dance():
        done = set()
        while len(done) < 2:
            client, event = await seen.get()
            if isinstance(event, nio.KeyVerificationStart):
                good(await client.accept_key_verification(event.transaction_id))
            elif isinstance(event, nio.KeyVerificationKey):
                verification = client.key_verifications[event.transaction_id]
                # The client's own key has to go first, which its loop sends.
                while client.outgoing_to_device_messages:
                    await asyncio.sleep(0.01)
                emoji[client.user_id] = verification.get_emoji()
                good(await client.confirm_short_auth_string(event.transaction_id))
            elif isinstance(event, nio.KeyVerificationMac):
                done.add(client.user_id)

    await asyncio.wait_for(dance(), PATIENCE_SECONDS)
    assert emoji[alice.user_id] == emoji[bob.user_id]
    assert len(emoji[alice.user_id]) == 7
    assert device.verified
    # Without a word about unverified devices now.
    good(await alice.room_send(room_id, "m.room.message", message("sure that it is you")))
    await bob.text("sure that it is you")


def test_the_command_line_client(alice_and_bob):  # noqa: F811
    """Two short runs, whose keys meet on the box: sender and receiver are never there at the same time."""
    alice, bob = alice_and_bob
    # Rooms are encrypted unless --plain says otherwise.
    room_id = alice.json("--room-create", "vault", "--name", "Vault")[0]["room_id"]
    alice.run("--room-invite", room_id, "--user", bob.user_id)
    bob.run("--room-join", room_id)
    # Its first look at the rooms uploads its keys.
    bob.run("--listen", "once")
    alice.run("--room", room_id, "--message", "a secret while you sleep")
    heard = bob.listen()
    wait_until(lambda: "a secret while you sleep" in heard(), "what was said while Bob was away")
    alice.run("--room", room_id, "--message", "and one more")
    wait_until(lambda: "and one more" in heard(), "what is said now")
    bob.end()
    session = PlainClient.log_in(alice.box, alice.user_id)
    assert [event["type"] for event in session.history(room_id)][-2:] == ["m.room.encrypted"] * 2
    assert session.texts(room_id) == []


def restart(box, *clients):
    """As after a power cut; the clients connect again."""
    box.restart(kill=True)
    for client in clients:
        client.close()


# Cross-signing and key backup, which matrix-nio does not have.


def canonical(value):
    covered = {name: member for name, member in value.items() if name not in ("signatures", "unsigned")}
    return json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class SigningKey:
    """An Ed25519 key, the one inside of an Olm account."""

    def __init__(self):
        self.account = vodozemac.Account()

    @property
    def public(self):
        return self.account.ed25519_key.to_base64()

    def sign(self, value, user_id, name=None):
        signed = dict(value, signatures={user: dict(keys) for user, keys in value.get("signatures", {}).items()})
        signature = self.account.sign(canonical(value)).to_base64()
        signed["signatures"].setdefault(user_id, {})[f"ed25519:{name or self.public}"] = signature
        return signed


class Identity:
    """A user's cross-signing keys and the keys of one device."""

    def __init__(self, client, device_id):
        self.user_id = client.user_id
        self.device_id = device_id
        self.master, self.self_signing, self.user_signing, self.device = (SigningKey() for _ in range(4))

    def key(self, key, usage):
        return {"user_id": self.user_id, "usage": [usage], "keys": {f"ed25519:{key.public}": key.public}}

    @property
    def upload(self):
        return {
            "master_key": self.key(self.master, "master"),
            "self_signing_key": self.master.sign(self.key(self.self_signing, "self_signing"), self.user_id),
            "user_signing_key": self.master.sign(self.key(self.user_signing, "user_signing"), self.user_id),
        }

    @property
    def device_keys(self):
        keys = {
            "user_id": self.user_id,
            "device_id": self.device_id,
            "algorithms": OLM_ALGORITHMS,
            "keys": {
                f"ed25519:{self.device_id}": self.device.public,
                f"curve25519:{self.device_id}": self.device.account.curve25519_key.to_base64(),
            },
        }
        return self.device.sign(keys, self.user_id, self.device_id)


def verify(key, value, user_id, name=None):
    signature = value["signatures"][user_id][f"ed25519:{name or key.public}"]
    key.account.ed25519_key.verify_signature(canonical(value), vodozemac.Ed25519Signature.from_base64(signature))


def people_with_identities(box, *names):
    people = []
    for name in names:
        answer = box.register(name, PASSWORD)
        client = PlainClient(box, answer["user_id"], answer["access_token"])
        identity = Identity(client, answer["device_id"])
        client.call("POST", "/_matrix/client/v3/keys/upload", {"device_keys": identity.device_keys})
        people.append((client, identity))
    return people


def query(client, *users):
    return client.call("POST", "/_matrix/client/v3/keys/query", {"device_keys": {user: [] for user in users}})


def test_cross_signing(landline):
    box = landline()
    (alice, alices), (bob, bobs) = people_with_identities(box, "alice", "bob")
    alice.join(bob.create_room(preset="public_chat"))
    path = "/_matrix/client/v3/keys/device_signing/upload"
    alice.call("POST", path, alices.upload)
    alice.call("POST", path, alices.upload)
    bob.call("POST", path, bobs.upload)
    token = bob.sync()["next_batch"]

    # Alice signs her device, and Bob.
    signed_device = alices.self_signing.sign(alices.device_keys, alice.user_id)
    signed_bob = alices.user_signing.sign(bobs.key(bobs.master, "master"), alice.user_id)
    answer = alice.call(
        "POST",
        "/_matrix/client/v3/keys/signatures/upload",
        {alice.user_id: {alices.device_id: signed_device}, bob.user_id: {bobs.master.public: signed_bob}},
    )
    assert answer == {"failures": {}}
    assert bob.sync(token)["device_lists"]["changed"] == [alice.user_id]
    seen = query(bob, alice.user_id, bob.user_id)
    verify(alices.self_signing, seen["device_keys"][alice.user_id][alices.device_id], alice.user_id)
    verify(alices.device, seen["device_keys"][alice.user_id][alices.device_id], alice.user_id, alices.device_id)
    verify(alices.master, seen["self_signing_keys"][alice.user_id], alice.user_id)
    assert list(seen["user_signing_keys"]) == [bob.user_id]
    assert alice.user_id not in seen["master_keys"][bob.user_id].get("signatures", {})
    verify(alices.user_signing, query(alice, bob.user_id)["master_keys"][bob.user_id], alice.user_id)

    # A thief of the session cannot take the identity.
    other = Identity(alice, alices.device_id)
    with pytest.raises(Refused) as refused:
        alice.call("POST", path, other.upload)
    assert refused.value.status == 401
    session = refused.value.answer["session"]
    assert refused.value.answer["flows"] == [{"stages": ["m.login.password"]}]
    auth = {"type": "m.login.password", "session": session, "identifier": {"type": "m.id.user", "user": alice.user_id}}
    with pytest.raises(Refused) as refused:
        alice.call("POST", path, other.upload | {"auth": auth | {"password": "guessed"}})
    assert refused.value.status == 401
    alice.call("POST", path, {"auth": auth | {"password": PASSWORD}})
    seen = query(bob, alice.user_id)
    assert seen["master_keys"][alice.user_id] == other.upload["master_key"]
    # The old signature went with the old key.
    assert list(seen["device_keys"][alice.user_id][alices.device_id]["signatures"][alice.user_id]) == [f"ed25519:{alices.device_id}"]

    # A forged signature is refused by itself.
    forged = SigningKey()
    signed = forged.sign(alices.device_keys, alice.user_id, other.self_signing.public)
    answer = alice.call("POST", "/_matrix/client/v3/keys/signatures/upload", {alice.user_id: {alices.device_id: signed}})
    assert answer["failures"][alice.user_id][alices.device_id]["errcode"] == "M_INVALID_SIGNATURE"


def test_one_time_keys_are_given_out_once(landline):
    box = landline()
    (alice, alices), (bob, _) = people_with_identities(box, "alice", "bob")
    account = alices.device.account

    def upload(number):
        account.generate_one_time_keys(number)
        keys = {}
        for name, key in account.one_time_keys.items():
            keys[f"signed_curve25519:{name}"] = alices.device.sign({"key": key.to_base64()}, alice.user_id, alices.device_id)
        account.mark_keys_as_published()
        answer = alice.call("POST", "/_matrix/client/v3/keys/upload", {"one_time_keys": keys})
        return list(keys), answer["one_time_key_counts"]["signed_curve25519"]

    def claim():
        asked = {"one_time_keys": {alice.user_id: {alices.device_id: "signed_curve25519"}}}
        answer = bob.call("POST", "/_matrix/client/v3/keys/claim", asked)
        return [name for keys in answer["one_time_keys"].get(alice.user_id, {}).values() for name in keys]

    older, count = upload(3)
    assert count == 3
    newer, count = upload(2)
    assert count == 5
    claimed = claim() + claim() + claim()
    assert sorted(claimed) == sorted(older)
    restart(box, alice, bob)
    assert alice.sync()["device_one_time_keys_count"] == {"signed_curve25519": 2}
    claimed = claim() + claim() + claim()
    assert sorted(claimed) == sorted(newer)
    assert alice.sync()["device_one_time_keys_count"] == {"signed_curve25519": 0}


def test_key_backup(landline):
    """What a client does to make a backup, fill it, and read it on a new device."""
    box = landline()
    alice = PlainClient.register(box, "alice")
    bob = PlainClient.register(box, "bob")
    decryption = vodozemac.PkDecryption()
    base = "/_matrix/client/v3/room_keys"
    with pytest.raises(Refused) as refused:
        alice.call("GET", f"{base}/version")
    assert (refused.value.status, refused.value.errcode) == (404, "M_NOT_FOUND")
    definition = {"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": {"public_key": "key"}}
    version = alice.call("POST", f"{base}/version", definition)["version"]

    sessions = {f"!room{number % 3}:x": {} for number in range(3)}
    secrets = {}
    encryption = vodozemac.PkEncryption.from_key(decryption.public_key)
    for number in range(30):
        room, session = f"!room{number % 3}:x", base64.b64encode(os.urandom(32)).decode().rstrip("=")
        secret = json.dumps({"session_key": number})
        encrypted = encryption.encrypt(secret.encode())
        data = {"ciphertext": encode(encrypted.ciphertext), "mac": encode(encrypted.mac), "ephemeral": encode(encrypted.ephemeral_key)}
        sessions[room][session] = {"first_message_index": 0, "forwarded_count": 0, "is_verified": True, "session_data": data}
        secrets[session] = secret
    body = {"rooms": {room: {"sessions": keys} for room, keys in sessions.items()}}
    answer = alice.call("PUT", f"{base}/keys?version={version}", body)
    assert answer["count"] == 30
    assert alice.call("PUT", f"{base}/keys?version={version}", body) == answer
    restart(box, alice)

    # A new device.
    tablet = PlainClient.log_in(box, alice.user_id)
    found = tablet.call("GET", f"{base}/version")
    assert found == definition | {"version": version} | answer
    assert tablet.call("GET", f"{base}/keys?version={version}") == body
    room = "!room1:x"
    assert tablet.call("GET", f"{base}/keys/{quoted(room)}?version={version}") == {"sessions": sessions[room]}
    # Base64 has slashes.
    session = next(iter(sorted(sessions[room], key=lambda name: "/" not in name)))
    key = tablet.call("GET", f"{base}/keys/{quoted(room)}/{quoted(session)}?version={version}")
    data = key["session_data"]
    encrypted = vodozemac.Message(*(decode(data[name]) for name in ("ciphertext", "mac", "ephemeral")))
    assert decryption.decrypt(encrypted) == secrets[session].encode()

    for method, path, body, status in (
        ("GET", f"{base}/keys?version={version}", None, 404),
        ("PUT", f"{base}/keys?version={version}", {"rooms": {}}, 404),
        ("DELETE", f"{base}/keys?version={version}", None, 404),
        ("DELETE", f"{base}/version/{version}", None, 404),
        ("GET", f"{base}/keys", None, 400),
        ("PUT", f"{base}/keys/nowhere?version={version}", {"sessions": {}}, 400),
    ):
        with pytest.raises(Refused) as refused:
            bob.call(method, path, body)
        assert refused.value.status == status, (method, path, refused.value.answer)

    newer = tablet.call("POST", f"{base}/version", definition)["version"]
    with pytest.raises(Refused) as refused:
        alice.call("PUT", f"{base}/keys?version={version}", {"rooms": {}})
    assert (refused.value.status, refused.value.errcode) == (403, "M_WRONG_ROOM_KEYS_VERSION")
    assert refused.value.answer["current_version"] == newer
    assert alice.call("DELETE", f"{base}/keys/{quoted(room)}/{quoted(session)}?version={version}")["count"] == 29
    assert alice.call("DELETE", f"{base}/keys/{quoted(room)}?version={version}")["count"] == 20
    assert alice.call("DELETE", f"{base}/keys?version={version}")["count"] == 0
    assert alice.call("DELETE", f"{base}/version/{version}") == {}


def encode(data):
    return base64.b64encode(data).decode().rstrip("=")


def decode(text):
    return base64.b64decode(text + "=" * (-len(text) % 4))


def test_what_the_box_does_not_have(landline):
    """Clients ask for dehydrated devices after a login, and take only this answer for a no."""
    alice = PlainClient.register(landline(), "alice")
    path = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device"
    for method in ("GET", "PUT", "DELETE"):
        with pytest.raises(Refused) as refused:
            alice.call(method, path, {} if method == "PUT" else None)
        assert (refused.value.status, refused.value.errcode) == (404, "M_UNRECOGNIZED")
