"""People with matrix-nio, the library under most bots and matrix-commander, live together on a box."""

import asyncio
import contextlib
import time

import nio
import pytest

from plain_client import PASSWORD, Refused, PlainClient, message, quoted

# How long something that should happen at once may take before the test gives up.
PATIENCE_SECONDS = 10
LONG_POLL_MILLISECONDS = 30_000
# A debug build on a busy machine included; whoever waits for the long poll's end needs thirty seconds.
AT_ONCE_SECONDS = 1.0


class Person(nio.AsyncClient):
    """An account and its client, which notes what comes while it syncs in the background."""

    def __init__(self, box, user_id, **options):
        super().__init__(box.url, user_id, **options)
        self.box = box
        self.arrivals = []
        self.left = []
        self.news = asyncio.Condition()
        self.loop_task = None
        # Whatever it is: events of rooms, typing, receipts, presence.
        self.add_event_callback(lambda room, event: self.note(room.room_id, event), (nio.Event, nio.InviteEvent))
        self.add_ephemeral_callback(lambda room, event: self.note(room.room_id, event), nio.EphemeralEvent)
        self.add_presence_callback(lambda event: self.note(None, event), nio.PresenceEvent)
        self.add_response_callback(self.note_left, nio.SyncResponse)

    @classmethod
    async def log_in(cls, box, user_id, **options):
        person = cls(box, user_id, **options)
        response = await person.login(PASSWORD, device_name="nio")
        assert isinstance(response, nio.LoginResponse), response
        return person

    async def note(self, room_id, event):
        async with self.news:
            self.arrivals.append((room_id, event, time.monotonic()))
            self.news.notify_all()

    async def note_left(self, response):
        async with self.news:
            self.left += response.rooms.leave.items()
            self.news.notify_all()

    async def departure(self, room_id):
        """Waits until a sync says that a room was left, and returns what it says."""
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(lambda: any(left == room_id for left, _ in self.left)), PATIENCE_SECONDS)
        return dict(self.left)[room_id]

    async def arrival(self, what, matches):
        """Waits for something that fits; returns it and when it came."""

        def found():
            return next(((event, at) for room_id, event, at in self.arrivals if matches(room_id, event)), None)

        async with self.news:
            try:
                await asyncio.wait_for(self.news.wait_for(lambda: found() is not None), PATIENCE_SECONDS)
            except TimeoutError:
                pytest.fail(f"{self.user_id} waited in vain for {what}; came: {[event for _, event, _ in self.arrivals]}")
        return found()

    async def text(self, text):
        return await self.arrival(repr(text), lambda _, event: isinstance(event, nio.RoomMessageText) and event.body == text)

    async def listen(self):
        """Syncs in the background from now on, as a bot does."""
        self.loop_task = asyncio.create_task(self.sync_forever(timeout=LONG_POLL_MILLISECONDS))
        await asyncio.wait_for(self.synced.wait(), PATIENCE_SECONDS)

    async def leave_the_stage(self):
        if self.loop_task:
            self.loop_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.loop_task
        await self.close()

    async def say(self, room_id, text, **options):
        return good(await self.room_send(room_id, "m.room.message", message(text), **options)).event_id

    async def all_before(self, room_id, start, end=None, limit=7):
        """Pages back from `start` to `end`, oldest first."""
        events = []
        while start:
            page = good(await self.room_messages(room_id, start, end, limit=limit))
            events += page.chunk
            assert page.end != start
            start = page.end
        return list(reversed(events))


def good(response):
    assert not isinstance(response, nio.ErrorResponse), response
    return response


def bodies(events):
    return [event.body for event in events if isinstance(event, nio.RoomMessageText)]


@pytest.fixture
async def people(landline):
    """Factory: `await people("alice", "bob")` gives a box with these people logged in."""
    everyone = []

    async def gather(*names, options=(), **client_options):
        box = landline(*options)
        for name in names:
            user_id = box.register(name, PASSWORD)["user_id"]
            everyone.append(await Person.log_in(box, user_id, **client_options))
        return list(everyone)

    yield gather
    for person in everyone:
        await person.leave_the_stage()


async def room_with(owner, *others, **options):
    """A room of `owner` in which the others are."""
    room_id = good(await owner.room_create(invite=[other.user_id for other in others], **options)).room_id
    for other in others:
        good(await other.join(room_id))
    return room_id


async def test_messages_arrive_at_once_while_others_wait(people):
    alice, bob = await people("alice", "bob")
    room_id = await room_with(alice, bob)
    await alice.listen()
    await bob.listen()
    delays = []
    for number in range(10):
        sender, receiver = (alice, bob) if number % 2 == 0 else (bob, alice)
        start = time.monotonic()
        event_id = await sender.say(room_id, f"message {number}")
        event, at = await receiver.text(f"message {number}")
        delays.append(at - start)
        assert event.event_id == event_id
        # The sender's own client hears of it too, and recognises it.
        echo, _ = await sender.text(f"message {number}")
        assert echo.event_id == event_id
        assert echo.transaction_id
        assert event.transaction_id is None
    assert max(delays) < AT_ONCE_SECONDS, delays
    for person in (alice, bob):
        texts = bodies(event for _, event, _ in person.arrivals)
        assert texts == [f"message {number}" for number in range(10)]


async def test_one_transaction_gives_one_event(people):
    alice, bob = await people("alice", "bob")
    room_id = await room_with(alice, bob)
    await bob.listen()
    first = await alice.say(room_id, "once", tx_id="the same")
    second = await alice.say(room_id, "once", tx_id="the same")
    both = await asyncio.gather(*(alice.say(room_id, "at the same time", tx_id="another") for _ in range(5)))
    assert first == second
    assert len(set(both)) == 1
    await alice.say(room_id, "the end")
    await bob.text("the end")
    assert bodies(event for _, event, _ in bob.arrivals) == ["once", "at the same time", "the end"]


@pytest.mark.parametrize("count", [9, 10, 11, 64])
async def test_a_gap_is_limited_and_can_be_filled(people, count):
    alice, bob = await people("alice", "bob")
    room_id = await room_with(alice, bob)
    good(await bob.sync())
    since = bob.next_batch
    sent = [f"message {number}" for number in range(count)]
    for text in sent:
        await alice.say(room_id, text)
    timeline = good(await bob.sync()).rooms.join[room_id].timeline
    assert timeline.limited == (count > 10)
    assert bodies(timeline.events) == sent[-10:]
    if timeline.limited:
        missed = await bob.all_before(room_id, timeline.prev_batch, since)
        assert bodies(missed) + bodies(timeline.events) == sent
    # Without an end it goes on to the beginning of the room.
    everything = await bob.all_before(room_id, timeline.prev_batch)
    assert bodies(everything) + bodies(timeline.events) == sent
    assert isinstance(everything[0], nio.RoomCreateEvent)
    assert len({event.event_id for event in everything + timeline.events}) == len(everything + timeline.events)
    # And forwards from where the gap begins.
    page = good(await bob.room_messages(room_id, since, direction=nio.MessageDirection.front, limit=100))
    assert bodies(page.chunk) == sent
    # Nothing comes twice.
    assert room_id not in good(await bob.sync()).rooms.join


async def test_typing(people):
    alice, bob = await people("alice", "bob")
    room_id = await room_with(alice, bob)
    await bob.listen()

    def typing(*users):
        return lambda room, event: room == room_id and isinstance(event, nio.TypingNoticeEvent) and event.users == list(users)

    start = time.monotonic()
    good(await alice.room_typing(room_id))
    _, at = await bob.arrival("typing", typing(alice.user_id))
    assert at - start < AT_ONCE_SECONDS
    good(await alice.room_typing(room_id, False))
    await bob.arrival("the end of typing", typing())
    # It ends by itself, and again it is told.
    bob.arrivals.clear()
    good(await alice.room_typing(room_id, timeout=300))
    await bob.arrival("typing again", typing(alice.user_id))
    await bob.arrival("the end of typing again", typing())


async def test_receipts_and_unread_counts(people):
    alice, bob = await people("alice", "bob")
    room_id = await room_with(alice, bob)
    await alice.listen()
    events = [await alice.say(room_id, f"message {number}") for number in range(3)]

    def unread(response):
        return response.rooms.join[room_id].unread_notifications.notification_count

    # The invitation, and messages of a room of two, call for attention.
    assert unread(good(await bob.sync())) >= 3
    start = time.monotonic()
    good(await bob.room_read_markers(room_id, fully_read_event=events[1], read_event=events[1]))

    def read_by_bob(event_id):
        return lambda _, event: isinstance(event, nio.ReceiptEvent) and any(
            receipt.user_id == bob.user_id and receipt.event_id == event_id for receipt in event.receipts
        )

    _, at = await alice.arrival("bob's receipt", read_by_bob(events[1]))
    assert at - start < AT_ONCE_SECONDS
    room = good(await bob.sync()).rooms.join[room_id]
    assert room.unread_notifications.notification_count == 1
    assert [event.event_id for event in room.account_data if isinstance(event, nio.FullyReadEvent)] == [events[1]]
    # nio's own choice is a receipt of the main timeline, "thread_id": "main".
    good(await bob.update_receipt_marker(room_id, events[2]))
    await alice.arrival("bob's second receipt", read_by_bob(events[2]))
    assert unread(good(await bob.sync(full_state=True))) == 0


async def test_the_room_has_a_name_and_members(people):
    alice, bob, carol = await people("alice", "bob", "carol")
    room_id = good(await alice.room_create(name="Kitchen", topic="What is for dinner?", invite=[bob.user_id])).room_id
    await bob.listen()
    # Before joining, the invitation shows where to.
    assert bob.invited_rooms[room_id].display_name == "Kitchen"
    assert bob.invited_rooms[room_id].inviter == alice.user_id
    good(await bob.join(room_id))
    await bob.arrival("the room", lambda room, event: room == room_id and isinstance(event, nio.RoomTopicEvent))
    room = bob.rooms[room_id]
    assert (room.name, room.topic, set(room.users)) == ("Kitchen", "What is for dinner?", {alice.user_id, bob.user_id})
    assert room.power_levels.get_user_level(alice.user_id) == 100
    assert room.summary.joined_member_count == 2

    good(await alice.room_put_state(room_id, "m.room.name", {"name": "K\u00fcche \u53a8\u623f"}))
    await bob.arrival("the new name", lambda _, event: isinstance(event, nio.RoomNameEvent) and event.name == "K\u00fcche \u53a8\u623f")
    assert bob.rooms[room_id].display_name == "K\u00fcche \u53a8\u623f"
    assert good(await bob.room_get_state_event(room_id, "m.room.name")).content == {"name": "K\u00fcche \u53a8\u623f"}
    assert isinstance(await bob.room_put_state(room_id, "m.room.name", {"name": "mine"}), nio.RoomPutStateError)

    # A profile change reaches everyone who shares a room.
    good(await alice.set_displayname("Alice \U0001f469\u200d\U0001f373"))
    await bob.arrival(
        "the new display name",
        lambda _, event: isinstance(event, nio.RoomMemberEvent) and event.content.get("displayname") == "Alice \U0001f469\u200d\U0001f373",
    )
    assert bob.rooms[room_id].user_name(alice.user_id) == "Alice \U0001f469\u200d\U0001f373"
    good(await alice.set_avatar("mxc://example.org/abc"))
    await bob.arrival(
        "the new picture", lambda _, event: isinstance(event, nio.RoomMemberEvent) and event.content.get("avatar_url") == "mxc://example.org/abc"
    )
    profile = good(await bob.get_profile(alice.user_id))
    assert (profile.displayname, profile.avatar_url) == ("Alice \U0001f469\u200d\U0001f373", "mxc://example.org/abc")
    members = good(await bob.joined_members(room_id)).members
    assert {member.user_id: member.display_name for member in members} == {alice.user_id: "Alice \U0001f469\u200d\U0001f373", bob.user_id: "bob"}
    assert good(await carol.joined_rooms()).rooms == []
    assert isinstance(await carol.room_messages(room_id), nio.RoomMessagesError)
    assert isinstance(await carol.room_send(room_id, "m.room.message", message("let me in")), nio.RoomSendError)
    assert isinstance(await carol.join(room_id), nio.JoinError)


async def test_invite_decline_kick_ban_leave_forget(people):
    alice, bob = await people("alice", "bob")
    room_id = good(await alice.room_create(name="Kitchen")).room_id
    await bob.listen()
    start = time.monotonic()
    good(await alice.room_invite(room_id, bob.user_id))
    _, at = await bob.arrival("the invitation", lambda room, event: room == room_id and isinstance(event, nio.InviteMemberEvent))
    assert at - start < AT_ONCE_SECONDS

    good(await bob.room_leave(room_id))
    await bob.departure(room_id)
    bob.left.clear()
    sync = good(await alice.sync())
    assert sync.rooms.join[room_id].timeline.events[-1].membership == "leave"

    good(await alice.room_invite(room_id, bob.user_id))
    good(await bob.join(room_id))
    await alice.say(room_id, "welcome")
    await bob.text("welcome")
    good(await alice.room_kick(room_id, bob.user_id, "too loud"))
    # The last that bob hears of the room is why.
    last = (await bob.departure(room_id)).timeline.events[-1]
    assert (last.membership, last.sender, last.content["reason"]) == ("leave", alice.user_id, "too loud")
    await alice.say(room_id, "not for bob")
    assert isinstance(await bob.room_send(room_id, "m.room.message", message("still here")), nio.RoomSendError)
    assert "not for bob" not in bodies(good(await bob.room_messages(room_id, limit=100)).chunk)
    assert "not for bob" not in bodies(event for _, event, _ in bob.arrivals)

    good(await alice.room_ban(room_id, bob.user_id))
    assert isinstance(await bob.join(room_id), nio.JoinError)
    assert isinstance(await alice.room_invite(room_id, bob.user_id), nio.RoomInviteError)
    good(await alice.room_unban(room_id, bob.user_id))
    good(await alice.room_invite(room_id, bob.user_id))
    good(await bob.join(room_id))
    await alice.say(room_id, "welcome back")
    await bob.text("welcome back")
    good(await bob.room_leave(room_id))
    good(await bob.room_forget(room_id))
    assert isinstance(await bob.room_messages(room_id), nio.RoomMessagesError)


async def test_redaction(people):
    alice, bob = await people("alice", "bob")
    room_id = await room_with(alice, bob)
    await bob.listen()
    event_id = await alice.say(room_id, "a secret")
    await bob.text("a secret")
    assert isinstance(await bob.room_redact(room_id, event_id), nio.RoomRedactError)
    good(await alice.room_redact(room_id, event_id, "a mistake"))
    redaction, _ = await bob.arrival("the redaction", lambda _, event: isinstance(event, nio.RedactionEvent))
    assert (redaction.redacts, redaction.reason) == (event_id, "a mistake")
    fresh = await Person.log_in(bob.box, bob.user_id)
    for where, events in {
        "the event": [good(await bob.room_get_event(room_id, event_id)).event],
        "messages": good(await bob.room_messages(room_id)).chunk,
        "a new sync": good(await fresh.sync()).rooms.join[room_id].timeline.events,
    }.items():
        found = [event for event in events if event.event_id == event_id]
        assert [(type(event), event.redacter, event.reason) for event in found] == [(nio.RedactedEvent, alice.user_id, "a mistake")], where
        assert "secret" not in str([event.source for event in events]), where
    await fresh.leave_the_stage()


@pytest.mark.parametrize(
    ("visibility", "expected"),
    [
        ("world_readable", ["before the invitation", "while invited", "while joined"]),
        ("shared", ["before the invitation", "while invited", "while joined"]),
        ("invited", ["while invited", "while joined"]),
        ("joined", ["while joined"]),
    ],
)
async def test_a_new_member_sees_what_the_history_visibility_allows(people, visibility, expected):
    alice, bob = await people("alice", "bob")
    state = [{"type": "m.room.history_visibility", "content": {"history_visibility": visibility}}]
    room_id = good(await alice.room_create(initial_state=state)).room_id
    hidden = await alice.say(room_id, "before the invitation")
    good(await alice.room_invite(room_id, bob.user_id))
    await alice.say(room_id, "while invited")
    good(await bob.sync())
    good(await bob.join(room_id))
    await alice.say(room_id, "while joined")
    timeline = good(await bob.sync()).rooms.join[room_id].timeline
    assert bodies(timeline.events) == [text for text in expected if text in bodies(timeline.events)]
    assert bodies(timeline.events)[-1] == "while joined"
    assert bodies(await bob.all_before(room_id, timeline.prev_batch)) + bodies(timeline.events) == expected
    everything = good(await bob.room_messages(room_id, direction=nio.MessageDirection.front, limit=100))
    assert bodies(everything.chunk) == expected
    single = await bob.room_get_event(room_id, hidden)
    assert isinstance(single, nio.RoomGetEventResponse) == ("before the invitation" in expected)
    around = await bob.room_context(room_id, hidden)
    assert isinstance(around, nio.RoomContextResponse) == ("before the invitation" in expected)
    # From the next sync on everything is new to both.
    fresh = await Person.log_in(bob.box, bob.user_id)
    timeline = good(await fresh.sync()).rooms.join[room_id].timeline
    assert bodies(await fresh.all_before(room_id, timeline.prev_batch)) + bodies(timeline.events) == expected
    await fresh.leave_the_stage()


async def test_filters(people):
    alice, bob = await people("alice", "bob")
    kitchen, garden = await room_with(alice, bob), await room_with(alice, bob)
    for number in range(5):
        await alice.say(kitchen, f"kitchen {number}")
        await bob.say(garden, f"garden {number}")
    for definition, rooms, texts in [
        ({"timeline": {"limit": 2}}, {kitchen, garden}, ["kitchen 3", "kitchen 4"]),
        ({"timeline": {"limit": 50, "types": ["m.room.message"]}}, {kitchen, garden}, [f"kitchen {number}" for number in range(5)]),
        ({"timeline": {"not_types": ["m.room.mess*"]}}, {kitchen, garden}, []),
        ({"timeline": {"limit": 50, "not_senders": [alice.user_id]}}, {kitchen, garden}, []),
        ({"rooms": [kitchen]}, {kitchen}, [f"kitchen {number}" for number in range(5)]),
        ({"not_rooms": [garden]}, {kitchen}, [f"kitchen {number}" for number in range(5)]),
        ({"timeline": {"limit": 50, "contains_url": True}}, {kitchen, garden}, []),
    ]:
        filter_id = good(await bob.upload_filter(room=definition)).filter_id
        for sync_filter in (filter_id, {"room": definition}):
            client = Person(bob.box, bob.user_id)
            client.restore_login(bob.user_id, bob.device_id, bob.access_token)
            response = good(await client.sync(sync_filter=sync_filter))
            assert set(response.rooms.join) == rooms, definition
            assert bodies(response.rooms.join[kitchen].timeline.events) == texts, definition
            await client.leave_the_stage()
    page = good(await bob.room_messages(kitchen, limit=50, message_filter={"types": ["m.room.name", "m.room.create"]}))
    assert [event.source["type"] for event in page.chunk] == ["m.room.create"]
    # What a filter holds back does not end a wait, and what it lets through does.
    await bob.leave_the_stage()
    filtered = Person(bob.box, bob.user_id)
    filtered.restore_login(bob.user_id, bob.device_id, bob.access_token)
    sync_filter = {"room": {"rooms": [kitchen], "ephemeral": {"types": []}}, "presence": {"types": []}}
    good(await filtered.sync(sync_filter=sync_filter))
    waiting = asyncio.create_task(filtered.sync(timeout=LONG_POLL_MILLISECONDS, sync_filter=sync_filter))
    await alice.say(garden, "not wanted")
    good(await alice.room_typing(kitchen))
    await alice.say(kitchen, "wanted")
    response = good(await asyncio.wait_for(waiting, PATIENCE_SECONDS))
    assert bodies(response.rooms.join[kitchen].timeline.events) == ["wanted"]
    await filtered.leave_the_stage()


async def test_lazy_members(people):
    alice, bob, carol = await people("alice", "bob", "carol")
    # A room with a name has no heroes, whose member events would come too.
    room_id = await room_with(alice, bob, carol, name="Kitchen")
    for number in range(12):
        await alice.say(room_id, f"message {number}")
    lazy = {"room": {"state": {"lazy_load_members": True}}}
    response = good(await bob.sync(sync_filter=lazy))
    members = {event.state_key for event in response.rooms.join[room_id].state if isinstance(event, nio.RoomMemberEvent)}
    assert alice.user_id in members
    assert carol.user_id not in members
    assert response.rooms.join[room_id].summary.joined_member_count == 3
    await carol.say(room_id, "hello")
    response = good(await bob.sync(sync_filter=lazy))
    members = {event.state_key for event in response.rooms.join[room_id].state if isinstance(event, nio.RoomMemberEvent)}
    assert members == {carol.user_id}


async def test_files(people, tmp_path):
    alice, bob = await people("alice", "bob")
    content = bytes(range(256)) * 4_000
    source = tmp_path / "source.bin"
    source.write_bytes(content)
    with source.open("rb") as file:
        response, _ = await alice.upload(file, "application/x-test", "B\u00fccher \u4e66.bin", filesize=len(content))
    uri = good(response).content_uri
    in_memory = good(await bob.download(uri))
    assert in_memory.body == content
    assert (in_memory.content_type, in_memory.filename) == ("application/x-test", "B\u00fccher \u4e66.bin")
    on_disk = good(await bob.download(uri, save_to=tmp_path / "target.bin"))
    assert on_disk.body.read_bytes() == content
    assert good(await bob.download(uri, filename="other.bin")).filename == "other.bin"
    assert good(await bob.content_repository_config()).upload_size >= len(content)
    assert isinstance(await bob.download("mxc://nowhere/nothing"), nio.DownloadError)


async def test_the_user_directory(people):
    alice, bob, carol = await people("alice", "bob", "carol")
    good(await carol.set_displayname("Caroline M\u00fcller"))
    plain = PlainClient(alice.box, alice.user_id, alice.access_token)

    def search(term, **options):
        return plain.call("POST", "/_matrix/client/v3/user_directory/search", {"search_term": term, **options})

    assert [found["user_id"] for found in search("bob")["results"]] == [bob.user_id]
    assert search("m\u00fcll")["results"] == [{"user_id": carol.user_id, "display_name": "Caroline M\u00fcller"}]
    assert [found["user_id"] for found in search("CAROL")["results"]] == [carol.user_id]
    assert search("nobody") == {"results": [], "limited": False}
    limited = search("o", limit=1)
    assert (len(limited["results"]), limited["limited"]) == (1, True)


async def test_presence(people):
    alice, bob, carol = await people("alice", "bob", "carol")
    await room_with(alice, bob)
    await bob.listen()
    # Alice does not sync: a sync that says nothing of presence would make her online again.
    start = time.monotonic()
    good(await alice.set_presence("unavailable", "asleep"))
    _, at = await bob.arrival(
        "alice's presence",
        lambda _, event: isinstance(event, nio.PresenceEvent) and (event.user_id, event.presence, event.status_msg) == (alice.user_id, "unavailable", "asleep"),
    )
    assert at - start < AT_ONCE_SECONDS
    presence = good(await bob.get_presence(alice.user_id))
    assert (presence.presence, presence.status_msg) == ("unavailable", "asleep")
    # Someone who shares no room is told nothing.
    response = good(await carol.sync())
    assert alice.user_id not in [event.user_id for event in response.presence_events]
    assert isinstance(await carol.get_presence(alice.user_id), nio.PresenceGetError)


async def test_a_restart_is_only_a_pause(people):
    alice, bob = await people("alice", "bob")
    room_id = await room_with(alice, bob)
    await bob.listen()
    await alice.say(room_id, "before")
    await bob.text("before")
    await asyncio.to_thread(alice.box.restart)
    # The same tokens, and the same sync loop, which has been waiting all the time.
    await alice.say(room_id, "after")
    await bob.text("after")
    assert bodies(event for _, event, _ in bob.arrivals) == ["before", "after"]
    assert good(await alice.whoami()).device_id == alice.device_id
    await asyncio.to_thread(alice.box.restart, kill=True)
    await alice.say(room_id, "after the crash")
    await bob.text("after the crash")
    assert bodies(event for _, event, _ in bob.arrivals) == ["before", "after", "after the crash"]
    good(await alice.logout())
    assert isinstance(await alice.whoami(), nio.WhoamiError)


async def test_encryption_may_be_switched_on_in_the_client(people, tmp_path):
    """A client with vodozemac logs in, uploads its keys and talks in rooms that are not encrypted, without asking without end."""
    (tmp_path / "store").mkdir()
    config = nio.AsyncClientConfig(store_sync_tokens=True, encryption_enabled=True)
    alice, bob = await people("alice", "bob", store_path=str(tmp_path / "store"), config=config)
    room_id = await room_with(alice, bob)
    syncs = 0

    async def count(_):
        nonlocal syncs
        syncs += 1

    alice.add_response_callback(count, nio.SyncResponse)
    await alice.listen()
    await bob.listen()
    await alice.say(room_id, "unencrypted")
    await bob.text("unencrypted")
    await bob.say(room_id, "and back")
    await alice.text("and back")
    assert alice.olm is not None
    assert alice.olm.account.shared
    # The first sync, then one for each thing that happened (joins, the other's presence, two messages), and no more.
    assert syncs < 12
    good(await alice.devices())
    assert isinstance(await alice.keys_upload() if alice.should_upload_keys else None, (type(None), nio.KeysUploadResponse))


@pytest.fixture
async def stranger():
    """Factory: clients of people who have no account yet."""
    clients = []

    def make(box):
        clients.append(nio.AsyncClient(box.url))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()


async def test_registration(landline, stranger):
    box = landline("--registration", "open")
    client = stranger(box)
    response = good(await client.register("dora", PASSWORD, "nio"))
    assert response.user_id.startswith("@dora:")
    assert good(await client.whoami()).user_id == response.user_id
    assert isinstance(await client.register("dora", PASSWORD), nio.responses.RegisterErrorResponse)
    assert [device.display_name for device in good(await client.devices()).devices] == ["nio"]


async def test_registration_with_an_invitation(landline, stranger):
    box = landline("--registration", "invite")
    owner, guest, intruder = stranger(box), stranger(box), stranger(box)
    # The first needs none.
    good(await owner.register("owner", PASSWORD, "nio"))
    token = PlainClient(box, owner.user_id, owner.access_token).call("POST", "/_landline/v1/invites", {})["token"]
    assert isinstance(await intruder.register("intruder", PASSWORD), nio.responses.RegisterErrorResponse)
    # nio's own `register_with_token` wants a second stage, m.login.dummy, which nobody has to ask for.
    asked = good(await intruder.register_interactive("intruder", PASSWORD, {}))
    assert asked.stages == ["m.login.registration_token"]
    refused = good(await intruder.register_interactive("intruder", PASSWORD, proof("WRONG", asked.session)))
    assert refused.completed == []
    body = {"username": "guest", "password": PASSWORD, "auth": proof(token, asked.session)}
    status, answer = box.request("POST", "/_matrix/client/v3/register", body)
    assert status == 200, answer
    guest.restore_login(answer["user_id"], answer["device_id"], answer["access_token"])
    assert good(await guest.whoami()).user_id.startswith("@guest:")
    with pytest.raises(Refused):
        PlainClient(box, guest.user_id, guest.access_token).call("POST", "/_landline/v1/invites", {})


def proof(token, session):
    return {"type": "m.login.registration_token", "token": token, "session": session}
