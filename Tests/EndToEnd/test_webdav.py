"""The folders as a network drive: the protocol's own test suite, and the programs that people use with it."""

import errno
import filecmp
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile

import pytest

from browser import Browser
from conftest import clean_environment, wait_until
from drive import Drive

LITMUS = pathlib.Path("/usr/libexec/litmus")
GIB = 1 << 30


@pytest.fixture
def drive(landline):
    return Drive(landline("--max-upload", str(8 * GIB)))


def run(*command, timeout_seconds=120, **options):
    """Runs a program to its end; returns what it printed."""
    result = subprocess.run(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout_seconds, **options
    )
    assert result.returncode == 0, f"{' '.join(map(str, command))} ended with {result.returncode}:\n{result.stdout[-4000:]}"
    return result.stdout


@pytest.mark.parametrize("suite", ["basic", "copymove", "props", "locks", "http"])
def test_litmus(drive, tmp_path, suite):
    # The suites expect this file in the directory of their own.
    (tmp_path / "foo").write_text("This\nis\na\ntest\nfile.\n")
    output = run(LITMUS / suite, "-d", tmp_path, drive.url + "Private/", drive.name, drive.password, cwd=tmp_path).replace("\r", "\n")
    total = re.search(r"of (\d+) tests run: (\d+) passed, (\d+) failed", output)
    assert total, output
    assert (total[1], total[3]) == (total[2], "0"), output
    assert "skipped" not in output and "WARNING" not in output, output


# MARK: rclone


class Rclone:
    """rclone with the drive as its remote `box:`."""

    def __init__(self, drive):
        self.environment = clean_environment(
            RCLONE_CONFIG="/dev/null",
            RCLONE_CONFIG_BOX_TYPE="webdav",
            RCLONE_CONFIG_BOX_VENDOR="other",
            RCLONE_CONFIG_BOX_URL=drive.url,
            RCLONE_CONFIG_BOX_USER=drive.name,
            RCLONE_CONFIG_BOX_PASS=run("rclone", "obscure", drive.password).strip(),
        )

    def __call__(self, *arguments):
        return run("rclone", "--transfers", "8", "--checkers", "8", "--retries", "1", "--low-level-retries", "1", *arguments, env=self.environment)


# Names that a careless server mixes up, or a careless client.
NAMES = ["plain", "with space", "100%", "a+b", "a&b", "quote'", "#hash", "q?mark", "Käse", "文件", "🙂", "semi;colon", "[x]", "-", "%20", "~"]


def make_tree(directory, folders=20, files_in_each=100):
    dice = random.Random(7)
    for folder in range(folders):
        place = directory / f"{NAMES[folder % len(NAMES)]} {folder}"
        place.mkdir(parents=True)
        for number in range(files_in_each):
            size = dice.choice([0, 1, 100, 1_000, 5_000])
            (place / f"{NAMES[number % len(NAMES)]} {number}.bin").write_bytes(dice.randbytes(size))
    return folders * files_in_each


def test_rclone_keeps_thousands_of_files_the_same(drive, tmp_path):
    rclone = Rclone(drive)
    source = tmp_path / "source"
    count = make_tree(source)
    assert count >= 2_000
    # It asks a WebDAV server no more than 100 things a second, so most of the time is its own. Contents are compared at the end.
    rclone("copy", source, "box:Private/tree")
    assert "0 differences found" in rclone("check", source, "box:Private/tree")

    files = sorted(path for path in source.rglob("*") if path.is_file())
    dice = random.Random(8)
    for path in dice.sample(files, 40):
        path.unlink()
    for path in dice.sample([path for path in files if path.exists()], 40):
        path.write_bytes(dice.randbytes(777))
    rclone("sync", source, "box:Private/tree")
    assert "0 differences found" in rclone("check", source, "box:Private/tree")

    rclone("move", "box:Private/tree", "box:Shared/moved")
    rclone("sync", "box:Shared/moved", tmp_path / "back")
    left, right = ({path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()} for root in (source, tmp_path / "back"))
    assert left == right
    assert rclone("lsf", "--files-only", "-R", "box:Private").strip() == ""


def test_a_file_larger_than_four_gib(drive, tmp_path):
    large = tmp_path / "large.iso"
    size = 4 * GIB + 3
    with open(large, "wb") as file:
        file.truncate(size)
        file.seek(size - 3)
        file.write(b"end")
    Rclone(drive)("copyto", large, "box:Private/large.iso")
    status, headers, _ = drive.request("HEAD", "Private/large.iso")
    assert (status, headers["content-length"]) == (200, str(size))
    status, headers, body = drive.request("GET", "Private/large.iso", headers={"Range": "bytes=-5"})
    assert (status, body, headers["content-range"]) == (206, b"\0\0end", f"bytes {size - 5}-{size - 1}/{size}")


# MARK: cadaver


def test_cadaver_does_a_days_work(drive, tmp_path):
    host = drive.box.url.removeprefix("http://").split(":")[0]
    (tmp_path / ".netrc").write_text(f"machine {host}\nlogin {drive.name}\npassword {drive.password}\n")
    (tmp_path / ".netrc").chmod(0o600)
    (tmp_path / "letter.txt").write_text("Dear box,\n")
    commands = [
        "mkcol office", "cd office", "put letter.txt", "copy letter.txt copy.txt", "move letter.txt sent.txt", "lock sent.txt",
        "propset sent.txt colour blue", "propget sent.txt colour", "unlock sent.txt", "ls", "get copy.txt back.txt", "delete copy.txt", "mkcol empty",
        "rmcol empty", "ls", "quit",
    ]
    output = run("cadaver", drive.url + "Shared/", input="\n".join(commands) + "\n", cwd=tmp_path, env=clean_environment(HOME=str(tmp_path)))
    assert "failed" not in output, output
    assert (tmp_path / "back.txt").read_text() == "Dear box,\n"
    assert "blue" in output, output
    status, answer = drive.box.request("GET", "/_landline/v1/files/list?path=/Shared/office", token=drive.token)
    assert status == 200 and [file["name"] for file in answer["files"]] == ["sent.txt"]


# MARK: davfs2


@pytest.fixture
def open_directory():
    """A directory that other accounts of the machine may use too: davfs2 is one."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="landline-davfs-"))
    directory.chmod(0o777)
    yield directory
    shutil.rmtree(directory)


def names_in(folder):
    """What is in a folder; `None` where this kernel and davfs2 do not agree on how a folder is read."""
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        # Linux 6.18 refuses what davfs2 1.6.1 answers for any server; files are opened by their names all the same.
        assert error.errno == errno.EINVAL
        print(f"{folder} cannot be listed: davfs2 is too old for this kernel")
        return None


def test_davfs2_mounts_it(drive, open_directory):
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("this machine has no /dev/fuse, so nothing can be mounted")
    point, cache, secrets, configuration = (open_directory / name for name in ["drive", "cache", "secrets", "davfs2.conf"])
    point.mkdir()
    cache.mkdir()
    cache.chmod(0o777)
    secrets.write_text(f"{drive.url} {drive.name} {drive.password}\n")
    secrets.chmod(0o600)
    configuration.write_text(f"secrets {secrets}\ncache_dir {cache}\ndelay_upload 0\n")
    command = ["mount", "-t", "davfs", "-o", f"conf={configuration},uid=0", drive.url, point]
    mounted = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if mounted.returncode != 0 and re.search("not permitted|superuser|can't open fuse device|unknown filesystem", mounted.stderr):
        pytest.skip(f"this machine lets nobody mount: {mounted.stderr.strip()}")
    assert mounted.returncode == 0, mounted.stderr
    content = random.Random(9).randbytes(300_000)
    try:
        folder = point / "Private" / "Käse und Brot"
        folder.mkdir()
        (folder / "bread.bin").write_bytes(content)
        (folder / "bread.bin").rename(folder / "cake.bin")
        shutil.copy(folder / "cake.bin", point / "Shared" / "cake.bin")
        assert names_in(folder) in (["cake.bin"], None)
        assert shutil.disk_usage(point).total > 0
    finally:
        # Writes what is still in its cache first.
        run("umount", point)
    for path in ["Private/K%C3%A4se%20und%20Brot/cake.bin", "Shared/cake.bin"]:
        status, _, body = drive.request("GET", path)
        assert (status, body == content) == (200, True), path


# MARK: A browser without scripts


def test_a_browser_without_scripts_lists_uploads_and_downloads(drive, tmp_path, chromium_executable):
    note = tmp_path / "<b>note<b> & more.html"
    note.write_text("<script>document.title = 'run'</script>Read me")
    browser = Browser(chromium_executable)
    try:
        page = browser.page(
            drive.box, "/dav/Private/", java_script_enabled=False, http_credentials={"username": drive.name, "password": drive.password}
        )
        page.get_by_label("New folder").fill("Holiday")
        page.get_by_role("button", name="Make").click()
        page.get_by_role("link", name="Holiday/").click()
        for _ in range(2):
            page.get_by_label("Files").set_input_files(note)
            page.get_by_role("button", name="Upload").click()
            wait_until(lambda: page.get_by_role("link", name=note.name, exact=True).count() == 1, "the file to be listed")
        # Nothing is replaced.
        page.get_by_role("link", name="<b>note<b> & more (2).html").wait_for()
        with page.expect_download() as download:
            page.get_by_role("link", name=note.name, exact=True).click()
        assert filecmp.cmp(download.value.path(), note, shallow=False)
        assert browser.foreign_requests == []
    finally:
        browser.close()
