"""How a picture becomes a backbone's input: resize, crop, scale; part of a space's fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidSetting, UnknownDescriptor
from ..pictures.images import RGB, resize_pixels
from ..query.values import Region
from .enhancement import VERSION, checked, enhanced, within

Triple = tuple[float, float, float]
KEYS = ("size", "crop", "interpolation", "mean", "std", "enhance")


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The short side is resized to size / crop, the middle size × size pixels are taken, and each
    channel becomes (value / 255 − mean) / std.
    """

    size: int = 224  # pixels
    crop: float = 0.875  # share of the short side that is kept
    interpolation: str = "bicubic"
    mean: Triple = (0.485, 0.456, 0.406)
    std: Triple = (0.229, 0.224, 0.225)
    enhance: tuple[
        str, ...
    ] = ()  # what is done to the picture before (see retrieval.descriptors.enhancement)

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 2048 or not 0.1 <= self.crop <= 1:
            raise InvalidSetting(f"size {self.size}, crop {self.crop}: choose 16 to 2048 and 0.1 to 1")
        if self.interpolation not in ("bicubic", "bilinear"):
            raise InvalidSetting(f"interpolation {self.interpolation}: choose bicubic or bilinear")
        for name, triple in (("mean", self.mean), ("std", self.std)):
            if len(triple) != 3 or not np.isfinite(triple).all():
                raise InvalidSetting(f"{name} {triple}: give three numbers, one a channel, or one for all")
        if min(self.std) <= 0:
            raise InvalidSetting(f"std {self.std}: all three must be above 0")
        checked(self.enhance)

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values; what is not enhanced does not say so, as before there was a way to."""
        values = asdict(self)
        enhance = list(values.pop("enhance"))
        said = {"enhance": enhance, "enhancement_version": VERSION} if enhance else {}
        return values | {"mean": list(self.mean), "std": list(self.std)} | said

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Preprocessing:
        """The inverse of as_json; other keys are passed over.

        Raises UnknownDescriptor where another version of the code enhanced.
        """
        known: dict[str, Any] = {name: values[name] for name in cls.__slots__ if name in values}
        known |= {name: tuple(known[name]) for name in ("mean", "std", "enhance") if name in known}
        if known.get("enhance") and values.get("enhancement_version") != VERSION:
            found = f"enhancement, version {values.get('enhancement_version')}"
            raise UnknownDescriptor(found, [f"enhancement, version {VERSION}"])
        return cls(**known)

    def with_overrides(self, texts: Mapping[str, str]) -> Preprocessing:
        """Replace what `size=256`, `crop=1`, `mean=0.5`, `std=0.2,0.2,0.2` or `enhance=median:3` say."""
        return replace(self, **{name: _parsed(name, text) for name, text in texts.items()})

    def prepare_batch(self, pictures: Sequence[RGB]) -> npt.NDArray[np.float32]:
        """The backbone's input: (picture, 3, size, size)."""
        stacked = np.stack([self._cropped(enhanced(picture, self.enhance)[0]) for picture in pictures])
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        scaled: npt.NDArray[np.float32] = (stacked.astype(np.float32) / np.float32(255) - mean) / std
        return scaled.transpose(0, 3, 1, 2)

    def visible_region(self, picture: RGB) -> Region:
        """The part of a picture that the backbone sees."""
        seen, part = enhanced(picture, self.enhance)
        height, width = seen.shape[:2]
        side = min(height, width) * self.size / int(np.floor(self.size / self.crop))
        across, down = min(1.0, side / width), min(1.0, side / height)
        return within(part, Region((1 - across) / 2, (1 - down) / 2, across, down))

    def _cropped(self, picture: RGB) -> RGB:
        height, width = picture.shape[:2]
        # As timm does it: the short side becomes floor(size / crop), the long side keeps the shape.
        short = int(np.floor(self.size / self.crop))
        scale = short / min(height, width)
        # A strip that is much longer than wide loses its ends before, not after, it is enlarged.
        longest = int(np.ceil(8 * min(height, width)))
        picture = _middle(picture, min(height, longest), min(width, longest))
        height, width = picture.shape[:2]
        resized = resize_pixels(
            picture, max(short, int(width * scale)), max(short, int(height * scale)), self.interpolation
        )
        return _middle(resized, self.size, self.size)


def _middle(picture: RGB, height: int, width: int) -> RGB:
    top = round((picture.shape[0] - height) / 2)
    left = round((picture.shape[1] - width) / 2)
    return picture[top : top + height, left : left + width]


def _parsed(name: str, text: str) -> Any:
    try:
        if name == "size":
            return int(text)
        if name == "crop":
            return float(text)
        if name in ("mean", "std"):
            numbers = [float(number) for number in text.split(",")]
            return tuple(numbers * 3 if len(numbers) == 1 else numbers)
        if name == "enhance":
            return tuple(filter(None, text.split(",")))
    except ValueError as error:
        raise InvalidSetting(f"preprocessing {name}={text}: {error}") from error
    if name == "interpolation":
        return text
    raise InvalidSetting(f"preprocessing {name}: not known; there are {', '.join(KEYS)}")
