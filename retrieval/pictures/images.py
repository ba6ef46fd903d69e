"""Decodes picture files to upright sRGB arrays and encodes such arrays; the only module that imports Pillow.

Every file may be hostile. Only a short list of formats is decoded, sizes are checked before pixels are
decoded, and every error of a decoder becomes an `UnreadableImage`.
Many threads may call these functions at the same time: global state is set once, when the module is imported.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import (
    AvifImagePlugin,
    ExifTags,
    Image,
    ImageCms,
    ImageFile,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from ..errors import ImageTooLarge, UnreadableImage
from ..ranking.arrays import RGB as RGB  # for modules that import it from here
from . import bands, mending
from .files import DEFAULT_LIMITS, Limits
from .formats import SUPPORTED_FORMATS, describe_content, ends_early, heif_kind
from .metadata import read_exif
from .raw_preview import Preview, find_preview
from .scaling import scale_to_eight_bits

try:
    import pillow_heif
except ImportError:  # HEIC is optional
    pillow_heif = None  # type: ignore[assignment]

LOSSLESS_SIDE: Final = 64  # pixels: pictures up to this size are encoded without loss
PillowImage: TypeAlias = Image.Image
# The modes of Pillow's pictures that a PNG file can have.
_PNG_MODES: Final = ("1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA")
WORKING_SIDE: Final = DEFAULT_LIMITS.side
HAS_HEIF: Final = pillow_heif is not None
# MPO (3-D cameras) counts as JPEG. A format without a registered plugin would raise KeyError later.
FORMATS: Final = (
    *("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"),
    *(("AVIF",) if AvifImagePlugin.SUPPORTED else ()),
    *(("HEIF",) if HAS_HEIF else ()),
)
ANIMATED_FORMATS: Final = ("gif", "png", "webp", "avif")
MAX_BLANK_FRAMES: Final = 50  # at the beginning of an animation that are passed over
BLANK_RANGE: Final = 16  # of 255, from the darkest to the brightest value of a frame that shows nothing
BRIGHT: Final = 223  # of 255: seven eighths
# Decoders of these show what they have when a file ends.
INCOMPLETE_FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "PPM")
# Share of a file that may be missing at its end: a tenth, and a little more because its size is estimated.
MAX_MISSING: Final = 0.125
MAX_PIXELS_PER_BYTE: Final = (
    8 * 1032
)  # of a file: deflate packs 1032 bytes into one, with a bit for each pixel
_COPY_AGAIN: Final = "copy the file again from its source"
MAX_CAMERA_LENGTH: Final = 80  # characters of a maker and of a model; real ones have at most half as many
MAX_MEGAPIXELS: Final = 500.0  # no setting can exceed this
# Pillow takes four bytes for a pixel, and four times as much while it reduces a transparent picture.
BYTES_PER_PIXEL: Final = 16

# We check our own limit right after opening. Pillow's check stays on as an upper bound, because the GIF and
# WebP plugins allocate memory while they open. Pillow refuses pictures above twice its limit.
Image.MAX_IMAGE_PIXELS = int(MAX_MEGAPIXELS * 1e6 / 2)
# Pillow warns about damaged metadata, which do no harm here. catch_warnings would not be thread-safe.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Register the plugins now, or Pillow would load all of its forty later, while threads are running.
Image.preinit()
_ALSO_REGISTERED: Final = (TiffImagePlugin, WebPImagePlugin)
# One thread for each picture, because several pictures are decoded at once. Only the picture itself is read.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
if HAS_HEIF:
    pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)

# The warning as well: it is raised where warnings are errors.
_BOMBS: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)

Pixels: TypeAlias = npt.NDArray[np.uint8]  # (row, column) or (row, column, band)

_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by EXIF orientation


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """A picture turned upright, converted to sRGB over a background, and reduced to working size.

    `pixels` has a short side of at most 512 and a long side of at most 2048 pixels; pictures are never
    enlarged. `width` and `height` are those of the upright original. `taken_at` is the camera's local time
    without a time zone, or None. `camera` is maker and model from EXIF, or empty. `incomplete` says how much
    of the picture is there, and what to do, where some of it is missing; it is empty for a whole picture.
    `has_more_frames`: the file is an animation or a series, of which only one frame is decoded.
    """

    pixels: RGB
    width: int
    height: int
    format: str
    taken_at: datetime | None
    camera: str = ""
    incomplete: str = ""
    has_more_frames: bool = False


def decode_image(data: bytes, *, name: str, limits: Limits = DEFAULT_LIMITS) -> DecodedImage:
    """Decode the first frame of a picture that shows something; damaged metadata are ignored.

    For a camera's raw file, decode the largest JPEG in it; width and height are those of the JPEG, and
    `format` is raw. A JPEG, PNG, GIF, BMP or PPM of which about a tenth or less is missing at its end is
    decoded as viewers show it, and so is a progressive JPEG with a whole scan of every component: then
    `incomplete` says so. Raises nothing but UnreadableImage, with code truncated, not-an-image,
    too-many-pixels, too-much-metadata, empty-file, no-preview, out-of-memory or broken. Its message calls the
    picture `name`.
    """
    if not data:
        raise UnreadableImage(name, "empty-file", "0 bytes; copy the file again from its source")
    try:
        return _decode_whole(data, name, limits)
    except UnreadableImage as error:
        # A picture that is cut can look damaged; one that is too large or no picture cannot be mended.
        if error.code not in ("truncated", "broken"):
            raise
        if mended := _decode_mended(data, limits) or _decode_incomplete(data, limits):
            return mended
        raise


def _decode_whole(data: bytes, name: str, limits: Limits) -> DecodedImage:
    try:
        data = mending.mend_png(data)
        raw = find_preview(data)
        if raw and not raw.jpeg:
            raise UnreadableImage(
                name, "no-preview", "a camera's raw file without a JPEG in it; export it as JPEG"
            )
        if mending.is_cut_jpeg(data):
            raise EOFError  # libjpeg would read the padding as pixels
        if header := None if raw else bands.read_header(data):
            _check_bands(header, name, limits)
            return _finish_bands(data, header, limits)
        with Image.open(BytesIO(raw.jpeg if raw else data), formats=FORMATS) as image:
            _check_pixels(image.width * image.height, name, limits)
            return _finish_opened_image(image, limits, partial(_merge_raw_facts, data, raw) if raw else None)
    except UnreadableImage:
        raise
    except Exception as error:  # hostile bytes make Pillow's decoders raise nearly every class of exception
        if isinstance(error, _BOMBS) and (pixels := re.search(r"\d+", str(error))):
            _check_pixels(int(pixels.group()), name, limits)
        raise UnreadableImage(name, *_explain_failure(data, error)) from error


def _decode_mended(data: bytes, limits: Limits) -> DecodedImage | None:
    """The whole picture, without tags of a TIFF that pixels do not need, or with all data at once."""
    try:
        if find_preview(data) is None and (tiff := mending.mend_tiff(data)) is not data:
            return _decode_whole(tiff, "", limits)
        if data.startswith(b"\xff\xd8\xff") and mending.read_scans(data).is_arithmetic:
            with Image.open(BytesIO(data), formats=("JPEG",)) as image:
                _check_pixels(image.width * image.height, "", limits)
                image.decodermaxblock = len(data)  # libjpeg cannot wait for more arithmetic codes
                return _finish_opened_image(image, limits)
    except Exception:  # the error of the file as it is tells more
        return None
    return None


def _decode_incomplete(data: bytes, limits: Limits) -> DecodedImage | None:
    """A picture of which a little is missing, as viewers show it; None if too much of it is."""
    try:
        mended = mending.mend_gif(mending.mend_png(data))
        if find_preview(data) or bands.read_header(mended):
            return None
        if data.startswith(b"\xff\xd8\xff"):
            mended = mending.strip_padding(data)
            mended = mended[: mending.read_scans(mended).end].rstrip(b"\xff")
            words = _measure_jpeg(mended, limits)
            mended += mending.JPEG_END
        else:
            words = _describe_share(_measure_share(mended, limits), 0, len(mended))
        if not words:
            return None
        with _open_incomplete(mended, limits) as image:
            _load_available(image)
            return replace(_finish_opened_image(image, limits), incomplete=words)
    except Exception:  # the error of the file as it is tells more
        return None


def _open_incomplete(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    image = Image.open(BytesIO(data), formats=INCOMPLETE_FORMATS)
    _check_pixels(image.width * image.height, "", limits)
    return image


def _load_available(image: ImageFile.ImageFile, fill: int | None = None) -> None:
    """Decode what the file has. With `fill`, pixels that it does not have get this value in all bands."""
    if image.format == "JPEG":
        return  # libjpeg fills what is missing
    if fill is not None:
        prepare = image.load_prepare

        def prepare_filled() -> None:
            prepare()
            image.im.paste((fill,) * image.im.bands, (0, 0, *image.size))

        image.load_prepare = prepare_filled  # type: ignore[method-assign]
    try:
        image.load()
    except (OSError, EOFError, ValueError, SyntaxError):
        image.tile = []  # what was decoded stays


def _measure_share(data: bytes, limits: Limits) -> float:
    """The share of the first frame's pixels that a cut file has: those that do not depend on the fill.

    0 without decoding where the file is too short for most of its pixels.
    """
    if count_pixels(data) * (1 - MAX_MISSING) > len(data) * MAX_PIXELS_PER_BYTE:
        return 0.0
    views = []
    for fill in (0, 255):
        with _open_incomplete(data, limits) as image:
            extent = image.tile[0].extents
            _load_available(image, fill)
            views.append(np.asarray(Image.Image.copy(image).crop(extent)))
    return float(np.mean(_pixels_equal(*views)))


def _pixels_equal(first: Pixels, second: Pixels) -> npt.NDArray[np.bool_]:
    same = np.asarray(first == second)
    return np.asarray(same.all(axis=2) if same.ndim == 3 else same)


def _measure_jpeg(data: bytes, limits: Limits) -> str:
    """How much of a JPEG without its end is there, in words; empty if too much is missing.

    What libjpeg makes of data that end, and of data that go on with noise, is the same up to where they end.
    """
    scans = mending.read_scans(data)
    if scans.is_progressive:
        count = f"the first {scans.whole} scans" if scans.whole > 1 else "the first scan"
        return f"{count} of it are there, fine detail is missing; {_COPY_AGAIN}" if scans.has_outline else ""
    if not scans.has_all_components or scans.is_arithmetic:
        return ""
    views = []
    for rest in (mending.JPEG_END, mending.JPEG_NOISE + mending.JPEG_END):
        with _open_incomplete(data + rest, limits) as image:
            height = image.height
            image.draft(None, _working_size(*image.size, WORKING_SIDE))
            views.append(np.asarray(image))
    same = _pixels_equal(*views)
    if same.all():
        return _describe_share(1.0, scans.start, len(data))
    # Blocks follow each other in rows of at most 16 pixels of the original; what is above the first one that
    # differs is there, and what is left of it.
    block = max(1, 16 * same.shape[0] // height)
    row = int((~same).any(axis=1).argmax())
    column = int((~same[row : row + block]).any(axis=0).argmax())
    share = row / same.shape[0] + column / same.shape[1] * block / same.shape[0]
    return _describe_share(share, scans.start, len(data))


def _describe_share(share: float, start: int, size: int) -> str:
    """How much is there, in words; empty if more than MAX_MISSING of the file is missing.

    Pixels begin at the offset `start`; the size of the whole file is estimated from the share of its pixels.
    """
    if share >= 1:
        return f"all pixels are there, but its end is missing; {_COPY_AGAIN}"
    missing = 1 - size / (start + (size - start) / share) if share else 1.0
    return f"{int(100 * share)} % of its pixels are there; {_COPY_AGAIN}" if missing <= MAX_MISSING else ""


def _check_pixels(pixels: int, name: str, limits: Limits) -> None:
    amount, limit = pixels / 1e6, min(limits.max_megapixels, MAX_MEGAPIXELS)
    if amount > limit:
        raise ImageTooLarge(
            name, amount=amount, limit=limit, unit="megapixels", setting="max_image_megapixels"
        )


def _check_bands(header: bands.BandsHeader, name: str, limits: Limits) -> None:
    _check_pixels(header.width * header.height, name, limits)
    limit = min(limits.max_megapixels, MAX_MEGAPIXELS) * BYTES_PER_PIXEL
    if header.size_in_bytes / 1e6 > limit:
        values = f"{header.samples} bands of {header.width} × {header.height} values of {header.bits} bits"
        raise UnreadableImage(
            name,
            "too-many-pixels",
            f"{values}; the limit is {limit:g} MB ({BYTES_PER_PIXEL} bytes for each pixel that the setting "
            "max_image_megapixels allows)",
        )


def _explain_failure(data: bytes, error: Exception) -> tuple[str, str]:
    """Code and reason for an exception of a decoder."""
    message = f"{error}".lower()
    if isinstance(error, MemoryError) or "out of memory" in message:
        return "out-of-memory", "decoding it takes more memory than is free; save it again with fewer pixels"
    if "max_text_chunk" in message or "text chunks" in message:
        return "too-much-metadata", "more than 1 MB of text in one place; save it again without metadata"
    is_unknown = isinstance(error, UnidentifiedImageError)
    if is_unknown and (ends_early(data) is None or heif_kind(data) not in (None, *FORMATS)):
        return "not-an-image", f"{describe_content(data)}; {SUPPORTED_FORMATS}"
    if re.search("truncated|not enough", message) or isinstance(error, EOFError) or ends_early(data):
        return "truncated", f"ends too early, after {len(data)} bytes; copy the file again from its source"
    cause = "its header is damaged or not supported" if is_unknown else f"{error}"
    return "broken", f"cannot be decoded ({cause or type(error).__name__}); repair it or save it again"


def _finish_opened_image(
    image: Image.Image, limits: Limits, merge_facts: Callable[[_ExifFacts], _ExifFacts] | None = None
) -> DecodedImage:
    """Load a picture at reduced size. `merge_facts` adds the facts of the raw file that it is in."""
    size = image.size
    # JPEG decodes at 1/2, 1/4 or 1/8, not below the target.
    image.draft(None, _working_size(*size, limits.side))
    image.load()
    facts = _read_facts(image.getexif)  # after loading, which turns a TIFF upright
    facts = merge_facts(facts) if merge_facts else facts
    picture_format = (image.format or "").lower().replace("mpo", "jpeg")  # an MPO begins with a JPEG
    picture_format = "raw" if merge_facts else picture_format
    profile = image.info.get("icc_profile")
    small = _convert_for_resizing(image, limits.scaling)
    if picture_format in ANIMATED_FORMATS and not _shows_something(small):
        small = _find_frame(image, limits.scaling) or small
    finished = _finish_image(small, size, facts, picture_format, profile, limits)
    return replace(finished, has_more_frames=_has_more_frames(image))


def _has_more_frames(image: Image.Image) -> bool:
    """Whether there are several pictures in a file; the previews that an MPO or a TIFF has do not count."""
    if image.format in ("JPEG", "MPO", "TIFF"):
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # what follows the first frame is damaged
        return True


def _find_frame(image: Image.Image, scaling: str) -> Image.Image | None:
    """The first of the following frames that shows something; None if none of the first ones does."""
    try:
        for number in range(1, MAX_BLANK_FRAMES + 1):
            image.seek(number)
            image.load()
            frame = _convert_for_resizing(image, scaling)
            if _shows_something(frame):
                return frame
    except Exception:  # the animation ends, or is damaged from here on
        return None
    return None


def _shows_something(image: Image.Image) -> bool:
    """Whether a picture has more than one colour, or nearly so, and is not all transparent."""
    extrema = np.reshape(image.getextrema(), (-1, 2))  # a row for each band
    if image.mode == "RGBA" and extrema[3, 1] <= BLANK_RANGE:
        return False
    return bool((extrema[:, 1] - extrema[:, 0]).max() > BLANK_RANGE)


def _finish_bands(data: bytes, header: bands.BandsHeader, limits: Limits) -> DecodedImage:
    """Read a picture that Pillow cannot read without loss, and scale it to eight bits."""
    pixel_bands = bands.read_bands(data, header)
    facts, profile = _read_facts(lambda: _load_exif(read_exif(data))), pixel_bands.profile
    if header.format == "PNG":
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            profile = image.info.get("icc_profile", b"")
    small = _image_from_bands(pixel_bands, limits.scaling)
    size, picture_format = (header.width, header.height), header.format.lower()
    return _finish_image(small, size, facts, picture_format, profile, limits)


def _image_from_bands(pixel_bands: bands.Bands, scaling: str) -> Image.Image:
    if pixel_bands.is_lab:
        image = _image_from_lab(pixel_bands.values)
    else:
        values = scale_to_eight_bits(pixel_bands.values, scaling)
        image = Image.fromarray(np.invert(values) if pixel_bands.is_inverted else values)
    if pixel_bands.opacity is None:
        return image
    opacity = Image.fromarray(pixel_bands.opacity)
    mode = "RGBa" if pixel_bands.is_premultiplied else "RGBA"
    return Image.merge(mode, (*image.convert("RGB").split(), opacity)).convert("RGBA")


def _image_from_lab(values: bands.Values) -> Image.Image:
    """sRGB of CIELAB with 16 bits. Its values have a meaning, so no policy scales them."""
    if values.ndim != 3 or values.dtype.itemsize != 2 or values.dtype.kind not in "iu":
        raise ValueError("CIELAB of this kind")
    upper = np.ascontiguousarray(values.astype(np.uint16) >> 8, np.uint8)
    lab = Image.frombytes("LAB", (values.shape[1], values.shape[0]), upper.tobytes())
    return lab.convert("RGB")


def _load_exif(block: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(block)
    return exif


def _finish_image(
    image: Image.Image,
    size: tuple[int, int],
    facts: _ExifFacts,
    picture_format: str,
    profile: object,
    limits: Limits,
) -> DecodedImage:
    """Reduce a picture to working size, convert it to sRGB, turn it upright; `size` is the original's."""
    width, height = size
    target = _working_size(width, height, limits.side)
    small = image if image.size == target else image.resize(target, Image.Resampling.BICUBIC)
    small = _convert_to_srgb(small, profile, limits.background)
    if facts.orientation in _UPRIGHT:
        small = small.transpose(_UPRIGHT[facts.orientation])
    if facts.orientation >= 5:
        width, height = height, width
    return DecodedImage(np.array(small), width, height, picture_format, facts.taken_at, facts.camera)


def _working_size(width: int, height: int, side: int) -> tuple[int, int]:
    scale = min(1.0, side / min(width, height), 4 * side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


class _ExifFacts(NamedTuple):
    """Orientation (1 to 8; 1 when EXIF does not say), time and camera."""

    orientation: int = 1
    taken_at: datetime | None = None
    camera: str = ""


def _read_facts(load: Callable[[], Image.Exif]) -> _ExifFacts:
    """The facts in EXIF. Damaged EXIF counts as none."""
    try:
        exif = load()
        orientation = exif.get(ExifTags.Base.Orientation)
        original = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
        taken_at = _parse_time(original) or _parse_time(exif.get(ExifTags.Base.DateTime))
        camera = _join_camera_name(exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model))
    except Exception:  # the parser, too, raises nearly every class of exception
        return _ExifFacts()
    return _ExifFacts(orientation if orientation in _UPRIGHT else 1, taken_at, camera)


def _merge_raw_facts(data: bytes, raw: Preview, preview_facts: _ExifFacts) -> _ExifFacts:
    """The facts of a raw file; what it does not say comes from the JPEG in it."""

    def load() -> Image.Exif:
        exif = Image.Exif()
        # Olympus and Panasonic write magic bytes of their own; the rest is TIFF.
        block = raw.exif or data
        exif.load_from_fp(BytesIO((b"II*\0" if block.startswith(b"II") else b"MM\0*") + block[4:]))
        return exif

    facts = _read_facts(load)
    orientation = raw.orientation if 1 <= raw.orientation <= 8 else preview_facts.orientation
    return _ExifFacts(
        orientation, facts.taken_at or preview_facts.taken_at, facts.camera or preview_facts.camera
    )


def _parse_time(value: object) -> datetime | None:
    try:
        return datetime.strptime(str(value).strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _join_camera_name(make: object, model: object) -> str:
    """Maker and model. The maker is left out when the model begins with its name, as in “Canon EOS 5D”."""
    maker, name = _clean_text(make), _clean_text(model)
    has_maker = name.casefold().startswith(maker.casefold().split(" ")[0])
    return name if has_maker else f"{maker} {name}".strip()


def _clean_text(value: object) -> str:
    """A text on one line, of limited length; empty for anything that is not text."""
    text = value if isinstance(value, str) else ""
    visible = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(visible.split())[:MAX_CAMERA_LENGTH].strip()


def _convert_for_resizing(image: Image.Image, scaling: str) -> Image.Image:
    """Convert to a mode that Pillow can resample: L, RGB, CMYK or RGBA."""
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image)
        scaled = Image.fromarray(scale_to_eight_bits(values, scaling))
        if not isinstance(transparent := image.info.get("transparency"), int):
            return scaled
        opacity = Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8))
        return Image.merge("RGBA", (scaled, scaled, scaled, opacity))
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _convert_to_srgb(image: Image.Image, profile: object, background: str) -> Image.Image:
    """Convert a reduced picture to sRGB over its background.

    A profile that is damaged or does not fit is ignored.
    """
    if image.mode == "RGBA":
        colour = "black" if background == "content" and _is_lost_on_white(image) else "white"
        image = Image.alpha_composite(Image.new("RGBA", image.size, colour), image).convert("RGB")
    if isinstance(profile, bytes) and profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
            return converted or image
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return image.convert("RGB")


def _is_lost_on_white(image: Image.Image) -> bool:
    """Whether a picture with transparency is so bright that white behind it would hide it.

    The mean brightness of its pixels, each weighted by its opacity, is above BRIGHT, and at least a
    twentieth of it is transparent.
    """
    opacity = np.asarray(image.getchannel("A"), dtype=np.float64)
    brightness = np.asarray(image.convert("RGB").convert("L"), dtype=np.float64)
    visible = float(opacity.sum())
    is_see_through = visible < 0.95 * 255 * opacity.size
    return bool(visible and is_see_through and (brightness * opacity).sum() / visible > BRIGHT)


def resize_pixels(pixels: RGB, width: int, height: int, method: str = "bicubic") -> RGB:
    """Resize to exactly this size, antialiased, as Pillow's `Image.resize` does with that method."""
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling[method.upper()]))


def encode_webp(pixels: RGB, *, side: int, quality: int = 80) -> bytes:
    """Encode as WebP without metadata, reduced to a long side of at most `side` pixels.

    A picture of at most 64 pixels on its long side stays lossless: lossy WebP has half the resolution for
    colours, which gives small icons colours that they do not have.
    """
    image = Image.fromarray(pixels)
    scale = min(1.0, side / max(image.size))
    if scale < 1:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image = image.resize(size, Image.Resampling.BICUBIC)
    is_small = max(image.size) <= LOSSLESS_SIDE
    return _encode_image(image, "WEBP", **({"lossless": True} if is_small else {"quality": quality}))


def encode_jpeg(pixels: RGB, *, quality: int = 85, taken_at: datetime | None = None) -> bytes:
    """Encode as JPEG. `taken_at` is written as EXIF DateTimeOriginal, in whole seconds."""
    image = Image.fromarray(pixels)
    if taken_at is None:
        return _encode_image(image, "JPEG", quality=quality)
    exif = Image.Exif()
    moment = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = moment
    return _encode_image(image, "JPEG", quality=quality, exif=exif)


def encode_png(pixels: RGB) -> bytes:
    """Encode as PNG: lossless, without metadata."""
    return _encode_image(Image.fromarray(pixels), "PNG")


def encode_pillow(image: PillowImage) -> bytes:
    """A PNG of a picture of Pillow, which may be of any mode, with its orientation and its colour profile."""
    can_be_kept = image.mode in _PNG_MODES
    shown = image if can_be_kept else image.convert("RGB")
    profile = image.info.get("icc_profile") if can_be_kept else None
    return _encode_image(shown, "PNG", exif=image.getexif(), icc_profile=profile, compress_level=1)


def encode_ppm(pixels: RGB) -> bytes:
    """Encode as PPM: uncompressed, and therefore fast."""
    return _encode_image(Image.fromarray(pixels), "PPM")


def _encode_image(image: Image.Image, picture_format: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, picture_format, **options)
    return buffer.getvalue()


_HASH_SIDE: Final = 32
_COSINES: Final = np.cos(np.pi / _HASH_SIDE * np.outer(np.arange(1, 9), np.arange(_HASH_SIDE) + 0.5))


def count_pixels(data: bytes) -> int:
    """How many pixels a picture has by its header; 0 for what cannot be read. Nothing is decoded."""
    try:
        raw = find_preview(data)
        if header := None if raw else bands.read_header(data):
            return header.width * header.height
        with Image.open(BytesIO(raw.jpeg if raw else data), formats=FORMATS) as image:
            return image.width * image.height
    except Exception as error:  # as in decode_image, which says what is wrong
        pixels = re.search(r"\d+", str(error)) if isinstance(error, _BOMBS) else None
        return int(pixels.group()) if pixels else 0


def perceptual_hash(pixels: RGB) -> int:
    """64 bits, as a signed integer, that hardly change when a picture is resized or compressed.

    The pHash of Zauner (2010): grey at 32 x 32, DCT-II, frequencies 1 to 8 in both directions (frequency 0,
    the brightness, is left out). Each bit says whether a coefficient is above the median of the 64; the
    lowest frequency is the highest bit. The distance of two pictures is the number of bits in which they
    differ. A picture of one colour has the hash 0.
    """
    size = (_HASH_SIDE, _HASH_SIDE)
    grey = Image.fromarray(pixels).convert("L").resize(size, Image.Resampling.BICUBIC)
    frequencies = _COSINES @ np.asarray(grey, dtype=np.float64) @ _COSINES.T
    frequencies = np.round(frequencies, 6)  # so that zero is zero on every machine
    bits = np.packbits(frequencies > np.median(frequencies))
    return int.from_bytes(bits.tobytes(), "big", signed=True)
