"""The file store in a real browser, against a real server: folders, uploads that break off, chats, guests."""

import base64
import hashlib
import io
import os
import re
import urllib.parse
import wave
import zipfile

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser import HOST, PASSWORD, PHONE, Browser, message, open_room, own_device, photo, sign_up, write
from conftest import wait_until
from cut_line import Line

SLICE_BYTES = 8 * 1024 * 1024
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def browser(chromium_executable):
    made = Browser(chromium_executable)
    yield made
    made.close()
    assert made.foreign_requests == []
    assert made.script_errors == []


@pytest.fixture
def box(landline):
    return landline("--registration", "open", "--home-room", "on")


@pytest.fixture
def line(box):
    made = Line(box.port)
    yield made
    made.close()


@pytest.fixture
def anna(browser, box):
    return join(browser, box, "Anna")


def join(browser, box, name, **options):
    page = browser.page(box, **options)
    expect(page.locator("form")).to_be_visible()
    if page.get_by_role("button", name=re.compile("Create an account")).count():
        page.get_by_role("button", name=re.compile("Create an account")).click()
    sign_up(page, name, re.compile("Set up this box|Create account"))
    return page


def token(page):
    return own_device(page)["accessToken"]


def go(page, path):
    """Opens a folder by its address."""
    page.evaluate("hash => { location.hash = hash; }", "#/files" + urllib.parse.quote(path))
    expect(page.locator(".files")).to_be_visible()


def put(box, page, path, content=b"words", kind="text/plain"):
    status, answer = box.request("PUT", "/dav" + urllib.parse.quote(path), content, token=token(page), headers={"Content-Type": kind})
    assert status in (201, 204), (status, answer)


def make_folder(box, page, path):
    assert box.request("MKCOL", "/dav" + urllib.parse.quote(path), token=token(page))[0] == 201


def names(box, page, path, **query):
    status, answer = box.request("GET", "/_landline/v1/files/list?" + urllib.parse.urlencode({"path": path, "limit": 1000, **query}), token=token(page))
    assert status == 200, answer
    return [node["name"] for node in answer["files"]]


def content(box, page, path):
    status, answer = box.request("GET", "/dav" + urllib.parse.quote(path), token=token(page))
    assert status == 200
    return answer


def item(page, name):
    return page.locator(f'.item[data-name="{name}"]')


def act(page, name, command):
    row = item(page, name)
    row.hover()
    row.locator(".item-more").click()
    page.get_by_role("menuitem", name=command, exact=True).click()


def give(page, *files):
    """Chooses files as the Add button does."""
    page.locator("input[data-picker=store-files]").set_input_files(
        [file if isinstance(file, (str, os.PathLike)) else {"name": file[0], "mimeType": file[2] if len(file) > 2 else "", "buffer": file[1]} for file in files])


def uploaded(page, count=1):
    """Waits for the line that says so, and puts it away so that the next one is another."""
    strip = page.locator(".upload-strip:not([hidden])")
    expect(strip.locator(".strip-text")).to_have_text(re.compile(rf"^{count} (file is|files are) uploaded"), timeout=60_000)
    strip.get_by_label("Close").evaluate("button => button.click()")
    expect(strip).to_have_count(0)


def patches(page):
    """The offsets at which slices begin, as they are sent."""
    offsets = []
    page.on("request", lambda request: offsets.append(int(request.headers["upload-offset"])) if request.method == "PATCH" else None)
    return offsets


def test_folders_and_files(browser, box, anna):
    """A new user makes a folder, fills it, tidies it, and takes back what was a mistake."""
    anna.get_by_role("link", name=re.compile("^Files")).click()
    expect(anna.locator(".root")).to_have_count(4)
    anna.locator(".root", has_text="Shared").click()
    expect(anna.locator(".files-empty")).to_contain_text("Everyone on this box")
    anna.get_by_role("button", name="Add").click()
    anna.get_by_role("menuitem", name="New folder").click()
    anna.get_by_label("Name", exact=True).fill("发票 & more")
    anna.get_by_role("button", name="Create folder").click()
    expect(item(anna, "发票 & more")).to_be_visible()

    give(anna, ("hut.jpg", photo(), "image/jpeg"), ("notes.txt", "milk, 面包".encode(), "text/plain"), ("100 %#?.bin", b"", ""))
    uploaded(anna, 3)
    expect(anna.locator(".item")).to_have_count(4)
    assert names(box, anna, "/Shared") == ["发票 & more", "100 %#?.bin", "hut.jpg", "notes.txt"]
    assert content(box, anna, "/Shared/notes.txt") == "milk, 面包".encode()

    act(anna, "notes.txt", "Rename")
    anna.get_by_label("Name", exact=True).fill("hut.jpg")
    anna.get_by_role("button", name="Save").click()
    expect(anna.get_by_role("alert")).to_contain_text("this name is there already")
    anna.get_by_label("Name", exact=True).fill("Shopping.txt")
    anna.get_by_role("button", name="Save").click()
    expect(item(anna, "Shopping.txt")).to_be_visible()

    act(anna, "Shopping.txt", "Move to…")
    anna.get_by_role("button", name="发票 & more").click()
    expect(anna.locator(".pick-here")).to_contain_text("发票 & more")
    anna.get_by_role("button", name="Move here").click()
    expect(item(anna, "Shopping.txt")).to_have_count(0)
    assert names(box, anna, "/Shared/发票 & more") == ["Shopping.txt"]

    act(anna, "hut.jpg", "Delete")
    expect(item(anna, "hut.jpg")).to_have_count(0)
    anna.get_by_role("button", name="Undo").click()
    expect(item(anna, "hut.jpg")).to_be_visible()

    item(anna, "发票 & more").locator(".item-main").click()
    expect(anna.locator(".crumbs")).to_contain_text("发票 & more")
    item(anna, "Shopping.txt").locator(".item-main").click()
    expect(anna.locator(".text-preview")).to_have_text("milk, 面包")
    anna.keyboard.press("Escape")
    anna.locator(".crumbs").get_by_role("link", name="Shared").click()
    act(anna, "发票 & more", "Delete")
    expect(item(anna, "发票 & more")).to_have_count(0)
    anna.evaluate("location.hash = '#/bin'")
    act(anna, "发票 & more", "Put back")
    expect(anna.locator(".files-empty")).to_contain_text("Nothing was deleted")
    assert names(box, anna, "/Shared") == ["发票 & more", "100 %#?.bin", "hut.jpg"]

    anna.get_by_placeholder("Search files by name").fill("SHOPP")
    expect(item(anna, "Shopping.txt")).to_contain_text("Shared › 发票 & more")
    act(anna, "Shopping.txt", "Show its folder")
    expect(anna.locator(".bar-title").last).to_have_text("发票 & more")


def test_previews(browser, box, anna):
    """Sound plays as it comes, a PDF opens in a tab, pictures turn like pages, and what cannot be shown is downloaded."""
    tone = io.BytesIO()
    with wave.open(tone, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\0\1" * 8000 * 3)
    put(box, anna, "/Private/tone.wav", tone.getvalue(), "audio/wav")
    put(box, anna, "/Private/letter.pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>", "application/pdf")
    put(box, anna, "/Private/things.zip", b"PK", "application/zip")
    put(box, anna, "/Private/long.txt", "0123456789abcde\n".encode() * 20_000)
    for number in range(2):
        put(box, anna, f"/Private/hut {number}.jpg", photo(800 + number, 600), "image/jpeg")
    go(anna, "/Private")
    item(anna, "tone.wav").locator(".item-main").click()
    player = anna.locator("audio")
    wait_until(lambda: player.evaluate("player => player.duration") == 3, "the length of the tone")
    player.evaluate("player => { player.currentTime = 2.5; }")
    wait_until(lambda: player.evaluate("player => player.ended"), "the tone's end")
    anna.keyboard.press("Escape")
    expect(player).to_have_count(0)
    with anna.expect_popup() as tab:
        item(anna, "letter.pdf").locator(".item-main").click()
    expect(tab.value).to_have_url(re.compile("/d/.*letter.pdf$"))
    assert tab.value.evaluate("window.opener") is None
    tab.value.close()
    with anna.expect_download() as download:
        item(anna, "things.zip").locator(".item-main").click()
    assert download.value.suggested_filename == "things.zip"
    item(anna, "long.txt").locator(".item-main").click()
    expect(anna.get_by_text("Only the beginning is shown.")).to_be_visible()
    wait_until(lambda: anna.locator(".text-preview").evaluate("text => text.textContent.length") == 256 * 1024, "the first 256 KiB")
    anna.keyboard.press("Escape")
    expect(anna.locator(".text-preview")).to_have_count(0)
    item(anna, "hut 0.jpg").locator(".item-main").click()
    large = anna.locator(".viewer-image")
    wait_until(lambda: large.evaluate("image => image.naturalWidth") == 800, "the first picture")
    anna.keyboard.press("ArrowRight")
    wait_until(lambda: large.evaluate("image => image.naturalWidth") == 801, "the second picture")
    expect(anna.locator(".viewer-caption")).to_contain_text("hut 1.jpg")
    expect(anna.locator(".viewer-caption")).to_contain_text("2 of 2")


def test_a_pasted_file(browser, box, anna):
    go(anna, "/Private")
    expect(anna.locator(".files-empty")).to_be_visible()
    anna.evaluate("""() => {
        const data = new DataTransfer();
        data.items.add(new File(['from elsewhere'], 'pasted.txt', { type: 'text/plain' }));
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }""")
    uploaded(anna)
    expect(item(anna, "pasted.txt")).to_be_visible()
    assert content(box, anna, "/Private/pasted.txt") == b"from elsewhere"


def test_a_name_that_is_taken(browser, box, anna):
    for name in ("a.txt", "b.txt", "c.txt"):
        put(box, anna, "/Private/" + name, b"old")
    go(anna, "/Private")
    expect(anna.locator(".item")).to_have_count(3)
    give(anna, ("a.txt", b"new"))
    anna.get_by_role("dialog").get_by_role("button", name="Keep both").click()
    uploaded(anna)
    expect(item(anna, "a (2).txt")).to_be_visible()
    give(anna, ("a.txt", b"new"), ("b.txt", b"new"), ("c.txt", b"new"))
    anna.get_by_role("checkbox", name="Do the same for all").check()
    anna.get_by_role("dialog").get_by_role("button", name="Replace").click()
    uploaded(anna, 3)
    assert [content(box, anna, f"/Private/{name}") for name in ("a (2).txt", "a.txt", "b.txt", "c.txt")] == [b"new"] * 4
    give(anna, ("b.txt", b"newest"), ("d.txt", b"newest"))
    anna.get_by_role("dialog").get_by_role("button", name="Skip").click()
    expect(item(anna, "d.txt")).to_be_visible()
    assert content(box, anna, "/Private/b.txt") == b"new"


LOCK = b'<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>'


def test_errors_are_plain_sentences(browser, landline):
    """What another program has open, what is gone, and a quota that is used up."""
    box = landline("--registration", "open", "--home-room", "on", "--quota", "3000000")
    anna = join(browser, box, "Anna")
    put(box, anna, "/Private/letter.txt")
    put(box, anna, "/Private/gone.txt")
    assert box.request("LOCK", "/dav/Private/letter.txt", LOCK, token=token(anna), headers={"Content-Type": "application/xml"})[0] == 200
    go(anna, "/Private")
    act(anna, "letter.txt", "Rename")
    anna.get_by_label("Name", exact=True).fill("other.txt")
    anna.get_by_role("button", name="Save").click()
    expect(anna.get_by_role("alert")).to_contain_text("Another app has this file open.")
    anna.keyboard.press("Escape")
    expect(anna.get_by_role("dialog")).to_have_count(0)
    assert box.request("DELETE", "/dav/Private/gone.txt", token=token(anna))[0] == 204
    act(anna, "gone.txt", "Delete")
    expect(anna.locator(".toast")).to_contain_text("This is no longer there.")
    expect(item(anna, "gone.txt")).to_have_count(0)
    give(anna, ("film.mp4", b"x" * 4_000_000))
    expect(anna.locator(".strip-text")).to_have_text("1 file could not be uploaded")
    anna.locator(".strip-open").click()
    expect(anna.locator(".upload-failed")).to_contain_text("Your space on the box is used up.")
    anna.get_by_role("button", name="Cancel the upload of film.mp4").click()
    anna.keyboard.press("Escape")
    expect(anna.get_by_role("dialog")).to_have_count(0)
    go(anna, "/")
    expect(anna.locator(".quota")).to_contain_text("of 3 MB")


def test_whole_folders_by_drop_and_by_choice(browser, box, anna, tmp_path):
    holiday = tmp_path / "Holiday"
    (holiday / "Day 1" / "raw").mkdir(parents=True)
    (holiday / "nothing here").mkdir()
    for number in range(120):
        (holiday / "Day 1" / f"{number}.txt").write_text(f"number {number}")
    (holiday / "Day 1" / "raw" / "x.bin").write_bytes(b"x" * 3000)
    (holiday / "plan.txt").write_text("sleep")
    go(anna, "/Private")
    expect(anna.locator(".files-empty")).to_be_visible()
    devtools = anna.context.new_cdp_session(anna)
    drag = {"items": [], "files": [str(holiday)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 800, "y": 500, "data": drag})
    uploaded(anna, 122)
    expect(item(anna, "Holiday")).to_be_visible()
    assert names(box, anna, "/Private/Holiday") == ["Day 1", "nothing here", "plan.txt"]
    assert len(names(box, anna, "/Private/Holiday/Day 1")) == 121
    assert content(box, anna, "/Private/Holiday/Day 1/raw/x.bin") == b"x" * 3000
    assert content(box, anna, "/Private/Holiday/Day 1/119.txt") == b"number 119"

    go(anna, "/Shared")
    anna.locator("input[data-picker=store-folder]").set_input_files(str(holiday))
    uploaded(anna, 122)
    assert len(names(box, anna, "/Shared/Holiday/Day 1")) == 121
    act(anna, "Holiday", "Details")
    expect(anna.locator(".details")).to_contain_text("122 files")


@pytest.mark.parametrize("how", ["line", "kill"])
def test_an_upload_that_is_cut_goes_on(browser, box, line, how, tmp_path):
    """The line breaks, or the box loses its power, in the middle of a file: what was sent is not sent again."""
    page = join(browser, line, "Anna")
    film = os.urandom(3 * SLICE_BYTES + 5000)
    (tmp_path / "film.mp4").write_bytes(film)
    go(page, "/Private")
    offsets = patches(page)
    line.cut_after = line.sent + SLICE_BYTES + SLICE_BYTES // 2
    give(page, tmp_path / "film.mp4")
    wait_until(lambda: not line.up, "the line to be cut")
    if how == "kill":
        box.kill()
        box.start()
    expect(page.locator(".banner")).to_be_visible()
    expect(page.locator(".strip-text")).to_contain_text("Uploading")
    # Meanwhile one goes on chatting.
    open_room(page, "Home")
    write(page, "still here")
    line.mend()
    uploaded(page)
    expect(message(page, "still here").locator(".status-tick")).to_be_visible()
    assert offsets.count(0) == 1 and max(offsets) >= SLICE_BYTES, offsets
    status, answer = box.request("GET", "/dav/Private/film.mp4", token=token(page))
    assert status == 200 and hashlib.sha256(answer).digest() == hashlib.sha256(film).digest()


def test_an_upload_goes_on_after_a_reload(browser, box, line, tmp_path):
    """A file that the browser kept goes on by itself; a large one is chosen again, and only the same one."""
    page = join(browser, line, "Anna")
    small, large = os.urandom(2 * SLICE_BYTES), os.urandom(5 * SLICE_BYTES)
    (tmp_path / "small.bin").write_bytes(small)
    (tmp_path / "large.bin").write_bytes(large)
    go(page, "/Private")
    line.cut_after = line.sent + 3 * SLICE_BYTES
    give(page, tmp_path / "small.bin", tmp_path / "large.bin")
    wait_until(lambda: not line.up, "the line to be cut")
    # What was sent until now is told before the listener comes.
    page.wait_for_timeout(300)
    offsets = patches(page)
    line.mend()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator(".strip-text")).to_contain_text("1 upload is not finished", timeout=60_000)
    wait_until(lambda: "small.bin" in names(box, page, "/Private"), "the small file to be there")
    page.locator(".strip-open").click()
    row = page.locator(".upload", has_text="large.bin")
    expect(row).to_contain_text("Choose the same file")
    other = tmp_path / "other" / "large.bin"
    other.parent.mkdir()
    other.write_bytes(large + b"!")
    for path, text in ((other, "That is another file"), (tmp_path / "large.bin", None)):
        with page.expect_file_chooser() as chooser:
            row.get_by_role("button", name="Choose it").click()
        chooser.value.set_files(path)
        if text:
            expect(page.locator(".toast", has_text=text)).to_be_visible()
    uploaded(page, 2)
    assert sorted(names(box, page, "/Private")) == ["large.bin", "small.bin"]
    for name, whole in (("small.bin", small), ("large.bin", large)):
        assert hashlib.sha256(content(box, page, "/Private/" + name)).digest() == hashlib.sha256(whole).digest()
    assert min(offsets) > 0, offsets
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('landline.upload.')).length") == 0


def test_pause_resume_and_cancel(browser, box, line, anna, tmp_path):
    page = anna
    (tmp_path / "film.mp4").write_bytes(os.urandom(6 * SLICE_BYTES))
    go(page, "/Private")
    page.route("**/_landline/v1/uploads/*", lambda route: None if route.request.method == "PATCH" else route.continue_())
    (tmp_path / "second.bin").write_bytes(b"x" * 2_000_000)
    give(page, tmp_path / "film.mp4", tmp_path / "second.bin")
    expect(page.locator(".strip-text")).to_contain_text("Uploading: 0 of 2 files")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator(".strip-text")).to_contain_text("Paused")
    page.unroute("**/_landline/v1/uploads/*")
    page.locator(".strip-open").click()
    page.get_by_role("button", name="Cancel the upload of second.bin").click()
    page.get_by_role("button", name="Go on with film.mp4").click()
    expect(page.locator(".upload-done")).to_contain_text("film.mp4", timeout=60_000)
    page.keyboard.press("Escape")
    expect(item(page, "film.mp4")).to_be_visible()
    assert names(box, page, "/Private") == ["film.mp4"]
    status, answer = box.request("GET", "/_landline/v1/uploads", token=token(page))
    assert (status, answer["uploads"]) == (200, [])


def test_a_large_attachment_goes_on(browser, box, line, tmp_path):
    """Files of a chat continue like those of a folder."""
    page = join(browser, line, "Anna")
    open_room(page, "Home")
    (tmp_path / "film.zip").write_bytes(os.urandom(3 * SLICE_BYTES))
    offsets = patches(page)
    line.cut_after = line.sent + SLICE_BYTES + SLICE_BYTES // 2
    page.locator("input[data-picker=files]").set_input_files(tmp_path / "film.zip")
    expect(page.locator(".chip")).to_have_count(1)
    page.get_by_role("button", name="Send", exact=True).click()
    wait_until(lambda: not line.up, "the line to be cut")
    expect(page.locator(".banner")).to_be_visible()
    line.mend()
    expect(page.locator(".message", has_text="film.zip").locator(".status-tick")).to_be_visible(timeout=60_000)
    assert offsets.count(0) == 1 and max(offsets) >= SLICE_BYTES, offsets
    with page.expect_download() as download:
        page.get_by_role("button", name="Download film.zip").click()
    assert download.value.path().read_bytes() == (tmp_path / "film.zip").read_bytes()
    assert download.value.suggested_filename == "film.zip"


def test_from_a_folder_into_a_chat_and_back(browser, box, anna):
    """A shared file arrives at somebody else, stands among the room's files, and is saved to a folder of theirs."""
    ben = join(browser, box, "Ben")
    open_room(ben, "Home")
    for number in range(3):
        put(box, anna, f"/Private/hut {number}.jpg", photo(800 + number, 600), "image/jpeg")
    put(box, anna, "/Private/plan.pdf", b"%PDF-1.4 plan", "application/pdf")
    go(anna, "/Private")
    item(anna, "hut 0.jpg").locator(".item-check input").check(force=True)
    item(anna, "plan.pdf").locator(".item-check input").click(modifiers=["Shift"])
    expect(anna.locator(".selection-count")).to_have_text("4 selected")
    anna.locator(".selection-bar").get_by_role("button", name="Send to a chat").click()
    expect(anna.get_by_role("dialog").locator(".person").first).to_contain_text("My devices")
    anna.get_by_role("dialog").get_by_role("button", name="Home").click()
    expect(anna.locator(".toast", has_text="4 files sent to Home")).to_be_visible()
    expect(ben.get_by_role("img", name=re.compile("Photo hut"))).to_have_count(3)
    expect(ben.get_by_role("button", name="Download plan.pdf")).to_be_visible()
    write(ben, "Thank you")

    ben.get_by_role("button", name="Files of this chat").click()
    gallery = ben.get_by_role("dialog")
    expect(gallery.locator(".item")).to_have_count(3)
    thumbnail = gallery.locator(".item img").first
    wait_until(lambda: thumbnail.evaluate("image => image.naturalWidth") > 0, "the thumbnail to be drawn")
    gallery.locator(".item-main").first.click()
    large = ben.locator(".viewer-image")
    wait_until(lambda: large.evaluate("image => image.naturalWidth") >= 800, "the whole picture to be shown")
    first = large.evaluate("image => image.naturalWidth")
    ben.keyboard.press("ArrowRight")
    wait_until(lambda: large.evaluate("image => image.naturalWidth") not in (0, first) and large.evaluate("image => image.naturalWidth") >= 800, "the next picture")
    ben.keyboard.press("Escape")
    expect(large).to_have_count(0)
    gallery.get_by_role("radio", name="Files").check()
    expect(gallery.locator(".item")).to_have_count(1)
    act(ben, "plan.pdf", "Save to my files…")
    ben.get_by_role("button", name="Copy here").click()
    expect(ben.locator(".toast", has_text="1 item copied")).to_be_visible()
    assert names(box, ben, "/Private") == ["plan.pdf"]
    assert content(box, ben, "/Private/plan.pdf") == b"%PDF-1.4 plan"
    act(ben, "plan.pdf", "Go to the message")
    expect(ben.get_by_role("dialog")).to_have_count(0)
    expect(ben.locator(".message.flash, .flash")).to_have_count(1)


def test_going_to_a_message_of_long_ago(browser, box, anna):
    put(box, anna, "/Private/old.txt")
    go(anna, "/Private")
    act(anna, "old.txt", "Send to a chat")
    anna.get_by_role("dialog").get_by_role("button", name="Home").click()
    expect(anna.locator(".toast", has_text="Sent to Home")).to_be_visible()
    open_room(anna, "Home")
    room_id = anna.evaluate("decodeURIComponent(location.hash.split('/')[2])")
    for number in range(200):
        body = {"msgtype": "m.text", "body": f"later {number}"}
        assert box.request("PUT", f"/_matrix/client/v3/rooms/{room_id}/send/m.room.message/l{number}", body, token=token(anna))[0] == 200
    anna.reload()
    expect(message(anna, "later 199")).to_be_visible()
    expect(anna.get_by_text("old.txt")).to_have_count(0)
    anna.get_by_role("button", name="Files of this chat").click()
    act(anna, "old.txt", "Go to the message")
    expect(anna.locator(".message", has_text="old.txt")).to_be_visible()


def test_my_devices(browser, box, anna):
    """The room of one's own devices is pinned, named in one's language, and a tap away from any file."""
    first = anna.locator(".rooms a.room-row").first
    expect(first).to_contain_text("My devices")
    open_room(anna, "Home")
    write(anna, "newer")
    expect(first).to_contain_text("My devices")
    put(box, anna, "/Private/ticket.txt")
    go(anna, "/Private")
    act(anna, "ticket.txt", "Send to my other devices")
    phone = browser.page(box, **PHONE, locale="zh-CN")
    phone.locator("input[name=user], input[name=username]").first.fill("anna")
    phone.locator("input[name=password]").fill(PASSWORD)
    phone.get_by_role("button", name="登录").tap()
    row = phone.locator("a.room-row", has_text="我的设备")
    expect(row).to_contain_text("ticket.txt")
    row.tap()
    expect(phone.locator(".message", has_text="ticket.txt")).to_be_visible()


def test_a_selection_as_a_zip(browser, box, anna):
    make_folder(box, anna, "/Private/in")
    put(box, anna, "/Private/in/deep.txt", b"deep")
    put(box, anna, "/Private/a.txt", b"a")
    put(box, anna, "/Private/ü.txt", b"u")
    put(box, anna, "/Private/not this")
    go(anna, "/Private")
    for name in ("in", "a.txt", "ü.txt"):
        item(anna, name).locator(".item-check input").check(force=True)
    with anna.expect_download() as download:
        anna.locator(".selection-bar").get_by_role("button", name="Download").click()
    archive = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert archive.testzip() is None
    inside = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    assert {name.split("/", 1)[1] if name.startswith("Private/") else name: data for name, data in inside.items()} == {
        "in/deep.txt": b"deep", "a.txt": b"a", "ü.txt": b"u"}


def test_an_app_password(browser, box, anna):
    """Made in the settings, used by a WebDAV client, shown as used, withdrawn."""
    put(box, anna, "/Private/letter.txt", b"Dear")

    def passwords():
        anna.get_by_role("button", name="Account and settings").click()
        anna.get_by_role("menuitem", name="Settings").click()
        expect(anna.locator(".quota")).to_be_visible()
        anna.get_by_role("button", name="Use files as a drive").click()

    passwords()
    anna.get_by_label("For which app or device?").fill("Explorer")
    anna.get_by_role("button", name="Make a password").click()
    secret = anna.get_by_role("textbox", name="Password").input_value()
    user = anna.get_by_role("textbox", name="User name").input_value()
    address = anna.get_by_role("textbox", name="Address").input_value()
    assert address == f"http://{HOST}:{box.port}/dav/"
    login = {"Authorization": "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()}
    status, answer = box.request("PROPFIND", "/dav/Private/", headers={**login, "Depth": "1"})
    assert status == 207 and b"letter.txt" in answer
    assert box.request("GET", "/dav/Private/letter.txt", headers=login)[1] == b"Dear"
    # It opens folders, not the account.
    assert box.request("GET", "/_matrix/client/v3/account/whoami", headers=login)[0] == 401
    anna.keyboard.press("Escape")
    expect(anna.get_by_role("dialog")).to_have_count(0)
    passwords()
    expect(anna.locator(".person", has_text="Explorer")).to_contain_text("Last used")
    expect(anna.get_by_role("textbox", name="Password")).to_have_count(0)
    anna.get_by_role("button", name="Withdraw the password of Explorer").click()
    anna.get_by_role("button", name="Withdraw", exact=True).click()
    expect(anna.locator(".person", has_text="Explorer")).to_have_count(0)
    assert box.request("PROPFIND", "/dav/Private/", headers={**login, "Depth": "1"})[0] == 401


def test_a_link_for_a_guest(browser, box, anna):
    make_folder(box, anna, "/Shared/Party")
    put(box, anna, "/Shared/Party/cake.txt", b"flour")
    go(anna, "/Shared")
    act(anna, "Party", "Link for a guest")
    anna.get_by_label("PIN (optional)").fill("2468")
    anna.get_by_role("button", name="Make a link").click()
    link = anna.get_by_label("Link for guests").input_value()
    code = anna.get_by_role("img", name="QR code of the link for guests")
    wait_until(lambda: code.evaluate("image => image.complete && image.naturalWidth") > 0, "the QR code to be drawn")
    anna.keyboard.press("Escape")
    expect(anna.get_by_role("dialog")).to_have_count(0)
    path = urllib.parse.urlsplit(link).path
    guest = browser.page(box, path, **PHONE)
    expect(guest.get_by_text("cake.txt")).to_have_count(0)
    pin = guest.locator("input[type=password], input[name=pin]").first
    pin.fill("2468")
    pin.press("Enter")
    expect(guest.get_by_text("cake.txt").first).to_be_visible()

    anna.get_by_role("button", name="Account and settings").click()
    anna.get_by_role("menuitem", name="Settings").click()
    anna.get_by_role("button", name="Links for guests").click()
    anna.get_by_role("button", name="Withdraw the link to Party").click()
    expect(anna.get_by_text("There are no links for guests.")).to_be_visible()
    guest.reload()
    expect(guest.get_by_text("cake.txt")).to_have_count(0)


def test_a_thousand_files_in_few_rows(browser, box, anna):
    for number in range(1000):
        put(box, anna, f"/Private/note {number:04}.txt", f"note {number}".encode())
    go(anna, "/Private")
    expect(item(anna, "note 0000.txt")).to_be_visible()
    scroller = anna.locator(".item-scroll")

    def to_the_end():
        scroller.evaluate("list => { list.scrollTop = list.scrollHeight; }")
        anna.wait_for_timeout(50)
        assert anna.locator(".item").count() <= 200
        return item(anna, "note 0999.txt").count()

    wait_until(to_the_end, "the last file")
    expect(item(anna, "note 0999.txt")).to_be_in_viewport()
    anna.get_by_label("Order").select_option(label="Name, Z to A")
    expect(item(anna, "note 0999.txt")).to_be_in_viewport()
    anna.get_by_role("button", name="Show as tiles").click()
    expect(item(anna, "note 0990.txt")).to_be_in_viewport()
    assert anna.locator(".item").count() <= 200
    anna.reload()
    expect(item(anna, "note 0999.txt")).to_be_visible()
    expect(anna.locator(".item-list")).to_have_class(re.compile("tiles"))


def test_with_the_keyboard_alone(browser, box, anna):
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        put(box, anna, "/Private/" + name, name.encode())
    make_folder(box, anna, "/Private/box")
    go(anna, "/Private")
    expect(anna.locator(".item")).to_have_count(5)
    anna.keyboard.press("ArrowDown")
    expect(item(anna, "box").locator(".item-main")).to_be_focused()
    anna.keyboard.press("Enter")
    expect(anna.locator(".files-empty")).to_be_visible()
    anna.keyboard.press("Alt+ArrowUp")
    expect(anna.locator(".item")).to_have_count(5)
    anna.keyboard.press("ArrowDown")
    anna.keyboard.press("ArrowDown")
    expect(item(anna, "a.txt").locator(".item-main")).to_be_focused()
    anna.keyboard.press("F2")
    anna.keyboard.type("first")
    anna.keyboard.press("Enter")
    expect(item(anna, "first.txt")).to_be_visible()
    item(anna, "b.txt").locator(".item-main").focus()
    anna.keyboard.press("Shift+ArrowDown")
    expect(anna.locator(".selection-count")).to_have_text("2 selected")
    anna.keyboard.press("Delete")
    expect(anna.locator(".item")).to_have_count(3)
    assert names(box, anna, "/Private") == ["box", "d.txt", "first.txt"]
    anna.keyboard.press("Control+a")
    expect(anna.locator(".selection-count")).to_have_text("3 selected")
    anna.keyboard.press("Escape")
    expect(anna.locator(".selection-bar")).to_be_hidden()


EVIL_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>localStorage["stolen"] = "svg"; document.title = "stolen"</script></svg>'
EVIL_HTML = b"<!doctype html><title>quiet</title><script>localStorage['stolen'] = 'html'; document.title = 'stolen'</script>"


@pytest.mark.parametrize("name, kind, body", [
    ("page.html", "text/html", EVIL_HTML), ("drawing.svg", "image/svg+xml", EVIL_SVG), ("lie.png", "image/png", EVIL_HTML), ("lie.pdf", "application/pdf", EVIL_HTML),
    ("words.txt", "text/plain", EVIL_HTML), ("page.xhtml", "application/xhtml+xml", EVIL_HTML),
])
def test_no_file_is_a_program_of_this_origin(browser, box, anna, name, kind, body):
    """Opened by a ticket, by WebDAV's address or in the preview: nothing of it runs where the session is kept."""
    put(box, anna, "/Private/" + name, body, kind)
    status, ticket = box.request("POST", "/_landline/v1/tickets", {"path": "/Private/" + name}, token=token(anna))
    assert status == 200
    stranger = browser.page(box, context=anna.context)
    try:
        stranger.goto(f"http://{HOST}:{box.port}{ticket['url']}")
        stranger.wait_for_load_state()
        assert "stolen" not in stranger.title()
    except Exception as error:
        # What is not shown is downloaded instead.
        assert "Download is starting" in str(error) or "ERR_ABORTED" in str(error)
    go(anna, "/Private")
    if name.endswith((".html", ".txt")):
        item(anna, name).locator(".item-main").click()
        expect(anna.locator(".text-preview")).to_contain_text("<script>")
    assert anna.evaluate("localStorage['stolen']") is None
    stranger.close()
    browser.script_errors.clear()


def test_phone(browser, box, tmp_path):
    """One column, targets for fingers, nothing that axe objects to, in both languages and themes."""
    owner = join(browser, box, "Anna")
    for number in range(4):
        put(box, owner, f"/Shared/hut {number}.jpg", photo(900, 600 + 20 * number), "image/jpeg")
    make_folder(box, owner, "/Shared/发票")
    put(box, owner, "/Shared/A very long name of a film that somebody made last summer at the lake.mp4", b"x" * 9000, "video/mp4")
    put(box, owner, "/Shared/letter.txt", b"Dear all")
    for language, theme in (("en-US", "light"), ("zh-CN", "dark")):
        page = browser.page(box, **PHONE, locale=language, color_scheme=theme)
        page.locator("input[name=user], input[name=username]").first.fill("anna")
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("form button[type=submit]").tap()
        expect(page.locator("a.room-row").first).to_be_visible()
        look(page, tmp_path / f"{language}-list.png")
        page.locator("a.files-link").tap()
        expect(page.locator(".quota")).to_be_visible()
        expect(page.locator(".sidebar")).to_be_hidden()
        look(page, tmp_path / f"{language}-files.png")
        page.locator(".root").first.tap()
        expect(page.locator(".item")).to_have_count(7)
        wait_until(lambda: page.locator(".item img").count() == 4, "the thumbnails")
        look(page, tmp_path / f"{language}-folder.png")
        page.locator(".files-tools .icon-button").tap()
        expect(page.locator(".tiles")).to_be_visible()
        look(page, tmp_path / f"{language}-tiles.png")
        page.locator(".files-tools .icon-button").tap()
        page.locator(".item-more").nth(2).tap()
        expect(page.get_by_role("menu")).to_be_visible()
        look(page, tmp_path / f"{language}-menu.png")
        page.go_back()
        expect(page.get_by_role("menu")).to_have_count(0)
        hold(page, page.locator(".item-main").nth(2))
        expect(page.locator(".selection-bar")).to_be_visible()
        page.locator(".item-main").nth(3).tap()
        look(page, tmp_path / f"{language}-selection.png")
        page.locator(".selection-bar .icon-button").first.tap()
        item(page, "hut 1.jpg").locator(".item-main").tap()
        expect(page.locator(".viewer-image")).to_be_visible()
        look(page, tmp_path / f"{language}-viewer.png")
        page.go_back()
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.locator(".files .back").tap()
        expect(page.locator(".root")).to_have_count(4)
        page.locator(".files .back").tap()
        expect(page.locator(".sidebar")).to_be_visible()
        page.context.close()


def hold(page, place):
    """A finger that stays."""
    where = place.bounding_box()
    devtools = page.context.new_cdp_session(page)
    points = [{"x": where["x"] + 40, "y": where["y"] + 20}]
    devtools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
    page.wait_for_timeout(600)
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def look(page, path):
    """A picture for people, and what can be checked without them."""
    page.screenshot(path=path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate("""() => Array.from(document.querySelectorAll('button, a, select, input:not([type=file]):not([type=checkbox])'))
        .filter((one) => one.offsetParent !== null && !one.closest('[inert]'))
        .map((one) => [one.className, one.offsetWidth, one.offsetHeight]).filter(([, width, height]) => Math.min(width, height) < 44)""")
    assert small == [], path.name
    problems = Axe().run(page, options={"runOnly": WCAG}).response["violations"]
    assert [(problem["id"], [node["target"] for node in problem["nodes"]][:3]) for problem in problems] == [], path.name
