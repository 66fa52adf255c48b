"""Pictures for the tests of thumbnails, made anew each time: honest ones of every kind, and hostile ones."""

import io
import random
import struct
import zlib

from PIL import Image


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def scene(width, height, seed=1):
    """Smooth, different in each corner, with some detail."""
    source = random.Random(seed)
    small = Image.new("RGB", (8, 8))
    small.putdata([(source.randrange(256), source.randrange(256), source.randrange(256)) for _ in range(64)])
    return small.resize((width, height), Image.BICUBIC)


def with_hole(image):
    """The same with a transparent quarter."""
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, 0, image.width // 2, image.height // 2))
    image = image.convert("RGBA")
    image.putalpha(alpha)
    return image


def animation(kind, width, height, **options):
    frames = [scene(width, height, seed).convert("RGB") for seed in (1, 2, 3)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, loop=0, **options)


def honest(width, height):
    """Name -> (the picture as it should look, its bytes)."""
    image = scene(width, height)
    grey = image.convert("L")
    palette = image.quantize(64)
    hole = with_hole(image)
    sixteen = Image.new("I;16", grey.size)
    sixteen.frombytes(b"".join(bytes([value, value]) for value in grey.tobytes()))
    return {
        "jpeg": (image, encoded(image, "JPEG", quality=90)),
        "progressive jpeg": (image, encoded(image, "JPEG", quality=90, progressive=True)),
        "grey jpeg": (grey, encoded(grey, "JPEG", quality=90)),
        "cmyk jpeg": (image, encoded(image.convert("CMYK"), "JPEG", quality=90)),
        "png": (image, encoded(image, "PNG")),
        "grey png": (grey, encoded(grey, "PNG")),
        "16-bit png": (grey, encoded(sixteen, "PNG")),
        "palette png": (palette, encoded(palette, "PNG")),
        "black and white png": (grey.convert("1"), encoded(grey.convert("1"), "PNG")),
        "transparent png": (hole, encoded(hole, "PNG")),
        "interlaced png": (image, interlaced_png(image)),
        "interlaced transparent png": (hole, interlaced_png(hole)),
        "gif": (palette, encoded(palette, "GIF", interlace=0)),
        "interlaced gif": (palette, encoded(palette, "GIF", interlace=1)),
        "webp": (image, encoded(image, "WEBP", quality=90)),
        "lossless webp": (image, encoded(image, "WEBP", lossless=True)),
        "transparent webp": (hole, encoded(hole, "WEBP", lossless=True)),
        "animated gif": (scene(width, height, 1), animation("GIF", width, height)),
        "animated webp": (scene(width, height, 1), animation("WEBP", width, height, lossless=True)),
        "animated png": (scene(width, height, 1), animation("PNG", width, height)),
    }


def chunk(name, content=b""):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width, height, depth, colour, rows, interlaced=False):
    """`rows`: pieces of the filtered scanlines."""
    compressor = zlib.compressobj(1)
    data = b"".join(compressor.compress(piece) for piece in rows) + compressor.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND")


def interlaced_png(image):
    """Pillow reads these, but does not write them."""
    pixels, channels, stride = image.tobytes(), len(image.getbands()), image.width * len(image.getbands())
    rows = []
    for left, top, across, down in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        for y in range(top, image.height, down) if left < image.width else ():
            row = bytearray(channels * len(range(left, image.width, across)))
            for channel in range(channels):
                row[channel::channels] = pixels[y * stride : (y + 1) * stride][left * channels + channel :: across * channels]
            rows.append(b"\0" + row)
    return png(image.width, image.height, 8, 6 if channels == 4 else 2, rows, interlaced=True)


def resized_jpeg(data, width, height):
    """The same bytes that say they are of another size."""
    at = next(data.index(marker) for marker in (b"\xff\xc0", b"\xff\xc2") if marker in data)
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


def lossless_webp(width, height):
    grey = Image.linear_gradient("L")
    image = Image.merge("RGB", [grey.resize((width, height)), grey.rotate(90).resize((width, height)), grey.resize((width, height))])
    return encoded(image, "WEBP", lossless=True, quality=0, method=0)


def bombs():
    """Name -> bytes: small files that say, or are, very large."""
    image = scene(64, 48)
    lossy = bytearray(encoded(image, "WEBP", quality=80))
    assert lossy[12:16] == b"VP8 "
    lossy[26:30] = struct.pack("<HH", 16_383, 16_383)
    gif = bytearray(encoded(image.quantize(16), "GIF"))
    gif[6:10] = struct.pack("<HH", 30_000, 30_000)
    zeros = bytes(14_001)
    return {
        "png of 900 megapixels": png(30_000, 30_000, 1, 0, [bytes(3_751)] * 30_000),
        "png of 2 gigapixels a row": png(2_000_000_000, 1, 1, 0, [bytes(1_000)]),
        "jpeg of 900 megapixels": resized_jpeg(encoded(image, "JPEG"), 30_000, 30_000),
        "progressive jpeg of 196 megapixels": resized_jpeg(encoded(image, "JPEG", progressive=True), 14_000, 14_000),
        "gif of 900 megapixels": bytes(gif),
        "webp of 268 megapixels": bytes(lossy),
        "lossless webp of 42 megapixels": lossless_webp(7_000, 6_000),
        "text in a png": b"".join(
            [encoded(image, "PNG")[:33], *[chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(20 << 20), 9))] * 20, encoded(image, "PNG")[33:]]
        ),
        # Within the limits, and so worked through.
        "png of 196 megapixels": png(14_000, 14_000, 8, 0, [zeros] * 14_000),
        "jpeg of 196 megapixels": resized_jpeg(encoded(image, "JPEG"), 14_000, 14_000),
    }


def damaged(count, seed=20):
    """Small pictures with some bits the other way round, always the same ones."""
    source = random.Random(seed)
    originals = [data for _, data in honest(64, 48).values()]
    for index in range(count):
        data = bytearray(originals[index % len(originals)])
        # Headers are a small part and the interesting one.
        end = len(data) if source.random() < 0.5 else min(len(data), 80)
        for _ in range(source.randint(1, 6)):
            data[source.randrange(end)] ^= 1 << source.randrange(8)
        yield bytes(data)
