"""What the end-to-end tests share: starting a real server and stopping it again.

    def test_something(landline):
        box = landline("--registration", "closed")
        status, body = box.request("GET", "/_matrix/client/versions")

The executable is $LANDLINE_EXECUTABLE, or the debug build of this repository.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

START_TIMEOUT_SECONDS = 30
STOP_TIMEOUT_SECONDS = 15
POLL_INTERVAL_SECONDS = 0.05

# Names of the options, so that a test which passes one replaces the default instead of giving it twice.
DEFAULT_OPTIONS = {
    "--registration": "open",
    "--home-room": "off",
    "--rate-limits": "off",
    "--discovery": "off",
    "--bind": "127.0.0.1",
    "--https-port": "0",
}


def wait_until(condition, what, timeout_seconds=START_TIMEOUT_SECONDS, interval_seconds=POLL_INTERVAL_SECONDS):
    """Asks `condition` until it returns something true, and returns that; fails by name when the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout_seconds} s in vain: {what}")
        time.sleep(interval_seconds)


def free_port():
    """A port nobody listens on, from below the range the kernel hands out itself, so that it is still free a moment later."""
    for _ in range(200):
        port = random.randint(20000, 31999)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port between 20000 and 31999")


def clean_environment(**additions):
    """This process's environment without LANDLINE_* variables: each of those would be an option of the server."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LANDLINE_")}
    environment.update(additions)
    return environment


class Box:
    """One server process with its data directory. `url` has no slash at the end."""

    def __init__(self, executable, arguments, data, log_path):
        self.executable = executable
        self.data = data
        self.log_path = log_path
        options = dict(DEFAULT_OPTIONS)
        rest = []
        words = [str(word) for word in arguments]
        while words:
            word = words.pop(0)
            if word.startswith("--") and "=" in word:
                word, value = word.split("=", 1)
                words.insert(0, value)
            if word.startswith("--") and words and not words[0].startswith("--"):
                options[word] = words.pop(0)
            else:
                rest.append(word)
        self.port = int(options.pop("--http-port", 0)) or free_port()
        self.bind = options["--bind"]
        self.url = f"http://{'127.0.0.1' if self.bind == '0.0.0.0' else self.bind}:{self.port}"
        self.command = [str(executable), "serve", "--data", str(data), "--http-port", str(self.port)]
        for name, value in options.items():
            self.command += [name, value]
        self.command += rest
        # For the next start; a test may change it. What SwiftNIO only warns of today ends the process here.
        self.environment = {"SWIFTNIO_STRICT": "1"}
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def log(self):
        """Everything the server has written to its output and error streams, over all its starts."""
        return self.log_path.read_text(errors="replace")

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=clean_environment(**self.environment)
            )
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self):
        def answers():
            if self.process.poll() is not None:
                pytest.fail(f"the server ended with {self.process.returncode} while starting:\n{self.log[-4000:]}")
            try:
                with urllib.request.urlopen(self.url + "/_matrix/client/versions", timeout=2) as response:
                    return response.status == 200
            except OSError:
                return False

        wait_until(answers, f"{' '.join(self.command)} to answer")

    def stop(self):
        """SIGTERM, as a service manager does; returns the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self):
        """SIGKILL, as a power cut does (as far as a process can tell)."""
        return self._end(signal.SIGKILL)

    def restart(self, kill=False):
        """Ends the server and starts it again with the same options, data and port."""
        self.kill() if kill else self.stop()
        return self.start()

    def request(self, method, path, body=None, token=None, headers=None, timeout_seconds=30):
        """One HTTP request; `body` is bytes, or something that becomes JSON. Returns the status and the decoded body."""
        all_headers = dict(headers or {})
        if token:
            all_headers["Authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            all_headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=all_headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout_seconds) as response:
                status, content = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content

    def register(self, name, password="a long enough pass phrase"):
        """Makes an account where registration is open; returns the answer (user_id, access_token, device_id)."""
        status, answer = self.request(
            "POST",
            "/_matrix/client/v3/register",
            {"username": name, "password": password, "auth": {"type": "m.login.dummy"}},
        )
        if status != 200:
            pytest.fail(f"registering {name}: {status} {answer}")
        return answer

    def _end(self, number):
        if not self.running:
            return self.process.returncode if self.process else None
        self.process.send_signal(number)
        try:
            return self.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"the server was still running {STOP_TIMEOUT_SECONDS} s after signal {number}:\n{self.log[-4000:]}")


@pytest.fixture(scope="session")
def landline_executable():
    """The path of the executable under test."""
    path = pathlib.Path(os.environ.get("LANDLINE_EXECUTABLE") or REPOSITORY / ".build/debug/landline").resolve()
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is not there: run `swift build`, or set LANDLINE_EXECUTABLE")
    return path


@pytest.fixture(scope="session")
def chromium_executable():
    """The browser for Playwright: `launch(executable_path=..., args=["--no-sandbox"])`."""
    path = shutil.which("chromium") or shutil.which("chromium-headless-shell")
    if not path:
        pytest.fail("chromium is not installed: packaging/test installs it")
    return path


@pytest.fixture
def landline(landline_executable, tmp_path):
    """Factory: `landline(*options, data=None)` starts a server, waits until it answers and returns its Box.

    Options given replace the defaults of DEFAULT_OPTIONS. Give the same `data` again to open it with another server.
    All servers are ended after the test; their log is shown when the test failed.
    """
    boxes = []

    def start(*options, data=None):
        directory = pathlib.Path(data) if data else tmp_path / f"data-{len(boxes)}"
        box = Box(landline_executable, options, directory, tmp_path / f"landline-{len(boxes)}.log")
        boxes.append(box)
        return box.start()

    yield start
    running = [box for box in boxes if box.running]
    for box in running:
        box.process.terminate()
    for box in boxes:
        if box.process is None:
            continue
        try:
            box.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            box.process.kill()
            box.process.wait()
        print(f"--- {box.log_path.name} (exit code {box.process.returncode})\n{box.log[-20000:]}")
    assert [box.process.returncode for box in running] == [0] * len(running)
