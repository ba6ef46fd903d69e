"""Duplicates of a real library: tiers, the copy that is kept, and verdicts that are remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval import ImageNotFound, InvalidQuery, Library, VerdictNotFound, open_keeper, parse_keep_rule
from retrieval.projections.likeness import LIKENESS
from tests.copied_scenes import make_copied_library
from tests.drawing import write_scenes
from tests.indexing import index_folder


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(make_copied_library(tmp_path_factory.mktemp("copies"))) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _forget_verdicts(library: Library) -> Iterator[None]:
    yield
    with open_keeper(library) as keeper:
        for verdict in library.load_verdicts():
            keeper.withdraw_verdict(verdict.id)


def groups(library: Library, tier: str = "picture") -> list[tuple[int, ...]]:
    return sorted(group.images for group in library.find_duplicates(tier).groups)  # type: ignore[arg-type]


def names(library: Library, tier: str, rule: str = "largest") -> list[tuple[str, list[str]]]:
    found = library.find_duplicates(tier, parse_keep_rule(rule)).groups  # type: ignore[arg-type]
    return [
        (Path(group.kept.display).name, [Path(copy.display).name for copy in group.spare]) for group in found
    ]


def test_tiers(library: Library) -> None:
    assert groups(library, "bytes") == [(1,)]
    assert groups(library) == [(2, 7, 8), (3,)]
    assert groups(library, "confirmed") == []
    assert library.find_duplicates() is library.find_duplicates(), "they are kept"
    with pytest.raises(InvalidQuery, match="bytes, picture, scene or confirmed"):
        groups(library, "similar")


def test_a_rule_says_what_would_be_kept(library: Library) -> None:
    assert names(library, "bytes") == [("scene-000.jpg", ["again.jpg"])]
    folder = library.find_duplicates("bytes").groups[0].spare[0].display.rpartition("/")[0]
    assert names(library, "bytes", f"folder:{folder}") == [("again.jpg", ["scene-000.jpg"])]
    group = next(group for group in library.find_duplicates().groups if group.images == (2, 7, 8))
    assert Path(group.kept.display).name == "mirrored.png"
    assert group.differences == {"size", "format", "bytes", "content"}


def test_verdicts_are_remembered_follow_from_each_other_and_can_be_taken_back(library: Library) -> None:
    with open_keeper(library) as keeper:
        keeper.state_verdict("same", [2, 7])
        last = keeper.state_verdict("same", [7, 8])
    assert groups(library, "confirmed") == [(2, 7, 8)]
    assert groups(library) == [(3,)]
    with open_keeper(library) as keeper:
        keeper.withdraw_verdict(last)
        keeper.state_verdict("different", [2, 8])
        keeper.state_verdict("different", [3])
        keeper.state_verdict("different", [1])
    assert groups(library, "confirmed") == [(2, 7)]
    assert groups(library) == [], "8 is not 2, so it is not 7 either"
    assert groups(library, "bytes") == []


def test_a_verdict_is_about_images_that_are_there(library: Library) -> None:
    with open_keeper(library) as keeper:
        with pytest.raises(ImageNotFound):
            keeper.state_verdict("same", [1, 999])
        with pytest.raises(InvalidQuery, match="2 to 500 images"):
            keeper.state_verdict("same", [1, 1])
        with pytest.raises(VerdictNotFound):
            keeper.withdraw_verdict(10**6)


def test_an_image_finds_those_that_it_is_alike(library: Library) -> None:
    view = library.snapshot().views[LIKENESS]
    assert set(view.search(2, limit=9, allowed=None).ids.tolist()) == {7, 8}
    assert len(view.search(5, limit=9, allowed=None)) == 0


def test_new_images_are_compared_when_they_are_published(tmp_path: Path) -> None:
    path = make_copied_library(tmp_path)
    index_folder(
        path, tmp_path / "pictures", *[write_scenes(tmp_path / "more", 1, first=9)[0].parent], publishes=False
    )
    with Library.open(path) as opened:
        assert opened.find_duplicates().uncompared == 1
        index_folder(path, tmp_path / "more")
        assert opened.find_duplicates().uncompared == 0
