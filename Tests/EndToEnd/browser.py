"""What the browser tests do over and over: a Chromium, a person in front of it, a picture to send."""

import io
import re
import threading
import urllib.parse

from PIL import Image, ImageDraw
from playwright.sync_api import expect, sync_playwright

PASSWORD = "kitchen table 7"
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}

# Browsers trust 127.0.0.1 like https. A household's browser reaches the box by plain http at an address that is not trusted,
# without crypto.subtle, service workers, notifications and the async clipboard: so do these tests.
HOST = "box.home.arpa"

# Sync and sending take milliseconds; a machine that builds at the same time takes seconds.
expect.set_options(timeout=20_000)


class Browser:
    """One Chromium. Every page is watched: nothing may be asked of another origin, and no script may fail."""

    def __init__(self, executable):
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", f"--host-resolver-rules=MAP {HOST} 127.0.0.1"])
        self.foreign_requests = []
        self.script_errors = []

    def close(self):
        self._browser.close()
        self._playwright.stop()

    def page(self, box, path="/", context=None, **options):
        """A page of a new person (or of `context`, for a second tab)."""
        if context is None:
            context = self._browser.new_context(**{**DESKTOP, "locale": "en-US", **options})
        page = context.new_page()
        origin = f"{HOST}:{box.port}"

        def watch(request):
            address = urllib.parse.urlsplit(request.url)
            # Chromium's own viewer for PDF is an extension that it brings along.
            if address.scheme not in ("blob", "data", "chrome", "chrome-extension") and address.netloc != origin:
                self.foreign_requests.append(request.url)

        def listen(message):
            # Chromium reports each 401 and each refused connection as an error of its own: those are what some tests are about.
            if message.type == "error" and "Failed to load resource" not in message.text:
                self.script_errors.append(message.text)

        page.on("request", watch)
        page.on("console", listen)
        page.on("pageerror", lambda error: self.script_errors.append(str(error)))
        page.goto(f"http://{origin}{path}")
        return page


def sign_up(page, name, button):
    """Fills in the sign-up form and waits for the chats."""
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name=button).click()
    expect(page.locator(".sidebar")).to_be_visible()


def open_room(page, name):
    page.locator("a.room-row", has_text=name).click()
    expect(page.locator(".room-heading")).to_contain_text(name)


def write(page, text):
    field = page.locator(".composer-field")
    field.fill(text)
    field.press("Enter")


def message(page, text):
    return page.locator(".bubble", has_text=re.compile(re.escape(text)))


def own_device(page):
    return page.evaluate("JSON.parse(localStorage['landline.session'])")


def photo(width=1600, height=1200):
    """A JPEG large enough to get a thumbnail."""
    image = Image.new("RGB", (width, height), (70, 130, 180))
    draw = ImageDraw.Draw(image)
    for row in range(0, height, 4):
        draw.line([(0, row), (width, row)], fill=(70 + row * 120 // height, 130, 180 - row * 90 // height), width=4)
    draw.ellipse([width * 0.6, height * 0.1, width * 0.75, height * 0.3], fill=(250, 230, 150))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


class Background:
    """Runs a coroutine function on a thread of its own, for clients that must listen while the browser acts."""

    def __init__(self, loop):
        self.loop = loop
        self.thread = threading.Thread(target=loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine, timeout_seconds=60):
        import asyncio

        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout_seconds)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
