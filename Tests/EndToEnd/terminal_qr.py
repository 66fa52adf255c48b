"""Reads QR codes out of a terminal's text with an independent decoder."""

import re

import zxingcpp
from PIL import Image

COLOURS = re.compile("\x1b\\[[0-9;]*m")
HALF_BLOCK_LINE = re.compile("[ ▀▄█]{29,}$")
PIXELS_PER_MODULE = 6


def decode(text):
    """The contents of all QR codes drawn with half blocks in this text, in their order."""
    contents = []
    art = []
    for line in [*COLOURS.sub("", text).splitlines(), ""]:
        if HALF_BLOCK_LINE.match(line) and (not art or len(line) == len(art[0])):
            art.append(line)
        elif art:
            contents += _read(art)
            art = []
    return contents


def _read(art):
    width, height = len(art[0]), 2 * len(art)
    image = Image.new("L", (width, height), 255)
    for row, line in enumerate(art):
        for column, character in enumerate(line):
            if character in "█▀":
                image.putpixel((column, 2 * row), 0)
            if character in "█▄":
                image.putpixel((column, 2 * row + 1), 0)
    enlarged = image.resize((width * PIXELS_PER_MODULE, height * PIXELS_PER_MODULE), Image.Resampling.NEAREST)
    # Drawn either way round: black on white, or with the light modules as blocks.
    return [code.text for code in zxingcpp.read_barcodes(enlarged, try_invert=True)]
