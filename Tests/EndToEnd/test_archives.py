"""Zip files of folders, unpacked by others, and what guests see of a link in a browser."""

import io
import os
import shutil
import subprocess
import urllib.request
import zipfile

from plain_client import PlainClient
from test_uploads import MIB, client, content


def put(box, user, path, data):
    uploader = client(box, user.token).uploader(file_stream=io.BytesIO(data), chunk_size=8 * MIB, metadata={"path": path, "filetype": "text/plain"})
    uploader.upload()


def ticket(user, **what):
    return user.call("POST", "/_landline/v1/tickets", what)["url"]



def test_a_folder_is_unpacked_by_others(landline, tmp_path):
    box = landline()
    anna = PlainClient.register(box, "anna")
    files = {"a.txt": b"hello", "家 & <b>.txt": content(3 * MIB), "empty.txt": b""}
    for name, data in files.items():
        put(box, anna, f"/Private/{name}", data)
    path = tmp_path / "all.zip"
    with urllib.request.urlopen(box.url + ticket(anna, path="/Private")) as answer:
        length = int(answer.headers["Content-Length"])
        data = answer.read()
    assert len(data) == length
    path.write_bytes(data)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()} == {
            f"Private/{name}": data for name, data in files.items()
        }
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-q", path, "-d", tmp_path / "out"], check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert (tmp_path / "out/Private/家 & <b>.txt").read_bytes() == files["家 & <b>.txt"]
    # A selection, in which a name comes twice.
    put(box, anna, "/Shared/a.txt", b"other")
    with urllib.request.urlopen(box.url + ticket(anna, paths=["/Private/a.txt", "/Shared/a.txt"])) as answer:
        with zipfile.ZipFile(io.BytesIO(answer.read())) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == {"a.txt": b"hello", "a (2).txt": b"other"}
