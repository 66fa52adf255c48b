"""The web client in a real browser, against a real server."""

import asyncio
import json
import re

import nio
import pytest
from playwright.sync_api import expect

from browser import DESKTOP, HOST, PASSWORD, PHONE, Background, Browser, message, open_room, own_device, photo, sign_up, write
from conftest import wait_until


@pytest.fixture
def browser(chromium_executable):
    made = Browser(chromium_executable)
    yield made
    made.close()
    assert made.foreign_requests == []
    assert made.script_errors == []


@pytest.fixture
def background():
    made = Background(asyncio.new_event_loop())
    yield made
    made.stop()


@pytest.fixture
def family_box(landline):
    """A box as a household has it: new people come by invitation, and everyone is in Home."""
    return landline("--registration", "invite", "--home-room", "on")


@pytest.fixture
def owner(browser, family_box):
    """The owner's page, with Home open."""
    page = browser.page(family_box)
    sign_up(page, "Anna Müller", "Set up this box")
    open_room(page, "Home")
    return page


def invitation(page):
    """Makes an invitation as the owner does, and gives its path."""
    page.get_by_role("button", name="New chat or room").click()
    page.get_by_role("menuitem", name="Invite someone to this box").click()
    page.get_by_role("button", name="Make an invitation").click()
    link = page.get_by_label("Invitation link").input_value()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    return "/j/" + link.split("/j/")[1]


def test_nothing_needs_a_trusted_origin(browser, family_box, owner):
    """Plain http, as in the household; copying and sending work all the same."""
    assert owner.evaluate("[window.isSecureContext, typeof crypto.subtle, typeof navigator.clipboard, typeof crypto.randomUUID]") == [
        False, "undefined", "undefined", "undefined"]
    owner.get_by_role("button", name="New chat or room").click()
    owner.get_by_role("menuitem", name="Invite someone to this box").click()
    owner.get_by_role("button", name="Make an invitation").click()
    link = owner.get_by_label("Invitation link").input_value()
    code = owner.get_by_role("img", name="QR code of the invitation link")
    wait_until(lambda: code.evaluate("image => image.complete && image.naturalWidth") > 0, "the QR code to be drawn")
    owner.get_by_role("button", name="Copy").click()
    expect(owner.get_by_text("Copied")).to_be_visible()
    owner.keyboard.press("Escape")
    expect(owner.get_by_role("dialog")).to_have_count(0)
    owner.locator(".composer-field").press("Control+v")
    expect(owner.locator(".composer-field")).to_have_value(link)
    owner.locator(".composer-field").press("Enter")
    expect(message(owner, link).get_by_role("link")).to_have_attribute("href", link)
    owner.get_by_role("button", name="Account and settings").click()
    owner.get_by_role("menuitem", name="Settings").click()
    expect(owner.get_by_text("only over a trusted https address")).to_be_visible()


def test_first_run_invitation_and_chat(browser, family_box, owner):
    write(owner, "Hello, is anybody there?")
    expect(message(owner, "is anybody there").locator(".status-tick, .status-ticks")).to_be_visible()

    path = invitation(owner)
    ben = browser.page(family_box, path)
    expect(ben.get_by_role("heading", level=1)).to_contain_text("You are invited")
    sign_up(ben, "Ben", "Join")
    open_room(ben, "Home")
    expect(message(ben, "is anybody there")).to_be_visible()
    write(ben, "I am, 你好！")
    expect(message(owner, "I am, 你好！")).to_be_visible()
    expect(owner.locator(".message:not(.own) .sender")).to_have_text("Ben")
    # Ben has seen it and answered.
    expect(message(owner, "is anybody there").locator(".status-ticks")).to_be_visible()

    again = browser.page(family_box, path)
    expect(again.get_by_role("heading", level=1)).to_contain_text("no longer valid")
    again.get_by_role("button", name="I have an account").click()
    again.get_by_label("User name").fill("ben")
    again.locator("input[name=password]").fill("not it")
    again.get_by_role("button", name="Log in").click()
    expect(again.get_by_role("alert")).to_contain_text("wrong")
    again.locator("input[name=password]").fill(PASSWORD)
    again.get_by_role("button", name="Log in").click()
    open_room(again, "Home")
    expect(message(again, "I am, 你好！")).to_be_visible()


def test_a_matrix_app_and_the_browser(browser, background, family_box, owner):
    """matrix-nio and the browser talk and exchange a picture, both ways."""
    token = invitation(owner).removeprefix("/j/")
    body = {"username": "nio", "password": PASSWORD, "auth": {"type": "m.login.registration_token", "token": token}}
    status, account = family_box.request("POST", "/_matrix/client/v3/register", body)
    if status == 401:
        body["auth"]["session"] = account["session"]
        status, account = family_box.request("POST", "/_matrix/client/v3/register", body)
    assert status == 200, account

    client = nio.AsyncClient(family_box.url, account["user_id"])
    client.restore_login(account["user_id"], account["device_id"], account["access_token"])
    seen = []

    async def listen():
        client.add_event_callback(lambda room, event: seen.append(event), (nio.RoomMessageText, nio.RoomMessageImage))
        await client.sync(timeout=0, full_state=True)
        return asyncio.ensure_future(client.sync_forever(timeout=30000))

    listening = background.run(listen())
    try:
        room_id = next(room_id for room_id, room in client.rooms.items() if room.name == "Home")
        write(owner, "Hello, app")
        wait_until(lambda: any(getattr(event, "body", "") == "Hello, app" for event in seen), "matrix-nio to see the browser's message")

        async def send(content):
            answer = await client.room_send(room_id, "m.room.message", content)
            assert isinstance(answer, nio.RoomSendResponse), answer

        background.run(send({"msgtype": "m.text", "body": "Hello, browser"}))
        expect(message(owner, "Hello, browser")).to_be_visible()

        picture = photo()
        owner.locator("input[data-picker=photos]").set_input_files({"name": "hut.jpg", "mimeType": "image/jpeg", "buffer": picture})
        expect(owner.locator(".chip")).to_have_count(1)
        owner.get_by_role("button", name="Send", exact=True).click()
        shown = wait_until(lambda: [event for event in seen if isinstance(event, nio.RoomMessageImage)], "matrix-nio to see the picture")[0]
        info = shown.source["content"]["info"]
        assert (info["w"], info["h"], info["mimetype"], info["size"]) == (1600, 1200, "image/jpeg", len(picture))
        assert max(info["thumbnail_info"]["w"], info["thumbnail_info"]["h"]) <= 800

        async def fetch(mxc):
            answer = await client.download(mxc)
            assert isinstance(answer, nio.DownloadResponse), answer
            return answer.body

        assert background.run(fetch(shown.url)) == picture
        assert len(background.run(fetch(info["thumbnail_url"]))) < len(picture)

        async def send_picture():
            answer, _ = await client.upload(lambda *_: [photo(900, 1200)], content_type="image/jpeg", filename="tree.jpg")
            assert isinstance(answer, nio.UploadResponse), answer
            return answer.content_uri

        mxc = background.run(send_picture())
        background.run(send({"msgtype": "m.image", "body": "tree.jpg", "url": mxc, "info": {"w": 900, "h": 1200, "mimetype": "image/jpeg"}}))
        image = owner.get_by_role("img", name="Photo tree.jpg")
        expect(image).to_be_visible()
        wait_until(lambda: image.evaluate("image => image.complete && image.naturalWidth") > 0, "the picture to be shown")

        owner.get_by_role("button", name="Open photo").last.click()
        large = owner.locator(".viewer-image")
        wait_until(lambda: large.evaluate("image => image.naturalWidth") == 900, "the large picture to be shown")
        owner.keyboard.press("ArrowLeft")
        wait_until(lambda: large.evaluate("image => image.naturalWidth") == 1600, "the arrow key to show the picture before")
        owner.keyboard.press("Escape")
        expect(large).to_have_count(0)
    finally:
        background.loop.call_soon_threadsafe(listening.cancel)
        background.run(client.close())


def test_files_by_drop_and_paste(browser, owner):
    """What is dropped and pasted goes into the tray, can be taken out again, and arrives."""
    give = """(kind) => {
        const data = new DataTransfer();
        data.items.add(new File(['some words for ' + kind], kind + '.txt', { type: 'text/plain' }));
        const field = document.querySelector('.composer-field');
        if (kind === 'drop') {
            document.querySelector('.sidebar').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
        } else {
            field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        }
    }"""
    owner.evaluate(give, "drop")
    owner.evaluate(give, "paste")
    expect(owner.locator(".chip-name")).to_have_text(["drop.txt", "paste.txt"])
    owner.get_by_role("button", name="Remove paste.txt").click()
    owner.locator(".composer-field").press("Enter")
    card = owner.locator(".message .file-card", has_text="drop.txt")
    expect(card.get_by_role("button", name="Download drop.txt")).to_be_visible()
    with owner.expect_download() as download:
        card.get_by_role("button", name="Download drop.txt").click()
    assert download.value.suggested_filename == "drop.txt"
    assert download.value.path().read_text() == "some words for drop"
    expect(owner.locator(".file-card")).to_have_count(1)


def test_an_upload_can_be_cancelled(browser, owner):
    """One of two files is taken back while it waits; the other one and a text arrive."""
    # The first upload never gets anywhere.
    owner.route("**/upload?filename=wrong.zip", lambda route: None)
    files = [{"name": name, "mimeType": "application/zip", "buffer": b"x" * 200_000} for name in ("wrong.zip", "right.zip")]
    owner.locator("input[data-picker=files]").set_input_files(files)
    expect(owner.locator(".chip")).to_have_count(2)
    owner.get_by_role("button", name="Send", exact=True).click()
    expect(owner.locator(".ring")).to_have_count(2)
    write(owner, "not held up")
    expect(message(owner, "not held up").locator(".status-tick")).to_be_visible()
    owner.locator(".message", has_text="wrong.zip").get_by_role("button", name="Cancel sending").click()
    expect(owner.get_by_text("wrong.zip")).to_have_count(0)
    expect(owner.get_by_role("button", name="Download right.zip")).to_be_visible()
    expect(message(owner, "right.zip").locator(".status-tick")).to_be_visible()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_box_goes_away_and_comes_back(browser, family_box, owner, how):
    """What is written meanwhile waits, says so, and is delivered once, in order."""
    write(owner, "before")
    expect(message(owner, "before").locator(".status-tick")).to_be_visible()
    getattr(family_box, how)()
    expect(owner.locator(".banner")).to_be_visible()
    expect(owner.locator(".banner")).to_contain_text("The box is away, reconnecting…")
    for number in range(3):
        write(owner, f"meanwhile {number}")
    expect(owner.locator(".status-clock")).to_have_count(3)
    family_box.start()
    expect(owner.locator(".banner")).to_be_hidden()
    expect(owner.locator(".status-clock")).to_have_count(0)
    expect(owner.locator(".banner")).to_be_hidden()
    write(owner, "after")
    expect(message(owner, "after").locator(".status-tick")).to_be_visible()

    session = own_device(owner)
    room_id = owner.evaluate("decodeURIComponent(location.hash.split('/')[2])")
    status, answer = family_box.request("GET", f"/_matrix/client/v3/rooms/{room_id}/messages?dir=b&limit=50", token=session["accessToken"])
    assert status == 200
    bodies = [event["content"]["body"] for event in reversed(answer["chunk"]) if event["type"] == "m.room.message"]
    assert bodies == ["before", "meanwhile 0", "meanwhile 1", "meanwhile 2", "after"]
    shown = owner.locator(".bubble .text").evaluate_all("texts => texts.map((text) => text.firstChild.textContent)")
    assert shown == bodies


def test_a_lost_answer_makes_no_second_message(browser, family_box, owner):
    """The box takes the message but the answer is lost on the way: the retry carries the same transaction ID."""
    lost = []

    def lose_the_answer(route):
        if lost:
            route.continue_()
        else:
            route.fetch(url=route.request.url.replace(HOST, "127.0.0.1"))
            lost.append(route.request.url)
            route.abort()

    owner.route("**/send/m.room.message/**", lose_the_answer)
    write(owner, "only once")
    expect(message(owner, "only once").locator(".status-tick")).to_be_visible()
    write(owner, "and this")
    expect(message(owner, "and this").locator(".status-tick")).to_be_visible()
    assert len(lost) == 1
    expect(message(owner, "only once")).to_have_count(1)
    owner.reload()
    expect(message(owner, "and this")).to_be_visible()
    expect(message(owner, "only once")).to_have_count(1)


def test_unsent_messages_survive_a_reload(browser, family_box, owner):
    owner.route("**/send/m.room.message/**", lambda route: route.abort())
    write(owner, "first")
    write(owner, "second")
    owner.locator("input[data-picker=files]").set_input_files({"name": "list.txt", "mimeType": "text/plain", "buffer": b"milk"})
    owner.locator(".composer-field").fill("a draft")
    expect(owner.locator(".chip")).to_have_count(1)
    owner.get_by_role("button", name="Remove list.txt").click()
    owner.unroute("**/send/m.room.message/**")
    owner.reload()
    expect(owner.locator(".composer-field")).to_have_value("a draft")
    expect(message(owner, "second").locator(".status-tick")).to_be_visible()
    shown = owner.locator(".bubble .text").evaluate_all("texts => texts.map((text) => text.firstChild.textContent)")
    assert shown == ["first", "second"]
    assert owner.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('landline.outbox.')).length") == 0


def test_enter_of_an_input_method_does_not_send(browser, owner):
    """A Chinese input method: Enter takes over the letters, and only the next one sends."""
    field = owner.locator(".composer-field")
    field.focus()
    keyboard = owner.context.new_cdp_session(owner)
    keyboard.send("Input.imeSetComposition", {"text": "nihao", "selectionStart": 5, "selectionEnd": 5})
    # The key belongs to the input method: Chromium reports it with key code 229 and isComposing.
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229})
    owner.wait_for_timeout(200)
    expect(owner.locator(".message")).to_have_count(0)
    # Safari ends the composition first and then reports an ordinary Enter.
    owner.evaluate("""() => {
        const field = document.querySelector('.composer-field');
        field.dispatchEvent(new CompositionEvent('compositionend', { data: '你好', bubbles: true }));
        field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 13, bubbles: true, cancelable: true }));
    }""")
    owner.wait_for_timeout(200)
    expect(owner.locator(".message")).to_have_count(0)
    keyboard.send("Input.insertText", {"text": "你好"})
    expect(field).to_have_value("你好")
    # Longer than any input method takes, shorter than any finger.
    owner.wait_for_timeout(150)
    field.press("Enter")
    expect(message(owner, "你好")).to_have_count(1)
    expect(field).to_have_value("")


def test_chinese(browser, family_box):
    page = browser.page(family_box, locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.get_by_role("heading", level=1)).to_have_text("欢迎！这台服务盒归您所有。")
    page.locator("input[name=name]").fill("王小明")
    # Nothing of the name fits into a user name, so the box proposes one.
    expect(page.locator("input[name=username]")).to_have_value(re.compile(r"^user-[a-z0-9]{4}$"))
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="启用服务盒").click()
    open_room(page, "Home")
    write(page, "今天开会吗？")
    expect(message(page, "今天开会吗？")).to_be_visible()
    expect(page.locator(".line-day").first).to_have_text("今天")
    page.get_by_role("button", name="账号与设置").click()
    page.get_by_role("menuitem", name="设置").click()
    page.get_by_role("radio", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_placeholder("Search chats")).to_be_visible()


def test_rooms_people_and_leaving(browser, family_box, owner):
    ben = browser.page(family_box, invitation(owner))
    sign_up(ben, "Ben", "Join")

    owner.get_by_role("button", name="New chat or room").click()
    owner.get_by_role("menuitem", name="New room").click()
    owner.get_by_label("Room name").fill("Garden")
    owner.get_by_role("button", name=re.compile("Ben")).click()
    expect(owner.locator(".chosen-one")).to_contain_text("Ben")
    owner.get_by_role("button", name="Create room").click()
    expect(owner.locator(".room-heading")).to_contain_text("Garden")

    ben.get_by_role("group", name="Invitation to Garden").get_by_role("button", name="Accept").click()
    expect(ben.locator(".room-heading")).to_contain_text("Garden")
    write(ben, "Tomatoes?")
    expect(message(owner, "Tomatoes?")).to_be_visible()

    # A chat of two is called after the other person, and found again instead of made twice.
    for _ in range(2):
        ben.get_by_role("button", name="New chat or room").click()
        ben.get_by_role("menuitem", name="New chat").click()
        ben.locator(".dialog").get_by_role("button", name=re.compile("Anna")).click()
        expect(ben.locator(".room-heading")).to_contain_text("Anna Müller")
    expect(ben.locator("a.room-row", has_text="Anna Müller")).to_have_count(1)
    write(ben, "Just for you")
    owner.get_by_role("group", name="Invitation to Ben").get_by_role("button", name="Accept").click()
    expect(owner.locator(".room-heading")).to_contain_text("Ben")
    expect(message(owner, "Just for you")).to_be_visible()

    owner.locator(".composer-field").press_sequentially("typ")
    expect(ben.locator(".room-heading")).to_contain_text("is typing…")

    open_room(ben, "Garden")
    ben.get_by_role("button", name="Room info").last.click()
    ben.get_by_role("button", name="Leave room").click()
    ben.get_by_role("button", name="Leave room").click()
    expect(ben.locator("a.room-row", has_text="Garden")).to_have_count(0)


def test_reply_edit_react_delete(browser, family_box, owner):
    ben = browser.page(family_box, invitation(owner))
    sign_up(ben, "Ben", "Join")
    open_room(ben, "Home")
    write(owner, "Lunch at one")

    def act(page, text, command):
        row = page.locator(".message", has=message(page, text)).first
        row.hover()
        row.get_by_role("button", name="Message actions").click()
        page.get_by_role("menuitem", name=command).click()

    act(ben, "Lunch at one", "Reply")
    write(ben, "Can we say two?")
    expect(message(owner, "Can we say two?").locator(".quote")).to_contain_text("Lunch at one")
    act(owner, "Lunch at one", "Edit")
    expect(owner.locator(".composer-field")).to_have_value("Lunch at one")
    write(owner, "Lunch at two")
    expect(message(ben, "Lunch at two").first).to_contain_text("edited")
    act(ben, "Can we say two?", "React with 👍")
    expect(owner.locator(".reaction")).to_contain_text("👍")
    act(ben, "Can we say two?", "Delete for everyone")
    ben.get_by_role("button", name="Delete", exact=True).click()
    expect(owner.get_by_text("Message deleted").first).to_be_visible()
    expect(message(owner, "Can we say two?")).to_have_count(0)


def test_an_encrypted_room_takes_no_plain_text(browser, family_box, owner):
    body = {"name": "Secrets", "initial_state": [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]}
    status, _ = family_box.request("POST", "/_matrix/client/v3/createRoom", body, token=own_device(owner)["accessToken"])
    assert status == 200
    open_room(owner, "Secrets")
    expect(owner.get_by_text("This room is encrypted end to end.")).to_be_visible()
    expect(owner.locator(".composer-field")).to_be_hidden()
    owner.keyboard.type("secret")
    owner.keyboard.press("Enter")
    expect(owner.locator(".message")).to_have_count(0)


def test_history_loads_while_scrolling_up(browser, family_box, owner):
    """500 messages: all can be reached, few are on the page, and what one reads stays where it is."""
    session = own_device(owner)
    room_id = owner.evaluate("decodeURIComponent(location.hash.split('/')[2])")
    for number in range(500):
        content = {"msgtype": "m.text", "body": f"number {number} of the story"}
        status, _ = family_box.request("PUT", f"/_matrix/client/v3/rooms/{room_id}/send/m.room.message/h{number}", content, token=session["accessToken"])
        assert status == 200
    owner.reload()
    expect(message(owner, "number 499 of")).to_be_visible()
    scroller = owner.locator(".timeline")

    scroller.evaluate("timeline => { timeline.scrollTop = 700; }")
    place = "() => { const top = document.querySelector('.timeline').getBoundingClientRect().top;" \
        " return Array.from(document.querySelectorAll('.message')).map((row) => [row.innerText, Math.round(row.getBoundingClientRect().top - top)])" \
        ".find(([, y]) => y >= 0); }"
    text, before = owner.evaluate(place)
    wait_until(lambda: scroller.evaluate("timeline => timeline.scrollTop") > 1500, "older messages to be put above")
    after = owner.evaluate("(text) => { const top = document.querySelector('.timeline').getBoundingClientRect().top;"
                           " return Array.from(document.querySelectorAll('.message')).filter((row) => row.innerText === text)"
                           ".map((row) => Math.round(row.getBoundingClientRect().top - top))[0]; }", text)
    assert abs(after - before) <= 2

    def to_the_top():
        scroller.evaluate("timeline => { timeline.scrollTop = 0; }")
        owner.wait_for_timeout(50)
        assert owner.locator(".rows > *").count() <= 300
        return owner.get_by_text("number 0 of the story").count() and owner.locator(".room-start").count()

    wait_until(to_the_top, "the beginning of the room")
    owner.get_by_role("button", name="Go to the newest message").click()
    expect(message(owner, "number 499 of")).to_be_visible()
    assert owner.locator(".rows > *").count() <= 300


def test_unread_marks(browser, family_box, owner):
    ben = browser.page(family_box, invitation(owner))
    sign_up(ben, "Ben", "Join")
    for number in range(3):
        write(owner, f"news {number}")
    row = ben.locator("a.room-row", has_text="Home")
    expect(row.locator(".badge")).to_contain_text("3")
    expect(row).to_contain_text("Anna Müller: news 2")
    expect(ben).to_have_title(re.compile(r"^\(3\) "))
    row.click()
    expect(row.locator(".badge")).to_have_count(0)
    expect(ben).not_to_have_title(re.compile(r"^\("))


def test_two_tabs_share_one_sync(browser, family_box, owner):
    """One tab polls and the other follows; when the first closes, the second takes over."""
    second = browser.page(family_box, context=owner.context)
    open_room(second, "Home")
    write(owner, "from the first")
    expect(message(second, "from the first")).to_be_visible()
    leader = json.loads(owner.evaluate("localStorage['landline.leader']"))["tab"]
    polls = []
    second.on("request", lambda request: polls.append(request.url) if "/sync?" in request.url and "timeout=30000" in request.url else None)
    for number in range(5):
        write(owner, f"more {number}")
    expect(message(second, "more 4")).to_be_visible()
    assert polls == []
    owner.close()

    def new_leader():
        # For a moment there is none: the tab that closes gives up the lease before the other takes it.
        lease = second.evaluate("localStorage['landline.leader']")
        return lease and json.loads(lease)["tab"] != leader

    wait_until(new_leader, "the second tab to take over")
    write(second, "alone now")
    expect(message(second, "alone now").locator(".status-tick")).to_be_visible()
    assert polls != []


def test_settings(browser, family_box, owner):
    def settings():
        owner.get_by_role("button", name="Account and settings").click()
        owner.get_by_role("menuitem", name="Settings").click()

    settings()
    owner.get_by_role("radio", name="Dark").check()
    expect(owner.locator("html")).to_have_attribute("data-theme", "dark")
    owner.get_by_label("Your name").fill("Anna M.")
    owner.get_by_role("button", name="Save").click()
    owner.locator("input[data-picker=avatar]").set_input_files({"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photo(500, 400)})
    expect(owner.locator(".avatar-button img")).to_be_visible()
    owner.get_by_role("button", name="Change password").click()
    owner.get_by_label("Current password").fill("wrong one")
    owner.get_by_label("New password").fill("another table 8")
    owner.locator("form").get_by_role("button", name="Change password").click()
    expect(owner.get_by_role("alert")).to_contain_text("wrong")
    owner.get_by_label("Current password").fill(PASSWORD)
    owner.locator("form").get_by_role("button", name="Change password").click()
    expect(owner.get_by_text("Your password is changed.")).to_be_visible()

    other = browser.page(family_box)
    other.get_by_label("User name").fill("anna.muller")
    other.locator("input[name=password]").fill("another table 8")
    other.get_by_role("button", name="Log in").click()
    expect(other.locator(".sidebar")).to_be_visible()
    settings()
    owner.get_by_role("button", name="Where you are logged in").click()
    expect(owner.locator(".dialog .person")).to_have_count(2)
    owner.get_by_role("button", name="Log out all others").click()
    owner.get_by_label("Password", exact=True).fill("another table 8")
    owner.locator("form").get_by_role("button", name="Log out").click()
    expect(owner.get_by_text("1 device is logged out.")).to_be_visible()
    # The first thing that device does now shows it the way in.
    other.reload()
    expect(other.get_by_role("button", name="Log in")).to_be_visible()

    owner.keyboard.press("Escape")
    expect(owner.get_by_role("dialog")).to_have_count(0)
    settings()
    owner.get_by_role("button", name="Log out", exact=True).click()
    owner.get_by_role("dialog", name="Log out").get_by_role("button", name="Log out").click()
    expect(owner.get_by_role("button", name="Log in")).to_be_visible()
    assert owner.evaluate("localStorage['landline.session']") is None


def test_phone(browser, family_box, tmp_path):
    """One column on a phone, in both themes and languages; the back button closes what lies on top."""
    page = browser.page(family_box, **PHONE)
    expect(page.locator("form")).to_be_visible()
    page.screenshot(path=tmp_path / "phone-first-run.png")
    sign_up(page, "Anna", "Set up this box")
    expect(page.locator("a.room-row", has_text="Home")).to_have_count(1)
    page.screenshot(path=tmp_path / "phone-list.png")
    open_room(page, "Home")
    expect(page.locator(".sidebar")).to_be_hidden()
    field = page.locator(".composer-field")
    field.fill("A line")
    field.press("Enter")
    # On a touch keyboard Enter is a new line.
    expect(field).to_have_value("A line\n")
    page.get_by_role("button", name="Send", exact=True).tap()
    expect(message(page, "A line").locator(".status-tick")).to_be_visible()
    page.locator("input[data-picker=photos]").set_input_files({"name": "hut.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    page.get_by_role("button", name="Send", exact=True).tap()
    picture = page.get_by_role("button", name="Open photo")
    expect(picture).to_be_visible()
    page.screenshot(path=tmp_path / "phone-room.png")
    picture.tap()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.screenshot(path=tmp_path / "phone-viewer.png")
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".composer-field")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate("""() => Array.from(document.querySelectorAll('button, a, input:not([type=file])'))
        .filter((one) => one.offsetParent !== null && !one.closest('.bubble') && !one.matches('.more'))
        .map((one) => [one.className, one.offsetWidth, one.offsetHeight]).filter(([, width, height]) => Math.min(width, height) < 44)""")
    assert small == []
    page.get_by_role("button", name="Back").tap()
    expect(page.locator(".sidebar")).to_be_visible()
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.screenshot(path=tmp_path / "phone-list-dark.png")

    wide = browser.page(family_box, **DESKTOP, color_scheme="dark", locale="zh-CN")
    expect(wide.locator("form")).to_be_visible()
    wide.screenshot(path=tmp_path / "desktop-login-dark-zh.png")
    assert len(list(tmp_path.glob("*.png"))) == 6
