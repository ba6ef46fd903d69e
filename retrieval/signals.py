"""The signals: the ways in which a query is compared with images, and all that is particular to each. Pure.

A new signal is one entry in SIGNALS and what makes its features: for a picture's pixels an entry in
`descriptors/registry.py`. Its setting is one line in `settings.py`; without one, `default_weight` holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .ranking.relevance import Unrelated

WORDS, MEANING, SUBJECT = "words", "meaning", "subject"
COLOUR, TEXTURE, LAYOUT, DETAILS, PART = "colour", "texture", "layout", "details", "part"
# What a query asks beside the signals: whether an image satisfies a condition that is an alternative.
CONDITION = "condition"
# What scores mean, where that is something else than for whole pictures of the signal.
SWATCHES, PALETTE, EXAMPLES, NEIGHBOURS = "swatches", "palette", "examples", "neighbours"
REGION = "region"

# The SHA-256 of the weights of the bundled backbone; a test compares it with the file.
BUNDLED_WEIGHTS = "2f58e148bab19078ffe8ad95f6e91dd61ce94fc9c77e999b7c66505c1715735a"


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """One way to compare a query with images.

    `title` is what people call it, `asked_by` the parts of a query that use it, and `compares` what of an
    image it looks at; docs/ranking.md shows all three. `space` names the space whose features it compares, by
    its descriptor; "" for a signal that compares what is written about an image.

    `bandwidth` is the difference between two cosines over which closeness changes by the factor e (see
    ranking/fusion.py): small where only nearly equal features mean anything. None for scores that are no
    cosines. `sharpness` is the exponent of calibrated scores. A signal that `is_look` lifts a hit less than
    others do: what looks alike often shows different things.

    `unrelated` holds what unrelated pictures score, where that is the same in every library: by the SHA-256
    of the backbone's weights, or under "" for a space without a backbone.
    """

    name: str
    title: str
    asked_by: str
    compares: str
    default_weight: float
    space: str = ""
    bandwidth: float | None = None
    sharpness: float = 1.0
    is_look: bool = False
    unrelated: Mapping[str, Unrelated] = field(default_factory=dict)

    @property
    def needs_pixels(self) -> bool:
        """Whether only images that were decoded and described can be compared."""
        return bool(self.space)


@dataclass(frozen=True, slots=True)
class Scale:
    """What the scores of a question mean, where it is not asked with the feature of a whole picture.

    `bandwidth` is as in Signal; `default_weight` replaces that of the signal, unless it is None.
    """

    name: str
    bandwidth: float
    default_weight: float | None = None


# Sharpness was chosen by measurement (docs/decisions/0007-relevance-line.md): looks mean much where two
# pictures are nearly the same, and tell little about which of many distant ones is nearer. What unrelated
# pictures score was measured between sets that share no subject (`python -m benchmarks relevance`).
SIGNALS: Final[dict[str, Signal]] = {
    signal.name: signal
    for signal in (
        Signal(
            WORDS,
            title="words",
            asked_by="words",
            compares="titles, tags, labels, captions, places, creators, names of files and folders, "
            "predicted labels and categories (BM25F; a predicted word counts by its confidence)",
            default_weight=1.0,
        ),
        Signal(
            SUBJECT,
            title="what is shown",
            asked_by="pictures, regions, examples, concepts",
            compares="what is shown: the pooled feature of the backbone, by default averaged over its "
            "neighbourhood",
            default_weight=1.0,
            space=SUBJECT,
            bandwidth=1.0,
            sharpness=0.5,
            unrelated={BUNDLED_WEIGHTS: Unrelated(0.585, 0.062)},
        ),
        Signal(
            COLOUR,
            title="colours",
            asked_by="pictures, swatches, palettes",
            compares="which colours occur; for whole pictures also where",
            default_weight=0.06,
            space=COLOUR,
            bandwidth=0.1,
            sharpness=1.5,
            is_look=True,
            unrelated={"": Unrelated(0.741, 0.258, curved=True)},
        ),
        Signal(
            TEXTURE,
            title="surfaces",
            asked_by="pictures",
            compares="surfaces, wherever they are",
            default_weight=0.0,
            space=TEXTURE,
            bandwidth=0.3,
            is_look=True,
        ),
        Signal(
            LAYOUT,
            title="arrangement",
            asked_by="pictures",
            compares="what is where",
            default_weight=0.0,
            space=LAYOUT,
            bandwidth=0.5,
            is_look=True,
        ),
        Signal(
            PART,
            title="parts",
            asked_by="pictures, regions",
            compares="what each part of a picture shows: the picture, or a region of it, against the best of "
            "14 windows",
            default_weight=0.0,
            space=PART,
            bandwidth=0.5,
        ),
        Signal(
            MEANING,
            title="meaning of words",
            asked_by="words",
            compares="what the words mean in the subject space; finds pictures without words",
            default_weight=1.0,
            space=SUBJECT,
        ),
        Signal(
            DETAILS,
            title="the same picture",
            asked_by="pictures",
            compares="keypoints that agree on one mapping: the same picture, cropped, rotated, scaled, in "
            "greyscale or with a banner",
            default_weight=2.0,
            space=DETAILS,
        ),
    )
}

# Whoever names colours means them; beside a whole picture they are one look of it among others. Swatches and
# palettes lie further apart than whole pictures (see descriptors/palette.py). Whoever draws a region looks
# for it in pictures that show other things as well.
SCALES: Final[dict[str, Scale]] = {
    scale.name: scale
    for scale in (
        Scale(SWATCHES, bandwidth=0.5, default_weight=1.0),
        Scale(PALETTE, bandwidth=0.15, default_weight=1.0),
        Scale(EXAMPLES, bandwidth=1.0),
        Scale(NEIGHBOURS, bandwidth=1.0),
        Scale(REGION, bandwidth=0.5, default_weight=1.0),
    )
}


def bandwidths() -> dict[str, float]:
    """The bandwidth of every signal and scale whose scores are cosines, by its name."""
    signals = {signal.name: signal.bandwidth for signal in SIGNALS.values() if signal.bandwidth is not None}
    return signals | {scale.name: scale.bandwidth for scale in SCALES.values()}


def sharpness_by_signal() -> dict[str, float]:
    """The exponent that each signal gives to calibrated scores."""
    return {signal.name: signal.sharpness for signal in SIGNALS.values()}
