"""Turns files into upright sRGB arrays and back; the only home of Pillow.

Every byte that comes in is taken as hostile: a short list of formats, sizes checked before pixels are
decoded, and one kind of error (`UnreadableImage`) for whatever a decoder may raise.
All functions are safe to call from many threads at once: global state is set here, once, on import.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
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
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from ..errors import ImageTooLarge, UnreadableImage
from . import bands
from .files import DEFAULT_LIMITS, Limits
from .formats import SUPPORTED_FORMATS, describe_content, ends_early, heif_kind
from .metadata import read_exif
from .raw_preview import Preview, find_preview
from .scaling import scale_to_eight_bits

try:
    import pillow_heif
except ImportError:  # HEIC is an option
    pillow_heif = None  # type: ignore[assignment]

RGB: TypeAlias = npt.NDArray[np.uint8]  # (height, width, 3)

WORKING_SIDE: Final = 512  # pixels; descriptors look at 224 to 518, so more would only cost memory
HAS_HEIF: Final = pillow_heif is not None
# MPO, of 3-D cameras, comes as JPEG. A name that nothing is registered for would be a KeyError later.
FORMATS: Final = (
    *("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"),
    *(("AVIF",) if AvifImagePlugin.SUPPORTED else ()),
    *(("HEIF",) if HAS_HEIF else ()),
)
MAX_CAMERA_LENGTH: Final = 80  # characters of a maker's name, and of a model's; real ones have half of it
MAX_MEGAPIXELS: Final = 500.0  # megapixels that no setting can exceed
# A pixel takes four bytes in Pillow, and four times as much while transparent pictures are reduced.
BYTES_PER_PIXEL: Final = 16

# Our own limit, checked right after opening, replaces Pillow's. Its check stays on as a ceiling because the
# GIF and WebP plugins allocate while they open; Pillow refuses above twice its figure.
Image.MAX_IMAGE_PIXELS = int(MAX_MEGAPIXELS * 1e6 / 2)
# Pillow warns about odd metadata, which the picture survives; catch_warnings would not be thread-safe.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Registering the plugins here keeps Pillow from loading all of its forty later, in the midst of threads.
Image.preinit()
_ALSO_REGISTERED: Final = (TiffImagePlugin, WebPImagePlugin)
# One thread a picture, since pictures are decoded side by side; nothing but the picture is looked at.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
if HAS_HEIF:
    pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)

# The warning as well, for where warnings are errors.
_BOMBS: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)

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
    """A picture that is upright, in sRGB, over white and at working size.

    `pixels` has a short side of at most 512 and a long side of at most 2048 pixels, never enlarged;
    `width` and `height` are those of the whole upright original.
    `taken_at` is the camera's local time, without a zone, or None.
    `camera` is its maker and model in one, as EXIF has them, or empty.
    """

    pixels: RGB
    width: int
    height: int
    format: str
    taken_at: datetime | None
    camera: str = ""


def decode_image(data: bytes, *, name: str, limits: Limits = DEFAULT_LIMITS) -> DecodedImage:
    """Decode the first frame of a picture whole, or raise; damaged metadata are dropped without a word.

    Of a camera's raw file it is the largest JPEG that the camera put into it, and its size; `format` is raw.
    Raises UnreadableImage with code truncated, not-an-image, too-many-pixels, too-much-metadata,
    empty-file, no-preview, out-of-memory or broken, and nothing else; `name` is what its message calls the
    picture.
    """
    if not data:
        raise UnreadableImage(name, "empty-file", "0 bytes; copy the file again from its source")
    try:
        raw = find_preview(data)
        if raw and not raw.jpeg:
            raise UnreadableImage(name, "no-preview", "a raw file without a JPEG in it; export it as JPEG")
        if banded := None if raw else bands.read_header(data):
            _check_bands(banded, name, limits)
            return _finish_bands(data, banded, limits.scaling)
        with Image.open(BytesIO(raw.jpeg if raw else data), formats=FORMATS) as image:
            _check_pixels(image.width * image.height, name, limits)
            return _finish_opened_image(
                image, limits.scaling, partial(_merge_raw_facts, data, raw) if raw else None
            )
    except UnreadableImage:
        raise
    except Exception as error:  # on hostile bytes Pillow's decoders raise nearly every class there is
        if isinstance(error, _BOMBS) and (pixels := re.search(r"\d+", str(error))):
            _check_pixels(int(pixels.group()), name, limits)
        raise UnreadableImage(name, *_explain_failure(data, error)) from error


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
        values = f"{header.samples} bands of {header.width} × {header.height} values with {header.bits} bits"
        raise UnreadableImage(
            name,
            "too-many-pixels",
            f"{values}; the limit is {limit:g} MB ({BYTES_PER_PIXEL} bytes for each pixel of the setting "
            "max_image_megapixels)",
        )


def _explain_failure(data: bytes, error: Exception) -> tuple[str, str]:
    """Find code and reason for what a decoder raised."""
    words = f"{error}".lower()
    if isinstance(error, MemoryError) or "out of memory" in words:
        return "out-of-memory", "decoding it takes more memory than there is; save it again with fewer pixels"
    if "max_text_chunk" in words or "text chunks" in words:
        return "too-much-metadata", "more than 1 MB of text in one place; save it again without metadata"
    unknown = isinstance(error, UnidentifiedImageError)
    if unknown and (ends_early(data) is None or heif_kind(data) not in (None, *FORMATS)):
        return "not-an-image", f"{describe_content(data)}; {SUPPORTED_FORMATS}"
    if re.search("truncated|not enough", words) or isinstance(error, EOFError) or ends_early(data):
        return "truncated", f"ends too early, after {len(data)} bytes; copy the file again from its source"
    cause = "its header is damaged, or of a rare kind" if unknown else f"{error}"
    return "broken", f"cannot be decoded ({cause or type(error).__name__}); repair it or save it again"


def _finish_opened_image(
    image: Image.Image, scaling: str, outer: Callable[[_ExifFacts], _ExifFacts] | None = None
) -> DecodedImage:
    """Load a picture, reduced; `outer` gives the facts of a raw file that it lies in, from its own."""
    size = image.size
    image.draft(None, _working_size(*size))  # lets JPEG decode at 1/2, 1/4 or 1/8, no smaller than the target
    image.load()
    facts = _read_facts(image.getexif)  # not before loading, which turns TIFF upright
    facts = outer(facts) if outer else facts
    kind = (image.format or "").lower().replace("mpo", "jpeg")  # an MPO is a JPEG with more behind it
    small = _convert_for_resizing(image, scaling)
    return _finish_image(small, size, facts, "raw" if outer else kind, image.info.get("icc_profile"))


def _finish_bands(data: bytes, header: bands.BandsHeader, scaling: str) -> DecodedImage:
    """Read what Pillow does not hold whole, and scale it to eight bits."""
    read = bands.read_bands(data, header)
    facts, profile = _read_facts(lambda: _load_exif(read_exif(data))), read.profile
    if header.format == "PNG":
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            profile = image.info.get("icc_profile", b"")
    small = _image_from_bands(read, scaling)
    return _finish_image(small, (header.width, header.height), facts, header.format.lower(), profile)


def _image_from_bands(read: bands.Bands, scaling: str) -> Image.Image:
    values = scale_to_eight_bits(read.values, scaling)
    image = Image.fromarray(np.invert(values) if read.is_inverted else values)
    if read.opacity is None:
        return image
    opacity = Image.fromarray(read.opacity)
    mode = "RGBa" if read.is_premultiplied else "RGBA"
    return Image.merge(mode, (*image.convert("RGB").split(), opacity)).convert("RGBA")


def _load_exif(block: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(block)
    return exif


def _finish_image(
    image: Image.Image, size: tuple[int, int], facts: _ExifFacts, kind: str, profile: object
) -> DecodedImage:
    """Reduce a picture to working size, in sRGB, and turn it upright; `size` is that of the original."""
    width, height = size
    target = _working_size(width, height)
    small = image if image.size == target else image.resize(target, Image.Resampling.BICUBIC)
    small = _convert_to_srgb(small, profile)
    if facts.orientation in _UPRIGHT:
        small = small.transpose(_UPRIGHT[facts.orientation])
    if facts.orientation >= 5:
        width, height = height, width
    return DecodedImage(np.array(small), width, height, kind, facts.taken_at, facts.camera)


def _working_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, WORKING_SIDE / min(width, height), 4 * WORKING_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


class _ExifFacts(NamedTuple):
    """What EXIF says: orientation (1 to 8; 1 where it does not say), time and camera."""

    orientation: int = 1
    taken_at: datetime | None = None
    camera: str = ""


def _read_facts(load: Callable[[], Image.Exif]) -> _ExifFacts:
    """Read the facts; damaged EXIF counts as none."""
    try:
        exif = load()
        orientation = exif.get(ExifTags.Base.Orientation)
        original = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
        taken_at = _parse_time(original) or _parse_time(exif.get(ExifTags.Base.DateTime))
        camera = _join_camera_name(exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model))
    except Exception:  # the parser raises as many classes as the decoders do
        return _ExifFacts()
    return _ExifFacts(orientation if orientation in _UPRIGHT else 1, taken_at, camera)


def _merge_raw_facts(data: bytes, raw: Preview, inner: _ExifFacts) -> _ExifFacts:
    """The facts of a raw file, and where it does not say, those of the JPEG in it."""

    def load() -> Image.Exif:
        exif = Image.Exif()
        # Olympus and Panasonic write a mark of their own before what is TIFF otherwise.
        block = raw.exif or data
        exif.load_from_fp(BytesIO((b"II*\0" if block.startswith(b"II") else b"MM\0*") + block[4:]))
        return exif

    said = _read_facts(load)
    orientation = raw.orientation if 1 <= raw.orientation <= 8 else inner.orientation
    return _ExifFacts(orientation, said.taken_at or inner.taken_at, said.camera or inner.camera)


def _parse_time(value: object) -> datetime | None:
    try:
        return datetime.strptime(str(value).strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _join_camera_name(make: object, model: object) -> str:
    """The model, after its maker unless it begins with the maker's name: both “Canon” and “Canon EOS 5D”."""
    maker, name = _clean_text(make), _clean_text(model)
    known = name.casefold().startswith(maker.casefold().split(" ")[0])
    return name if known else f"{maker} {name}".strip()


def _clean_text(value: object) -> str:
    """What is said, on one line and not endlessly; what is no text says nothing."""
    text = value if isinstance(value, str) else ""
    visible = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(visible.split())[:MAX_CAMERA_LENGTH].strip()


def _convert_for_resizing(image: Image.Image, scaling: str) -> Image.Image:
    """Give a copy whose mode Pillow can resample: L, RGB, CMYK or RGBA."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(scale_to_eight_bits(np.asarray(image), scaling))
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _convert_to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Bring a small picture to sRGB over white; a profile that is damaged or of another kind is ignored."""
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    if isinstance(profile, bytes) and profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
            return converted or image
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return image.convert("RGB")


def resize_pixels(pixels: RGB, width: int, height: int, method: str = "bicubic") -> RGB:
    """Resize to exactly that many pixels, antialiased: what `Image.resize` of Pillow gives for the method."""
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling[method.upper()]))


def encode_webp(pixels: RGB, *, side: int, quality: int = 80) -> bytes:
    """Encode as WebP without metadata, reduced so that the long side has at most `side` pixels."""
    image = Image.fromarray(pixels)
    scale = min(1.0, side / max(image.size))
    if scale < 1:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image = image.resize(size, Image.Resampling.BICUBIC)
    return _encode_image(image, "WEBP", quality=quality)


def encode_jpeg(pixels: RGB, *, quality: int = 85, taken_at: datetime | None = None) -> bytes:
    """Encode as JPEG; `taken_at`, when given, is written as EXIF DateTimeOriginal, to the second."""
    image = Image.fromarray(pixels)
    if taken_at is None:
        return _encode_image(image, "JPEG", quality=quality)
    exif = Image.Exif()
    moment = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = moment
    return _encode_image(image, "JPEG", quality=quality, exif=exif)


def encode_png(pixels: RGB) -> bytes:
    """Encode as PNG without loss and without metadata."""
    return _encode_image(Image.fromarray(pixels), "PNG")


def encode_ppm(pixels: RGB) -> bytes:
    """Encode as PPM: as large as the pixels, and done at once."""
    return _encode_image(Image.fromarray(pixels), "PPM")


def _encode_image(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


_HASH_SIDE: Final = 32
_COSINES: Final = np.cos(np.pi / _HASH_SIDE * np.outer(np.arange(1, 9), np.arange(_HASH_SIDE) + 0.5))


def perceptual_hash(pixels: RGB) -> int:
    """Give 64 bits that hardly change when a picture is resized or compressed, as a signed integer.

    The pHash of Zauner (2010): grey at 32 x 32, DCT-II, the 8 x 8 frequencies 1 to 8 each way (so without
    the rows that brightness rules), each bit telling whether a coefficient exceeds their median; the
    lowest frequency is the highest bit. Pictures differ by the number of bits in which they differ.
    A constant picture gives 0.
    """
    size = (_HASH_SIDE, _HASH_SIDE)
    grey = Image.fromarray(pixels).convert("L").resize(size, Image.Resampling.BICUBIC)
    frequencies = _COSINES @ np.asarray(grey, dtype=np.float64) @ _COSINES.T
    frequencies = np.round(frequencies, 6)  # what should be zero is, on every machine
    bits = np.packbits(frequencies > np.median(frequencies))
    return int.from_bytes(bits.tobytes(), "big", signed=True)
