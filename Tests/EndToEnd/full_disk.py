"""Uploads on a disk that becomes full: for a mount namespace of its own. Arguments: the executable, a directory."""

import http.client
import os
import pathlib
import subprocess
import sys

from conftest import Box
from plain_client import PlainClient
from test_uploads import UPLOADS, content, state

MIB = 1 << 20
DISK_BYTES = 160 * MIB

executable, directory = sys.argv[1], pathlib.Path(sys.argv[2])
disk = directory / "disk"
disk.mkdir()
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", disk], check=True)


def request(method, path, token, body=b"", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=60)
    headers = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    connection.request(method, path, body, {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0", **headers})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), text


box = Box(executable, [], disk / "data", directory / "full.log").start()
try:
    anna = PlainClient.register(box, "anna")
    room = anna.create_room()
    # What cannot fit is refused before it comes.
    status, _, text = request("POST", UPLOADS, anna.token, Upload_Length=DISK_BYTES)
    assert status == 507 and b"space" in text, (status, text)
    data = content(90 * MIB)
    status, headers, text = request("POST", UPLOADS, anna.token, Upload_Length=len(data))
    assert status == 201, (status, text)
    url = headers["Location"]
    bytes_type = "application/offset+octet-stream"
    status, headers, _ = request("PATCH", url, anna.token, data[: 20 * MIB], Upload_Offset=0, Content_Type=bytes_type)
    assert (status, headers["Upload-Offset"]) == (204, str(20 * MIB))
    # Somebody else fills the disk meanwhile.
    filler = disk / "filler"
    filler.write_bytes(bytes(60 * MIB))
    status, _, text = request("PATCH", url, anna.token, data[20 * MIB :], Upload_Offset=20 * MIB, Content_Type=bytes_type)
    assert status == 507 and b"space" in text, (status, text)
    offset = int(state(box, anna.token, url)["upload-offset"])
    assert 20 * MIB <= offset < len(data), offset
    # Messages still find room, and so does a restart.
    anna.send(room, "still here")
    anna.close()
    box.restart(kill=True)
    assert int(state(box, anna.token, url)["upload-offset"]) == offset
    # Completely full: an error, and nothing that was told before is lost.
    rest = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "rest").write_bytes(bytes(rest))
    status, _, text = request("PATCH", url, anna.token, data[offset : offset + MIB], Upload_Offset=offset, Content_Type=bytes_type)
    assert status == 507, (status, text)
    filler.unlink()
    (disk / "rest").unlink()
    offset = int(state(box, anna.token, url)["upload-offset"])
    status, headers, text = request("PATCH", url, anna.token, data[offset:], Upload_Offset=offset, Content_Type=bytes_type)
    assert status == 204, (status, text)
    assert anna.download(headers["Landline-Content-URI"]) == data
    anna.close()
finally:
    code = box.stop()
    print(box.log[-3000:])
assert code == 0
