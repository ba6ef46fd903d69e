"""How a picture becomes a backbone's input: enhance, resize, crop, scale; part of a space's fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias, final

import numpy as np

from ..errors import InvalidSetting, UnknownDescriptor
from ..pictures.images import resize_pixels
from ..query.values import Region
from ..ranking.arrays import RGB, Float32Array
from .enhancement import VERSION, check_steps, enhance_picture

Triple: TypeAlias = tuple[float, float, float]  # one value for each channel
KEYS = ("size", "crop", "interpolation", "mean", "std", "enhance")


@final
@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The short side is resized to size / crop, the central size × size pixels are taken, and each
    channel becomes (value / 255 − mean) / std.
    """

    size: int = 224  # pixels
    crop: float = 0.875  # share of the short side
    interpolation: str = "bicubic"
    mean: Triple = (0.485, 0.456, 0.406)
    std: Triple = (0.229, 0.224, 0.225)
    enhance: tuple[str, ...] = ()  # steps before all others (see retrieval.descriptors.enhancement)

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 2048 or not 0.1 <= self.crop <= 1:
            raise InvalidSetting(f"size {self.size}, crop {self.crop}: choose 16 to 2048 and 0.1 to 1")
        if self.interpolation not in ("bicubic", "bilinear"):
            raise InvalidSetting(f"interpolation {self.interpolation}: choose bicubic or bilinear")
        for name, triple in (("mean", self.mean), ("std", self.std)):
            if len(triple) != 3 or not np.isfinite(triple).all():
                raise InvalidSetting(
                    f"{name} {triple}: give three numbers, one for each channel, or one for all"
                )
        if min(self.std) <= 0:
            raise InvalidSetting(f"std {self.std}: all three must be above 0")
        check_steps(self.enhance)

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values.

        Without steps the key `enhance` is left out, so that older fingerprints stay the same.
        """
        values = asdict(self)
        enhance = list(values.pop("enhance"))
        steps = {"enhance": enhance, "enhancement_version": VERSION} if enhance else {}
        return values | {"mean": list(self.mean), "std": list(self.std)} | steps

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Preprocessing:
        """The inverse of as_json; other keys are ignored.

        Raises UnknownDescriptor where another version of the code enhanced the pictures.
        """
        own: dict[str, Any] = {name: values[name] for name in cls.__slots__ if name in values}
        own |= {name: tuple(own[name]) for name in ("mean", "std", "enhance") if name in own}
        if own.get("enhance") and values.get("enhancement_version") != VERSION:
            stored = f"enhancement, version {values.get('enhancement_version')}"
            raise UnknownDescriptor(stored, [f"enhancement, version {VERSION}"])
        return cls(**own)

    def with_overrides(self, texts: Mapping[str, str]) -> Preprocessing:
        """A copy with values from texts, as in size="256", crop="1", std="0.2,0.2,0.2" or enhance="median:3".

        A single number for `mean` or `std` applies to all channels. Raises InvalidSetting.
        """
        return replace(self, **{name: _parse_override(name, text) for name, text in texts.items()})

    def prepare_batch(self, pictures: Sequence[RGB]) -> Float32Array:
        """The backbone's input: (picture, 3, size, size)."""
        stacked = np.stack(
            [self._resize_and_crop(enhance_picture(picture, self.enhance)[0]) for picture in pictures]
        )
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        scaled: Float32Array = (stacked.astype(np.float32) / np.float32(255) - mean) / std
        return scaled.transpose(0, 3, 1, 2)

    def visible_region(self, picture: RGB) -> Region:
        """The part of a picture that the backbone sees."""
        enhanced, part = enhance_picture(picture, self.enhance)
        height, width = enhanced.shape[:2]
        return part.place_box(self.visible_frame(width, height))

    def visible_frame(self, width: int, height: int) -> Region:
        """The part that the backbone sees of a picture of this size, whose borders no step cuts off."""
        side = min(height, width) * self.size / int(np.floor(self.size / self.crop))
        across, down = min(1.0, side / width), min(1.0, side / height)
        return Region((1 - across) / 2, (1 - down) / 2, across, down)

    def _resize_and_crop(self, picture: RGB) -> RGB:
        height, width = picture.shape[:2]
        # As timm does it: the short side becomes floor(size / crop), and the aspect ratio is kept.
        short = int(np.floor(self.size / self.crop))
        scale = short / min(height, width)
        # The ends of a long narrow strip are cut off before it is enlarged: they would only cost memory.
        longest = int(np.ceil(8 * min(height, width)))
        picture = _crop_centre(picture, min(height, longest), min(width, longest))
        height, width = picture.shape[:2]
        resized = resize_pixels(
            picture, max(short, int(width * scale)), max(short, int(height * scale)), self.interpolation
        )
        return _crop_centre(resized, self.size, self.size)


def _crop_centre(picture: RGB, height: int, width: int) -> RGB:
    top = round((picture.shape[0] - height) / 2)
    left = round((picture.shape[1] - width) / 2)
    return picture[top : top + height, left : left + width]


def _parse_override(name: str, text: str) -> Any:
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
    raise InvalidSetting(f"preprocessing {name}: unknown; choose from {', '.join(KEYS)}")
