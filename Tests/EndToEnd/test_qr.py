"""What is printed as a QR code is what is printed as text."""

import re
import subprocess

from conftest import clean_environment, wait_until
from terminal_qr import decode


def test_the_start_shows_the_address_as_a_code(landline):
    box = landline()
    codes = wait_until(lambda: decode(box.log), "a QR code in the server's output")
    assert len(codes) == 1
    assert re.match(r"http://[^/]+", codes[0])[0] == box.url
    assert codes[0] in box.log


def test_an_invitation_shows_its_link_as_a_code(landline, landline_executable):
    box = landline("--registration", "invite")
    result = subprocess.run(
        [landline_executable, "invite", "--data", box.data], capture_output=True, text=True, timeout=30, env=clean_environment()
    )
    assert result.returncode == 0, result.stderr
    codes = decode(result.stdout)
    assert len(codes) == 1
    assert codes[0].startswith("http")
    assert codes[0] in result.stdout
