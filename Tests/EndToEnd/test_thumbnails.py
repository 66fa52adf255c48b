"""Thumbnails as clients get them: right pictures of honest ones, and a server that stays whatever it is sent."""

import concurrent.futures
import io
import pathlib
import urllib.parse
import urllib.request

import pictures
import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

# Between two decoders and scalers; a picture that is turned or shifted differs by far more.
MAX_MEAN_DIFFERENCE = 6
# Where few colours make the others by their mixture, which JPEG smooths.
MAX_MEAN_DIFFERENCE_OF_DITHER = 12


@pytest.fixture
def anna(landline):
    return Client(landline(), "anna")


class Client:
    def __init__(self, box, name):
        self.box = box
        self.token = box.register(name)["access_token"]

    def upload(self, data, content_type="image/png"):
        status, answer = self.box.request("POST", "/_matrix/media/v3/upload", data, self.token, {"Content-Type": content_type})
        assert status == 200, answer
        return answer["content_uri"].removeprefix("mxc://")

    def thumbnail(self, media, width, height, method="scale", **query):
        query = urllib.parse.urlencode({"width": width, "height": height, "method": method, **query})
        return self.box.request("GET", f"/_matrix/client/v1/media/thumbnail/{media}?{query}", token=self.token, timeout_seconds=60)

    def picture(self, data, width, height, method="scale", **query):
        status, body = self.thumbnail(self.upload(data), width, height, method, **query)
        assert status == 200, (status, body)
        return Image.open(io.BytesIO(body))


def children(box):
    return pathlib.Path(f"/proc/{box.pid}/task/{box.pid}/children").read_text()


def difference(one, other):
    one, other = one.convert("RGBA"), other.convert("RGBA")
    # What cannot be seen has no colour.
    black = Image.new("RGBA", one.size, (0, 0, 0, 255))
    pair = [Image.alpha_composite(black, image).convert("RGB") for image in (one, other)]
    return max(
        *ImageStat.Stat(ImageChops.difference(*pair)).mean,
        ImageStat.Stat(ImageChops.difference(one.getchannel("A"), other.getchannel("A"))).mean[0],
    )


def test_every_kind_of_picture(anna):
    for name, (expected, data) in pictures.honest(1000, 700).items():
        thumbnail = anna.picture(data, 300, 200)
        assert thumbnail.size == (320, 224), name
        assert not getattr(thumbnail, "is_animated", False), name
        has_alpha = "transparent" in name
        is_dithered = expected.mode in ("P", "1") or name == "animated gif"
        limit = MAX_MEAN_DIFFERENCE_OF_DITHER if is_dithered else MAX_MEAN_DIFFERENCE
        assert thumbnail.format == ("PNG" if has_alpha else "JPEG"), name
        wanted = expected.convert("RGBA").resize(thumbnail.size, Image.BOX)
        assert difference(thumbnail, wanted) < limit, name

        square = anna.picture(data, 96, 96, "crop")
        assert square.size == (96, 96), name
        wanted = expected.convert("RGBA").crop((150, 0, 850, 700)).resize((96, 96), Image.BOX)
        assert difference(square, wanted) < limit, name


def test_small_pictures_stay_as_they_are(anna):
    for name, (_, data) in pictures.honest(90, 60).items():
        media = anna.upload(data)
        status, body = anna.thumbnail(media, 32, 32)
        if name.startswith("animated"):
            assert (status, getattr(Image.open(io.BytesIO(body)), "is_animated", False)) == (200, False), name
            status, body = anna.thumbnail(media, 96, 96, "crop", animated="true")
        assert (status, body) == (200, data), name


def test_few_pixels_in_a_large_file_are_made_anew(anna):
    small = pictures.encoded(pictures.scene(90, 60), "PNG")
    end = small.index(b"IDAT") - 4
    data = small[:end] + pictures.chunk(b"prVt", bytes(1 << 20)) + small[end:]
    status, body = anna.thumbnail(anna.upload(data), 320, 240)
    assert (status, Image.open(io.BytesIO(body)).size) == (200, (90, 60))
    assert len(body) < len(small) + 1000


def test_a_gif_is_as_large_as_its_first_picture(anna):
    data = pictures.encoded(pictures.scene(1000, 700).convert("P"), "GIF")
    # A screen of 16 x 16 pixels.
    thumbnail = anna.picture(data[:6] + bytes([16, 0, 16, 0]) + data[10:], 320, 240)
    assert (thumbnail.format, thumbnail.size) == ("JPEG", (320, 224))


def test_cameras_are_held_in_eight_ways(anna):
    for size, wish in [((641, 403), (320, 240, "scale")), ((403, 641), (320, 240, "scale")), ((640, 400), (96, 96, "crop"))]:
        for orientation in range(1, 9):
            image = pictures.scene(*size)
            exif = Image.Exif()
            exif[0x0112] = orientation
            for kind in ("JPEG", "PNG", "WEBP"):
                data = pictures.encoded(image, kind, exif=exif, quality=95)
                thumbnail = anna.picture(data, *wish)
                upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
                if wish[2] == "crop":
                    left, top = (upright.width - 400) // 2, (upright.height - 400) // 2
                    upright = upright.crop((left, top, left + 400, top + 400))
                assert abs(thumbnail.width / thumbnail.height - upright.width / upright.height) < 0.01, (kind, orientation)
                assert difference(thumbnail, upright.resize(thumbnail.size, Image.BOX)) < MAX_MEAN_DIFFERENCE, (kind, orientation)


def test_what_is_no_picture(anna):
    image = pictures.encoded(pictures.scene(500, 400), "JPEG")
    for data in [b"", b"\0", bytes(100_000), b"<svg/>", b"\xff\xd8\xff", image[:300], b"GIF89a", b"RIFF\0\0\0\0WEBP", b"BM" + bytes(60)]:
        status, answer = anna.thumbnail(anna.upload(data), 96, 96)
        assert (status, answer["errcode"]) == (400, "M_UNKNOWN"), data[:12]
    # What it says it is does not matter.
    assert anna.thumbnail(anna.upload(image, "text/plain"), 96, 96)[0] == 200


def test_bombs(anna):
    for name, data in pictures.bombs().items():
        status, answer = anna.thumbnail(anna.upload(data), 32, 32, "crop")
        if name in ("png of 196 megapixels", "text in a png"):
            assert status == 200, (name, answer)
        elif name != "jpeg of 196 megapixels":
            # How far a decoder goes before it stops is its own matter there.
            assert (status, answer["errcode"]) == (413, "M_TOO_LARGE"), name
        assert anna.box.request("GET", "/_matrix/client/versions")[0] == 200, name
    assert children(anna.box) == ""


def test_damaged_pictures(anna):
    """Each is made a thumbnail of or refused; the server never minds."""
    cases = list(pictures.damaged(300))
    cases += [data[: len(data) * part // 8] for _, data in pictures.honest(64, 48).values() for part in (1, 4, 7)]

    def try_one(data):
        status, answer = anna.thumbnail(anna.upload(data), 32, 32, "crop")
        assert status in (200, 400, 413), (status, answer)
        if status != 200:
            assert answer["errcode"] in ("M_UNKNOWN", "M_TOO_LARGE")
        assert anna.box.running
        return status

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(try_one, cases))
    assert results.count(200) > 20 and results.count(400) > 100
    assert children(anna.box) == ""
    assert anna.picture(pictures.honest(500, 400)["png"][1], 32, 32, "crop").size == (32, 32)


def test_a_large_photo_costs_the_server_no_memory(anna):
    def kibibytes(name):
        lines = pathlib.Path(f"/proc/{anna.box.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))

    media = anna.upload(pictures.encoded(pictures.scene(4000, 3000), "JPEG", quality=95, subsampling=0))
    # The first one brings what all need.
    anna.picture(pictures.encoded(pictures.scene(500, 400), "JPEG"), 96, 96)
    pathlib.Path(f"/proc/{anna.box.pid}/clear_refs").write_text("5")
    before = kibibytes("VmRSS")
    assert anna.thumbnail(media, 800, 600)[0] == 200
    assert kibibytes("VmHWM") - before < 4096

