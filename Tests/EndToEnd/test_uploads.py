"""Uploads that go on (tus), with the client library that people use, over broken connections, ended servers and full disks."""

import base64
import hashlib
import http.client
import os
import pathlib
import random
import socket
import subprocess
import sys
import threading
import time

import pytest
from conftest import REPOSITORY, clean_environment, wait_until
from plain_client import PASSWORD, PlainClient
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

UPLOADS = "/_landline/v1/uploads"
MIB = 1 << 20


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


def client(box, token):
    return TusClient(box.url + UPLOADS, headers={"Authorization": f"Bearer {token}"})


def state(box, token, url):
    """The headers that a HEAD is answered with."""
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=60)
    connection.request("HEAD", url.removeprefix(box.url), headers={"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200, answer.status
    return {name.lower(): value for name, value in answer.getheaders()}


def result(box, user, url):
    return user.download(state(box, user.token, url)["landline-content-uri"])


def start_upload(box, token, size):
    uploader = client(box, token).uploader(file_stream=EmptyStream(size), chunk_size=MIB, metadata={"filename": "big.bin"})
    uploader.set_url(uploader.create_url())
    return uploader.url


class EmptyStream:
    """A stream of which only the length is asked."""

    def __init__(self, size):
        self.size, self.place = size, 0

    def seek(self, offset, whence=os.SEEK_SET):
        self.place = self.size if whence == os.SEEK_END else offset
        return self.place

    def tell(self):
        return self.place


def send_part(box, token, url, offset, part, announced):
    """Begins a PATCH of `announced` bytes and breaks off after those of `part`. The server may go away meanwhile."""
    connection = socket.create_connection(("127.0.0.1", box.port), timeout=30)
    try:
        connection.sendall(
            f"PATCH {url.removeprefix(box.url)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n"
            f"Upload-Offset: {offset}\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {announced}\r\n\r\n".encode()
        )
        connection.sendall(part)
    except OSError:
        pass
    finally:
        connection.close()


def test_a_library_uploads_in_parts_with_checksums(landline, tmp_path):
    box = landline()
    anna = PlainClient.register(box, "anna")
    data = content(20 * MIB + 7)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    uploader = client(box, anna.token).uploader(
        str(path), chunk_size=3 * MIB, metadata={"filename": "photo.jpg", "filetype": "image/jpeg"}, upload_checksum=True
    )
    uploader.upload()
    assert result(box, anna, uploader.url) == data


def test_a_broken_connection_costs_nothing_that_arrived(landline):
    box = landline()
    anna = PlainClient.register(box, "anna")
    data = content(30 * MIB)
    url = start_upload(box, anna.token, len(data))
    offsets = [0]
    for cut in [5 * MIB + 11, 12 * MIB, 9 * MIB + 3]:
        start = offsets[-1]
        send_part(box, anna.token, url, start, data[start : start + cut], len(data) - start)
        offset = int(state(box, anna.token, url)["upload-offset"])
        assert start <= offset <= start + cut
        offsets.append(offset)
    assert offsets[-1] > 0
    uploader = client(box, anna.token).uploader(file_stream=Bytes(data), url=url, chunk_size=4 * MIB)
    assert uploader.get_offset() == offsets[-1]
    uploader.offset = offsets[-1]
    uploader.upload()
    assert result(box, anna, url) == data


class Bytes:
    """Bytes as a stream, with what tuspy wants of one."""

    def __init__(self, data):
        import io

        self.stream = io.BytesIO(data)

    def __getattr__(self, name):
        return getattr(self.stream, name)


def test_it_goes_on_after_kills_at_random_points(landline):
    box = landline()
    anna = PlainClient.register(box, "anna")
    data = content(96 * MIB)
    url = start_upload(box, anna.token, len(data))
    chance = random.Random(7)
    acknowledged = 0
    kills = 0
    while acknowledged < 64 * MIB:
        start = acknowledged
        end = min(len(data), start + 40 * MIB)
        sender = threading.Thread(target=send_part, args=(box, anna.token, url, start, data[start:end], end - start))
        sender.start()
        time.sleep(chance.uniform(0.02, 0.25))
        box.restart(kill=True)
        kills += 1
        sender.join()
        offset = int(state(box, anna.token, url)["upload-offset"])
        # Never back behind what was told before, never more than was sent.
        assert start <= offset <= end
        if offset == start:
            # Too short a time: this much goes through, so that the loop ends.
            connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=60)
            headers = {
                "Authorization": f"Bearer {anna.token}", "Tus-Resumable": "1.0.0", "Upload-Offset": str(start),
                "Content-Type": "application/offset+octet-stream",
            }  # fmt: skip
            connection.request("PATCH", url.removeprefix(box.url), data[start : start + 5 * MIB], headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            assert answer.status == 204
            offset = int(answer.headers["Upload-Offset"])
            assert offset == start + 5 * MIB
        acknowledged = offset
    assert kills >= 2
    uploader = client(box, anna.token).uploader(file_stream=Bytes(data), url=url, chunk_size=8 * MIB)
    uploader.upload()
    assert hashlib.sha256(result(box, anna, url)).digest() == hashlib.sha256(data).digest()
    # Nothing is left of the upload but its content.
    wait_until(lambda: not list((box.data / "uploads").iterdir()), "the upload's own file to go")


def test_what_was_flushed_stays_when_the_disk_is_full(landline_executable, tmp_path):
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
        pytest.skip("mounting needs root")
    script = pathlib.Path(__file__).with_name("full_disk.py")
    done = subprocess.run(
        ["unshare", "-m", "--propagation", "private", sys.executable, script, landline_executable, tmp_path],
        env=clean_environment(PYTHONPATH=str(REPOSITORY / "Tests/EndToEnd")), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


# From the command line.


class Sender:
    def __init__(self, executable, box, directory):
        self.command = [str(executable), "send"]
        self.box = box
        self.environment = clean_environment(
            XDG_CONFIG_HOME=str(directory), LANDLINE_USER="anna", LANDLINE_PASSWORD=PASSWORD, LANDLINE_SERVER=box.url
        )

    def start(self, *arguments, **options):
        return subprocess.Popen(
            [*self.command, *map(str, arguments)], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
        )

    def run(self, *arguments, data=b""):
        process = self.start(*arguments, stdin=subprocess.PIPE)
        _, errors = process.communicate(data, timeout=120)
        return process.returncode, errors.decode()


@pytest.fixture
def household(landline, landline_executable, tmp_path):
    box = landline()
    anna = PlainClient.register(box, "anna")
    ben = PlainClient.register(box, "ben")
    room = anna.create_room(name="Family")
    return box, anna, ben, room, Sender(landline_executable, box, tmp_path / "config")


def sent_files(user, room):
    return [event["content"] for event in user.history(room) if event["type"] == "m.room.message"]


def test_send_files_to_a_room_and_to_a_person(household, tmp_path):
    box, anna, ben, room, sender = household
    photo, note = tmp_path / "Urlaub 夏.jpg", tmp_path / "note.txt"
    photo.write_bytes(content(3 * MIB))
    note.write_bytes(b"")
    assert sender.run(photo, note, "--to", "family")[0] == 0
    first, second = sent_files(anna, room)
    assert (first["msgtype"], first["body"], first["info"]["mimetype"]) == ("m.image", "Urlaub 夏.jpg", "image/jpeg")
    assert first["info"]["size"] == 3 * MIB and anna.download(first["url"]) == photo.read_bytes()
    assert (second["msgtype"], second["body"]) == ("m.file", "note.txt") and anna.download(second["url"]) == b""
    # The name and password were needed once.
    del sender.environment["LANDLINE_USER"], sender.environment["LANDLINE_PASSWORD"]
    session = tmp_path / "config/landline/session.json"
    assert session.stat().st_mode & 0o777 == 0o600 and PASSWORD not in session.read_text()

    assert sender.run(note, "--to", "ben")[0] == 0
    assert sender.run(note, "--to", ben.user_id)[0] == 0
    invited = ben.sync()["rooms"]["invite"]
    assert len(invited) == 1
    chat = next(iter(invited))
    assert len(sent_files(anna, chat)) == 2
    direct = anna.call("GET", f"/_matrix/client/v3/user/{anna.user_id}/account_data/m.direct")
    assert direct == {ben.user_id: [chat]}


def test_send_from_a_pipe(household):
    box, anna, ben, room, sender = household
    data = content(9 * MIB + 1)
    assert sender.run("-", "--to", room, "--name", "backup.tar", data=data)[0] == 0
    assert sender.run("-", "--to", room)[0] == 0
    first, second = sent_files(anna, room)
    assert (first["body"], first["info"]["size"]) == ("backup.tar", len(data)) and anna.download(first["url"]) == data
    assert anna.download(second["url"]) == b""


def test_send_says_what_is_wrong(household, tmp_path):
    box, anna, ben, room, sender = household
    note = tmp_path / "note.txt"
    note.write_text("hello")
    code, errors = sender.run(note, "--to", "nobody")
    assert code == 1 and "nobody" in errors and errors.count("\n") == 1
    anna.create_room(name="ben")
    code, errors = sender.run(note, "--to", "ben")
    assert code == 1 and "more than one" in errors
    encryption = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    secret = anna.create_room(name="Secret", initial_state=[encryption])
    code, errors = sender.run(note, "--to", "secret")
    assert code == 1 and "encrypted" in errors and sent_files(anna, secret) == []
    # One file that is not there does not keep the others back.
    code, errors = sender.run(tmp_path / "missing", note, tmp_path, "--to", room)
    assert code == 1 and "missing" in errors and [file["body"] for file in sent_files(anna, room)] == ["note.txt"]
    assert sender.run("--to", room)[0] == 64
    sender.environment["LANDLINE_PASSWORD"] = "wrong"
    sender.environment["XDG_CONFIG_HOME"] = str(tmp_path / "other")
    code, errors = sender.run(note, "--to", room)
    assert code == 1 and "password" in errors


def test_send_goes_on_after_the_box_and_itself_were_killed(household, tmp_path):
    box, anna, ben, room, sender = household
    film = tmp_path / "film.mp4"
    film.write_bytes(content(200 * MIB))
    assert sender.run("-", "--to", room, data=b"x")[0] == 0

    def offset():
        uploads = anna.call("GET", UPLOADS)["uploads"]
        return uploads[0]["offset"] if uploads else 0

    process = sender.start(film, "--to", room)
    wait_until(offset, "the first slice", interval_seconds=0.01)
    process.kill()
    process.wait()
    reached = int(state(box, anna.token, f"{box.url}{UPLOADS}/{anna.call('GET', UPLOADS)['uploads'][0]['id']}")["upload-offset"])
    assert 0 < reached < 200 * MIB
    assert [file["body"] for file in sent_files(anna, room)] == ["stdin"]
    # The same file again, and the box dies in the middle of it.
    process = sender.start(film, "--to", room)
    wait_until(lambda: offset() > reached or process.poll() is not None, "the upload to go on", interval_seconds=0.01)
    anna.close()
    box.restart(kill=True)
    assert process.wait(120) == 0, process.stderr.read()
    sent = sent_files(anna, room)[-1]
    assert sent["msgtype"] == "m.video" and anna.download(sent["url"]) == film.read_bytes()
    assert anna.call("GET", UPLOADS)["uploads"] == []
