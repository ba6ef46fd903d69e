"""The table of signals: what documents and settings say is what it holds, and one new entry works by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shutil import copytree
from typing import Any, final

import numpy as np
import pytest
from PIL import Image

from retrieval import (
    SETTINGS,
    Hit,
    InvalidQuery,
    Library,
    Options,
    Query,
    Settings,
    StoredPicture,
    Text,
    UnknownDescriptor,
    write_library,
)
from retrieval.descriptors import registry
from retrieval.descriptors.base import AbstractDescriptor
from retrieval.descriptors.details import Details
from retrieval.descriptors.parts import Parts
from retrieval.ranking.arrays import RGB, Float32Matrix
from retrieval.signals import COLOUR, SCALES, SIGNALS, Signal
from tests.indexing import index_folder

BRIGHTNESS = Signal(
    "brightness",
    title="brightness",
    asked_by="pictures",
    compares="how bright a picture is on average",
    default_weight=0.5,
    space="brightness",
    bandwidth=0.2,
)
GREYS = (0, 100, 120, 255)  # of the pictures with the ids 1 to 4
ONLY_BRIGHTNESS = dict.fromkeys(("subject", "colour", "details"), 0.0)


@final
class Brightness(AbstractDescriptor):
    """The mean of all values, as a direction between "black" (1, 0) and "white" (0, 1)."""

    name = BRIGHTNESS.name
    dimension = 2
    configuration: Mapping[str, Any] = {"version": 1}

    def describe(self, pictures: Sequence[RGB]) -> Float32Matrix:
        return np.array([direction(float(pixels.mean())) for pixels in pictures], np.float32)


def direction(grey: float) -> tuple[float, float]:
    angle = grey / 255 * np.pi / 2
    return float(np.cos(angle)), float(np.sin(angle))


def cosine(one: int, other: int) -> float:
    return float(np.cos((one - other) / 255 * np.pi / 2))


@pytest.fixture(scope="class")
def grey_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Four grey pictures, in a library with the entry BRIGHTNESS and its maker."""
    folder = tmp_path_factory.mktemp("greys")
    for number, grey in enumerate(GREYS, 1):
        Image.new("RGB", (40, 40), (grey,) * 3).save(folder / f"{number}.png")
    with pytest.MonkeyPatch.context() as patch:
        maker = registry.Maker(lambda *_: Brightness(), lambda _: Brightness.configuration)
        patch.setitem(SIGNALS, BRIGHTNESS.name, BRIGHTNESS)
        patch.setitem(registry.MAKERS, BRIGHTNESS.name, maker)
        index_folder(path := tmp_path_factory.mktemp("library"), folder)
        with Library.open(path) as library:
            yield library


def brightness_amounts(hit: Hit) -> list[tuple[float, float]]:
    return [
        (contribution.score, contribution.amount)
        for contribution in hit.contributions
        if contribution.signal == BRIGHTNESS.name
    ]


class TestANewSignal:
    def test_is_one_of_the_library(self, grey_library: Library) -> None:
        assert grey_library.signal_names[-1] == BRIGHTNESS.name
        assert BRIGHTNESS.name in [space.descriptor for space in grey_library.spaces]

    def test_finds_by_its_feature(self, grey_library: Library) -> None:
        query = Query((StoredPicture(2),), weights=ONLY_BRIGHTNESS, include_examples=True)
        assert grey_library.search(query).ids == [2, 3, 1, 4]

    def test_counts_by_its_bandwidth_and_its_default_weight(self, grey_library: Library) -> None:
        query = Query((StoredPicture(2),), weights=ONLY_BRIGHTNESS)
        for hit in grey_library.search(query).hits:
            score = cosine(GREYS[1], GREYS[hit.id - 1])
            expected = 0.5 * np.exp((score - 1) / 0.2)
            assert brightness_amounts(hit) == [
                (pytest.approx(score, abs=1e-3), pytest.approx(expected, rel=0.01))
            ]
            assert hit.score == pytest.approx(expected, rel=0.01)

    def test_takes_a_weight(self, grey_library: Library) -> None:
        hits = grey_library.search(Query((StoredPicture(2),), weights={BRIGHTNESS.name: 2.0})).hits
        plain = grey_library.search(Query((StoredPicture(2),))).hits
        amounts, halves = ({hit.id: brightness_amounts(hit)[0][1] for hit in page} for page in (hits, plain))
        # By default it has a share of the part: its weight of a half, of 1.56 with subject and colour.
        assert amounts == {image_id: pytest.approx(4 * 1.56 * half) for image_id, half in halves.items()}
        off = grey_library.search(Query((StoredPicture(2),), weights={BRIGHTNESS.name: 0}))
        assert [brightness_amounts(hit) for hit in off.hits] == [[]] * len(off.hits)

    def test_is_calibrated(self, grey_library: Library) -> None:
        """Too few pictures to know what unrelated ones score: closeness counts, as for any such space."""
        query = Query((StoredPicture(2),), weights=ONLY_BRIGHTNESS, options=Options(fusion="calibrated"))
        assert grey_library.search(query).ids == [3, 1, 4]


def test_a_signal_without_an_entry_is_unknown(library: Library) -> None:
    with pytest.raises(InvalidQuery, match="signal brightness: this library has"):
        library.search(Query((StoredPicture(2),), weights={BRIGHTNESS.name: 1.0}))


def test_a_library_with_a_space_of_another_version_is_not_searched(
    library_path: Path, tmp_path: Path
) -> None:
    """It may hold scores of which this version does not know what they mean."""
    copytree(library_path, tmp_path / "library")
    with write_library(tmp_path / "library") as writable, writable.catalog.writing() as writer:
        [colour] = [space for space in writable.spaces if space.descriptor == COLOUR]
        writer.configure_space(colour.id, colour.fingerprint, {**colour.configuration, "version": 2})
    with (
        Library.open(tmp_path / "library") as library,
        pytest.raises(UnknownDescriptor, match="colour, version 2"),
    ):
        library.search(Query((Text("harbour"),)))


def test_every_signal_has_the_setting_of_its_default_weight() -> None:
    weights = {name: field.default for name, field in SETTINGS.items() if name.startswith("weight_")}
    assert weights == {f"weight_{name}": signal.default_weight for name, signal in SIGNALS.items()}
    assert all(Settings().default_weight(name) == signal.default_weight for name, signal in SIGNALS.items())


def test_what_needs_pixels_has_what_describes_them() -> None:
    described = {signal.space for signal in SIGNALS.values() if signal.needs_pixels}
    assert described == {*registry.MAKERS, Details.name, Parts.name}


def test_names_are_keys_and_differ() -> None:
    assert [signal.name for signal in SIGNALS.values()] == list(SIGNALS)
    assert [scale.name for scale in SCALES.values()] == list(SCALES)
    assert not set(SIGNALS) & set(SCALES)
    assert len({signal.title for signal in SIGNALS.values()}) == len(SIGNALS)


def test_the_documents_tell_what_the_table_holds() -> None:
    text = (Path(__file__).parents[2] / "docs/ranking.md").read_text("utf-8")
    for signal in SIGNALS.values():
        assert f"| `{signal.name}` | {signal.title} | {signal.asked_by} | {signal.compares} |" in text
