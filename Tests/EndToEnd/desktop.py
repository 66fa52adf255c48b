"""A screen without a monitor, on which real desktop clients run; tests read its words and use its keyboard and mouse, as people do."""

import contextlib
import csv
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import clean_environment, wait_until

SIZE = "1280x800x24"
PATIENCE_SECONDS = 60
# Letters of this size are read well when they are twice as large.
MAGNIFICATION = 2
KEY_DELAY_MILLISECONDS = 15


class Screen:
    """One X display with a session bus of its own, and what runs on it."""

    def __init__(self, directory):
        self.directory = directory
        self.processes = []
        home = directory / "home"
        runtime = directory / "runtime"
        home.mkdir()
        runtime.mkdir(mode=0o700)
        read, write = os.pipe()
        server = ["Xvfb", "-displayfd", str(write), "-screen", "0", SIZE, "-nolisten", "tcp"]
        self._start(server, clean_environment(), pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as numbers:
            display = ":" + numbers.readline().strip()
        self.environment = clean_environment(
            DISPLAY=display, HOME=str(home), XDG_CONFIG_HOME=str(home / ".config"), XDG_CACHE_HOME=str(home / ".cache"),
            XDG_DATA_HOME=str(home / ".local/share"), XDG_RUNTIME_DIR=str(runtime), LANG="C.UTF-8", LC_ALL="C.UTF-8",
            QT_QUICK_BACKEND="software", LIBGL_ALWAYS_SOFTWARE="1",
        )  # fmt: skip
        for name in ("WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
            self.environment.pop(name, None)

        # Gives every window the whole screen, and the keyboard to the one in front.
        self._start(["matchbox-window-manager", "-use_titlebar", "no"], self.environment)

    @property
    def home(self):
        return pathlib.Path(self.environment["HOME"])

    def run(self, *command):
        """Starts a client; it is ended with the screen."""
        return self._start(["dbus-run-session", "--", *command], self.environment)

    def _start(self, command, environment, **options):
        name = command[-1] if command[0] == "dbus-run-session" else command[0]
        with open(self.directory / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment, start_new_session=True, **options
            )
        self.processes.append(process)
        return process

    def picture(self, name="screen"):
        """Takes a picture of the screen; returns its path."""
        path = self.directory / f"{name}.png"
        subprocess.run(["import", "-window", "root", path], env=self.environment, check=True, capture_output=True)
        return path

    def words(self):
        """The words on the screen with the middle of each, in pixels: [(text, x, y)]."""
        picture = self.picture()
        found = []
        # The second way of looking finds the words on buttons.
        for options in ([], ["-lat", "25x25-3%"]):
            larger = self.directory / "larger.png"
            scale = ["-colorspace", "gray", "-resize", f"{MAGNIFICATION * 100}%"]
            subprocess.run(["convert", picture, *scale, *options, larger], check=True, capture_output=True)
            table = subprocess.run(["tesseract", larger, "-", "--psm", "11", "tsv"], check=True, capture_output=True, text=True).stdout
            for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
                if float(row["conf"]) > 30 and row["text"].strip():
                    left, top, width, height = (int(row[key]) for key in ("left", "top", "width", "height"))
                    found.append((row["text"].strip(), (left + width // 2) // MAGNIFICATION, (top + height // 2) // MAGNIFICATION))
        return found

    def find(self, word):
        return next((place for place in self.words() if word in place[0]), None)

    def sees(self, word):
        """Waits until the word is on the screen and stands still; returns where: (text, x, y)."""
        places = [None]

        def stands_still():
            places.append(self.find(word))
            return places[-1] if places[-1] == places[-2] else None

        return wait_until(stands_still, f"{word!r} on the screen", PATIENCE_SECONDS)

    def click(self, word, right=0, below=0):
        """Waits for the word and clicks on it, or so many pixels beside it."""
        _, x, y = self.sees(word)
        self._tool("mousemove", str(x + right), str(y + below), "click", "1")

    def type(self, text):
        self._tool("type", "--delay", str(KEY_DELAY_MILLISECONDS), text)

    def press(self, *keys):
        self._tool("key", *keys)

    def _tool(self, *arguments):
        subprocess.run(["xdotool", *arguments], env=self.environment, check=True, capture_output=True)

    def close(self):
        # The clients before the screen, each with what it started.
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


@pytest.fixture
def screen(tmp_path):
    directory = tmp_path / "screen"
    directory.mkdir()
    for program in ("Xvfb", "matchbox-window-manager", "xdotool", "import", "convert", "tesseract", "dbus-run-session"):
        if not shutil.which(program):
            pytest.fail(f"{program} is not installed: packaging/test installs it")
    screen = Screen(directory)
    yield screen
    with contextlib.suppress(Exception):
        print("the screen at the end:", [word for word, _, _ in screen.words()])
    for log in directory.glob("*.log"):
        print(f"--- {log.name}\n{log.read_text(errors='replace')[-6000:]}")
    screen.close()
