"""Files of chats from both sides: matrix-nio sends and reads messages, WebDAV puts and takes files."""

import io
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import nio

from plain_client import quoted
from test_nio import good, people, room_with  # noqa: F401 (a fixture)

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000140000000f0") + bytes(40)


class Folder:
    """A room as a folder, as one person's file manager has it."""

    def __init__(self, person, name):
        self.person = person
        self.url = f"{person.box.url}/dav/Chats/{quoted(name)}"

    def ask(self, method, name="", body=None, **headers):
        request = urllib.request.Request(f"{self.url}/{quoted(name)}", data=body, method=method, headers=headers)
        request.add_header("Authorization", f"Bearer {self.person.access_token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def names(self):
        status, body = self.ask("PROPFIND", Depth="1")
        assert status == 207, body
        hrefs = [urllib.parse.unquote(href.text) for href in xml.etree.ElementTree.fromstring(body).iter("{DAV:}href")]
        return sorted(href.rstrip("/").rsplit("/", 1)[1] for href in hrefs[1:])


def is_file(name):
    return lambda _, event: isinstance(event, nio.RoomMessageMedia) and event.body == name


async def test_a_file_put_into_the_folder_arrives_as_a_message(people):  # noqa: F811
    alice, bob = await people("alice", "bob")
    room_id = await room_with(alice, bob, name="Family")
    await bob.listen()
    folder = Folder(alice, "Family")
    # Windows and macOS begin with an empty file.
    assert folder.ask("PUT", "beach.png", b"")[0] == 201
    assert folder.ask("PUT", "beach.png", PNG)[0] in (201, 204)
    event, _ = await bob.arrival("the picture", is_file("beach.png"))
    assert isinstance(event, nio.RoomMessageImage)
    assert event.sender == alice.user_id
    assert event.source["content"]["info"] == {"mimetype": "image/png", "size": len(PNG), "w": 320, "h": 240}
    download = good(await bob.download(mxc=event.url))
    assert download.body == PNG
    assert download.content_type == "image/png"
    # That was the only message.
    page = good(await bob.room_messages(room_id, bob.next_batch, limit=100))
    assert len([event for event in page.chunk if isinstance(event, nio.RoomMessage)]) == 1
    # The same again is no news.
    assert folder.ask("PUT", "beach.png", PNG)[0] == 204
    assert folder.ask("PUT", ".DS_Store", b"x")[0] == 403
    assert Folder(bob, room_id).ask("GET", "beach.png") == (200, PNG)
    await alice.say(room_id, "the end")
    await bob.text("the end")
    assert len([event for _, event, _ in bob.arrivals if isinstance(event, nio.RoomMessageMedia)]) == 1


async def test_a_file_sent_is_in_the_folder_until_it_is_redacted(people):  # noqa: F811
    alice, bob, carl = await people("alice", "bob", "carl")
    room_id = await room_with(alice, bob, name="Family")
    response, _ = await bob.upload(io.BytesIO(b"words"), content_type="text/plain", filename="notes.txt", filesize=5)
    content = {"msgtype": "m.file", "body": "notes.txt", "url": good(response).content_uri}
    event_id = good(await bob.room_send(room_id, "m.room.message", content)).event_id
    folder = Folder(alice, "Family")
    assert folder.names() == ["notes.txt"]
    assert folder.ask("GET", "notes.txt") == (200, b"words")
    assert folder.ask("GET", event_id) == (200, b"words")
    assert Folder(carl, room_id).ask("GET", "notes.txt")[0] == 404
    # A copy is the copier's own.
    destination = f"{alice.box.url}/dav/Private/notes.txt"
    assert folder.ask("COPY", "notes.txt", Destination=destination)[0] == 201
    assert Folder(bob, "Family").ask("DELETE", "notes.txt")[0] == 204
    assert folder.names() == []
    assert folder.ask("GET", "notes.txt")[0] == 404
    event = good(await alice.room_get_event(room_id, event_id)).event
    assert isinstance(event, nio.RedactedEvent)
    folder.url = f"{alice.box.url}/dav/Private"
    assert folder.ask("GET", "notes.txt") == (200, b"words")
    # By a chat program.
    folder.url = f"{alice.box.url}/dav/Chats/{quoted(room_id)}"
    assert folder.ask("PUT", "a.txt", b"a")[0] == 201
    page = good(await alice.room_messages(room_id, limit=1))
    good(await alice.room_redact(room_id, page.chunk[0].event_id))
    assert folder.names() == []


async def test_an_encrypted_chat_takes_no_files(people):  # noqa: F811
    (alice,) = await people("alice")
    room_id = good(
        await alice.room_create(
            name="Secret", initial_state=[{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
        )
    ).room_id
    for name in ["Secret", room_id]:
        status, body = Folder(alice, name).ask("PUT", "a.txt", b"a")
        assert status == 403
        assert b"encrypted" in body
    assert Folder(alice, "Secret").names() == []
