"""Pictures that viewers show although their files are damaged or cut at the end.

The kinds come from public reports, all of python-pillow/Pillow: issues 889 and 4414 (truncated, and shown by
every viewer), 2038 (how much of it is there?), 2717 (truncated progressive JPEGs), 1337 (bytes behind JPEG
segments), 3185 (broken data stream), 4472, 5631 and 5978 (wrong checksums of iCCP and pHYs), 3379 and 9281
(transparent colours of grey PNGs).
"""

from __future__ import annotations

import base64
import struct
import tracemalloc
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from retrieval import images
from retrieval.errors import UnreadableImage
from retrieval.pictures.images import decode_image
from retrieval.pictures.mending import JPEG_END, mend_gif, mend_png, mend_tiff, read_scans
from tests.drawing import draw_scene, encode_picture, png_chunk

SCENE = draw_scene(3)
DRAWN = Image.fromarray(SCENE)
JPEG = encode_picture(DRAWN, "JPEG", quality=92)
PNG = encode_picture(DRAWN, "PNG")
# 64 × 48 pixels of a drawn scene, quality 40, recoded by `jpegtran -arithmetic`.
ARITHMETIC = zlib.decompress(
    base64.b85decode(
        "c-s4a<NpH&0WUXCHwH#V1_nkTWcYuZ!I?pXk6(zNS42oaNL*AzLe5B0PDVz~R!2|8$kV~c+ugy<H6W@uDIhdA%+)QWBQ>|Yy0NLzFQIpO"
        "Pwlkgy2cuiA&jEp;&M`Q){2VOHNkGdH6(-oCm94e7z`L3m>HEAm;@P_1sVUJVc=pA5MX5#5M=#-i-Cuk5h%ed$Y9U#Pv7C;v2FVfCcdBP"
        "Z+iP?EdSB~GtVWFHB~Wceyg;1pHE4dIKyT7o69Y=Ys^z`yI)P%9(drF#+DV&Z>HaHZEG>wbZ+OZ&U30cdrFp_;_ANO_j{S${Lr#9OJ>Dx"
        "Zt#3)rkBhTR=A>a)-GS!Yg%o0+g@y2+;=$S^s|2xHA0w|<ZIR^9DO1@<Kp)BB~|Wj_Lp7$PSV(v5U_e%+-U`wA6;>)Kk5J8wP}02>dW|5"
        "+-l5$ZHfnKl#>m=38%=fbZA_)^=GIV<I+62MY;V__ul$_TJS5_>><Y<F7Czyb8hrs6Jw4|6q?Hr)+2i7)h)(LDXR9n1wYQavHr%*ly@bk"
        "k|p-N(#?7%`!XoO@%_P#ixQ-+$7^1GCH2Zo(L>$rXn0A<<EKTAmT#YQcP1|gys~7~{&HVofddPsyg%nXchlDjr`oB0Rqy30=3QO>KGm^q"
        "&GWq}9YKcKHXY^SO<LU=Wg8?H2tT^v@X<Flvt^cog#1~v-_iZ=mgMRDzX<?+Vf`N"
    )
)


def decode_bytes(data: bytes) -> images.DecodedImage:
    return decode_image(data, name="it")


def error_code(data: bytes) -> str:
    with pytest.raises(UnreadableImage) as caught:
        decode_bytes(data)
    return caught.value.code


def insert_png_chunk(kind: bytes, body: bytes, *, damaged: bool = False) -> bytes:
    """The PNG with one more chunk behind its header; `damaged` gives it a wrong checksum."""
    chunk = png_chunk(kind, body)
    return PNG[:33] + (chunk[:-1] + bytes([chunk[-1] ^ 1]) if damaged else chunk) + PNG[33:]


def grey_png(depth: int, row: bytes, width: int, transparent: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, 1, depth, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"tRNS", struct.pack(">H", transparent))]
    return _frame_png([*chunks, (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")])


def palette_png(transparency: bytes) -> bytes:
    """Two pixels with the two colours of a palette."""
    header = struct.pack(">IIBBBBB", 2, 1, 8, 3, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"PLTE", bytes([9, 9, 9, 99, 99, 99])), (b"tRNS", transparency)]
    return _frame_png([*chunks, (b"IDAT", zlib.compress(b"\0\0\1")), (b"IEND", b"")])


def _frame_png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


class TestCutAtTheEnd:
    @pytest.mark.parametrize(
        "rest",
        [b"", b"\xff", bytes(20), bytes(9000), b"\xff" * 3000],
        ids=["none", "ff", "few", "many", "ffs"],
    )
    def test_a_jpeg_without_its_end_mark_is_the_whole_picture(self, rest: bytes) -> None:
        picture = decode_bytes(JPEG[:-2] + rest)
        assert np.array_equal(picture.pixels, decode_bytes(JPEG).pixels)
        assert picture.incomplete == (
            "all pixels are there, but its end is missing; copy the file again from its source"
        )

    @pytest.mark.parametrize("rest", [b"\0", bytes(9000), b"\xff" * 3000, b"trailer of a camera" * 20])
    def test_what_follows_the_end_mark_is_ignored(self, rest: bytes) -> None:
        picture = decode_bytes(JPEG + rest)
        assert np.array_equal(picture.pixels, decode_bytes(JPEG).pixels)
        assert picture.incomplete == ""

    @pytest.mark.parametrize("rest", [b"", bytes(9000)], ids=["cut", "padded"])
    @pytest.mark.parametrize("kind", ["JPEG", "GIF", "PPM", "PNG", "BMP"])
    def test_most_of_a_picture_is_a_picture_and_half_of_it_is_none(self, kind: str, rest: bytes) -> None:
        if rest and kind != "JPEG":
            pytest.skip("only JPEG has no lengths in it")
        data = encode_picture(DRAWN, kind)
        whole, picture = decode_bytes(data), decode_bytes(data[: int(len(data) * 0.95)] + rest)
        share = float((picture.pixels == whole.pixels).all(axis=2).mean())
        assert 0.85 < share < 1
        stated = int(picture.incomplete.partition(" %")[0])
        assert abs(stated - 100 * share) < 6, picture.incomplete
        assert picture.incomplete.endswith("% of its pixels are there; copy the file again from its source")
        assert error_code(data[: int(len(data) * 0.8)] + rest) == "truncated"
        assert error_code(data[: len(data) // 2] + rest) == "truncated"

    def test_a_large_jpeg_that_is_decoded_at_reduced_size(self) -> None:
        data = encode_picture(Image.fromarray(draw_scene(3, 1600, 1200)), "JPEG", quality=92)
        picture = decode_bytes(data[: int(len(data) * 0.95)])
        assert (picture.width, picture.height) == (1600, 1200)
        assert 88 <= int(picture.incomplete.partition(" %")[0]) <= 98

    def test_the_scans_of_a_progressive_jpeg_are_counted(self) -> None:
        data = encode_picture(DRAWN, "JPEG", progressive=True)
        whole = decode_bytes(data).pixels.astype(float)
        errors = []
        for share in (0.4, 0.6, 0.8, 0.95):
            picture = decode_bytes(data[: int(len(data) * share)])
            scans = read_scans(data[: int(len(data) * share)]).whole
            assert picture.incomplete.startswith(f"the first {scans} scans of it are there")
            errors.append(float(np.abs(picture.pixels - whole).mean()))
        assert errors == sorted(errors, reverse=True)
        assert errors[0] < 20
        start = read_scans(data).start
        assert error_code(data[: start + 20]) == "truncated", "before the first scan ends there is no outline"

    def test_colour_that_never_began_is_no_picture(self) -> None:
        """A sequential JPEG may have one scan for each component."""
        data = JPEG[: read_scans(JPEG).start - 2]
        scan = b"\xff\xda" + bytes([0, 8, 1, 1, 0, 0, 63, 0]) + b"\x12\x34" * 40
        assert error_code(data + scan) == "truncated"
        assert not read_scans(data + scan).has_all_components

    def test_a_cut_block_of_a_gif_is_shortened(self) -> None:
        data = encode_picture(DRAWN, "GIF")
        assert mend_gif(data) is data
        assert mend_gif(data[:-300]) != data[:-300]
        assert mend_gif(data[:5]) == data[:5]


class TestDamageThatViewersIgnore:
    @pytest.mark.parametrize(
        "data",
        [
            insert_png_chunk(b"tEXt", b"Comment\0words", damaged=True),
            insert_png_chunk(b"zTXt", b"Comment\0\5words"),
            insert_png_chunk(b"iTXt", b"Comment\0\1\5\0\0words"),
            insert_png_chunk(b"iCCP", b"profile\0\5words"),
            insert_png_chunk(b"gAMA", b"\0\0\xb1\x8f", damaged=True),
            insert_png_chunk(b"tIME", b"\x07\xe0\1\1\0\0\0", damaged=True),
            insert_png_chunk(b"abCd", b"of another program", damaged=True),
            insert_png_chunk(b"pHYs", b"\0"),
            insert_png_chunk(b"cHRM", b"\0"),
            insert_png_chunk(b"sRGB", b""),
        ],
        ids=["text", "method", "itxt", "profile", "gamma", "time", "unknown", "short", "primaries", "intent"],
    )
    def test_ancillary_chunks_of_a_png(self, data: bytes) -> None:
        picture = decode_bytes(data)
        assert np.array_equal(picture.pixels, SCENE)
        assert picture.incomplete == ""

    def test_a_whole_png_is_left_as_it_is(self) -> None:
        data = insert_png_chunk(b"tEXt", b"Comment\0words")
        assert mend_png(data) is data
        assert mend_png(JPEG) is JPEG

    def test_critical_chunks_of_a_png_are_not_mended(self) -> None:
        damaged = PNG.replace(b"IHDR" + PNG[16:33], b"IHDR" + PNG[16:32] + bytes([PNG[32] ^ 1]))
        assert error_code(damaged) == "broken"

    def test_an_arithmetic_jpeg_whose_data_do_not_come_at_once(self) -> None:
        """Pillow hands over 64 KiB at a time, and libjpeg cannot wait within arithmetic data."""
        start = ARITHMETIC.index(b"\xff\xda")
        size = 65536 - start - 44
        comment = b"\xff\xfe" + struct.pack(">H", size + 2) + bytes(size)
        picture = decode_bytes(ARITHMETIC[:start] + comment + ARITHMETIC[start:])
        assert np.array_equal(picture.pixels, decode_bytes(ARITHMETIC).pixels)
        assert np.abs(picture.pixels.astype(float) - draw_scene(3, 64, 48)).mean() < 16
        assert picture.incomplete == ""

    @pytest.mark.parametrize("tag", [270, 305, 306, 315])
    @pytest.mark.parametrize(
        ("count", "offset"), [(18, 2**32 - 16), (2**31 - 1, 8), (18, 2**31)], ids=["end", "long", "far"]
    )
    def test_offsets_of_a_tiff_that_pixels_do_not_need(self, tag: int, count: int, offset: int) -> None:
        facts = {270: "what it shows", 305: "a program", 306: "2020:01:02 03:04:05", 315: "its author"}
        buffer = BytesIO()
        DRAWN.save(buffer, "TIFF", tiffinfo=facts, compression="tiff_lzw")
        data = bytearray(buffer.getvalue())
        directory = struct.unpack_from("<I", data, 4)[0]
        entries = range(directory + 2, directory + 2 + 12 * struct.unpack_from("<H", data, directory)[0], 12)
        entry = next(entry for entry in entries if struct.unpack_from("<H", data, entry)[0] == tag)
        struct.pack_into("<II", data, entry + 4, count, offset)
        assert np.array_equal(decode_bytes(bytes(data)).pixels, SCENE)


class TestTransparency:
    @pytest.mark.parametrize(
        ("depth", "row", "width", "transparent", "expected"),
        [
            (1, b"\x40", 2, 1, [0, 255]),
            (2, b"\x1b", 4, 1, [0, 255, 170, 255]),
            (2, b"\x1b", 4, 2, [0, 85, 255, 255]),
            (4, b"\x05", 2, 5, [0, 255]),
            (4, b"\x25", 2, 2, [255, 85]),
            (8, b"\0\x80", 2, 128, [0, 255]),
            (16, b"\0\0\x80\0", 2, 0x8000, [0, 255]),
            (16, b"\0\x07\x80\0", 2, 7, [255, 127]),
        ],
    )
    def test_a_grey_png_with_a_transparent_colour(
        self, depth: int, row: bytes, width: int, transparent: int, expected: list[int]
    ) -> None:
        pixels = decode_bytes(grey_png(depth, row, width, transparent)).pixels
        assert pixels[0, :, 0].tolist() == expected

    @pytest.mark.parametrize("extra", [b"\0", b"\x80\x80", bytes(260), b"\xff" * 300])
    def test_a_palette_with_more_transparency_than_colours_is_opaque(self, extra: bytes) -> None:
        """As libpng has it: such a chunk is invalid and ignored (png_handle_tRNS)."""
        assert decode_bytes(palette_png(b"\xff\0" + extra)).pixels[0, :, 0].tolist() == [9, 99]
        assert decode_bytes(palette_png(b"\xff\0")).pixels[0, :, 0].tolist() == [9, 255]


@pytest.mark.parametrize("side", [1, 8, 16, 32, 64])
def test_thumbnails_of_tiny_pictures_have_their_colours(side: int) -> None:
    dice = np.random.default_rng(side)
    pixels = dice.integers(0, 256, (side, max(1, side // 2), 3), dtype=np.uint8)
    with Image.open(BytesIO(images.encode_webp(pixels, side=320))) as thumbnail:
        assert np.array_equal(np.asarray(thumbnail.convert("RGB")), pixels)


def test_the_end_mark_is_that_of_a_jpeg() -> None:
    assert JPEG.endswith(JPEG_END)


@pytest.mark.parametrize("size", range(8, 33))
def test_a_png_without_a_whole_header_is_truncated_or_no_image(size: int) -> None:
    """Files of 16 bytes in the corpora of dvyukov/go-fuzz-corpus ended the decoder process."""
    assert mend_png(PNG[:size]) == PNG[:size]
    assert error_code(PNG[:size]) in ("truncated", "not-an-image", "broken")


def test_pixels_that_a_file_has_no_room_for_are_not_decoded() -> None:
    """A BMP of 54 bytes that claims 76 megapixels took 25 seconds (dvyukov/go-fuzz-corpus)."""
    header = struct.pack("<IiiHHIIiiII", 40, 24832, -3072, 1, 32, 0, 0, 2400, 2400, 0, 0)
    claimed = b"BM" + struct.pack("<IHHI", 54 + 4 * 24832 * 3072, 0, 0, 54) + header
    tracemalloc.start()
    assert error_code(claimed) == "truncated"
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000, "bytes; the pixels would take 305 million"


class CountedBytes(bytes):
    """Bytes that count how many of them were copied by slices."""

    copied = 0

    def __getitem__(self, key):  # type: ignore[no-untyped-def]
        found = super().__getitem__(key)
        self.copied += len(found) if isinstance(key, slice) else 1
        return found


@pytest.mark.parametrize("tag", [273, 40000])
def test_a_tiff_of_many_entries_is_not_copied_for_each_of_them(tag: int) -> None:
    """A flipped bit in the number of entries took 30 seconds; entries of one tag may all name the whole file."""
    entry = struct.pack("<HHII", tag, 4, 20_000, 8)
    directory = struct.pack("<H", 6000) + entry * 6000 + bytes(4)
    data = CountedBytes(b"II*\0" + struct.pack("<I", 80_008) + bytes(80_000) + directory)
    assert mend_tiff(data) == data
    assert data.copied < 2 * len(data)
