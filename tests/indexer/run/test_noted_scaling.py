"""A library notes how its pictures were scaled, and refuses to scale others in another way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from indexer.run.pipeline import index
from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval import (
    InvalidSetting,
    Library,
    Picture,
    Query,
    fetch_backbone,
    find_damages,
    path_bytes,
    read_status,
    write_library,
)
from retrieval.descriptors.base import fingerprint_of
from tests.drawing import draw_scene, encode_picture
from tests.indexer.command import make_without_backbone
from tests.indexing import index_folder

WINDOW = 'scaling = "window:100:200"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "scan.png").write_bytes(
        encode_picture(Image.fromarray(draw_scene(1)[..., 0].astype(np.uint16)), "PNG")
    )
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_without_backbone(tmp_path / "library")


def index_and_open(path: Path, folder: Path) -> Library:
    """A library with what lies in a folder; it is closed, and opened anew to be read."""
    with open_or_create(path) as library:
        index(library, [path_bytes(folder)], captions={}, on_event=lambda _: None)
    return Library.open(path)


def refusal_message(path: Path) -> str:
    with pytest.raises(InvalidSetting) as caught, open_or_create(path):
        pass
    return str(caught.value)


def draw_transparent(colour: str, kind: str = "disc") -> Image.Image:
    """A drawing of one colour on transparency."""
    image = Image.new("RGBA", (96, 96), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    {"disc": draw.ellipse, "bar": draw.rectangle}[kind]([20, 30, 70, 60], fill=colour)
    return image


def test_white_drawings_are_told_apart_in_new_libraries(tmp_path: Path) -> None:
    (folder := tmp_path / "icons").mkdir()
    for kind in ("disc", "bar"):
        (folder / f"{kind}.png").write_bytes(encode_picture(draw_transparent("white", kind), "PNG"))
    index_folder(tmp_path / "library", folder)
    with Library.open(tmp_path / "library") as library:
        assert {space.configuration["background"] for space in library.spaces} == {"content"}
        assert all(
            space.fingerprint
            == fingerprint_of(
                space.descriptor,
                space.dimension,
                {key: value for key, value in space.configuration.items() if key != "scaling"},
            )
            for space in library.spaces
        ), "the usual scaling is not in a fingerprint, the background is"
        first, second = (library.load_thumbnail(image_id) for image_id in (1, 2))
        assert first != second
        query = Query((Picture(folder / "bar.png"),), include_examples=True)
        scores = {Path(hit.image.path).name: hit.score for hit in library.search(query).hits}
        assert scores["bar.png"] > scores.get("disc.png", 0)


def test_an_older_library_keeps_white_behind_transparent_pixels(path: Path, folder: Path) -> None:
    """Its spaces say nothing of a background."""
    (folder / "icon.png").write_bytes(encode_picture(draw_transparent("white"), "PNG"))
    with index_and_open(path, folder) as library:
        assert "background" not in library.spaces[0].configuration
        assert library.reading_limits.background == "white"


def test_another_policy_is_refused_and_the_message_names_both(path: Path, folder: Path) -> None:
    index_and_open(path, folder).close()
    (path / "library.toml").write_text(WINDOW)
    message = refusal_message(path)
    assert "'window:100:200'" in message
    assert "described under 'auto'" in message
    assert "index into another --library" in message


def test_a_query_picture_is_not_scaled_in_another_way_than_the_library(path: Path, folder: Path) -> None:
    query = Query((Picture(folder / "scan.png"),))
    with index_and_open(path, folder) as library:
        assert len(library.search(query).hits) == 1
    (path / "library.toml").write_text(WINDOW)
    with Library.open(path) as library, pytest.raises(InvalidSetting, match="described under 'auto'"):
        library.search(query)


def test_the_policy_may_be_chosen_until_the_first_picture(path: Path, folder: Path, tmp_path: Path) -> None:
    with open_or_create(path) as library:
        before = [space.fingerprint for space in library.spaces]
    (path / "library.toml").write_text(WINDOW)
    with index_and_open(path, folder) as library:
        assert [space.configuration["scaling"] for space in library.spaces] == ["window:100:200"]
        assert [space.fingerprint for space in library.spaces] != before
        assert find_damages(library) == []
    (path / "library.toml").write_text('scaling = "minmax"\n')
    assert "described under 'window:100:200'" in refusal_message(path)


def test_the_usual_policy_leaves_fingerprints_as_they_were(path: Path) -> None:
    with Library.open(path) as library:
        before = [space.fingerprint for space in library.spaces]
    with open_or_create(path) as library:
        assert [space.fingerprint for space in library.spaces] == before
        assert library.reading_limits.scaling == "auto"


def test_an_older_library_goes_on_under_the_policy_that_it_is_used_with(path: Path, folder: Path) -> None:
    """It notes nothing; its features stay, and so does all that was made of them."""
    (path / "library.toml").write_text(WINDOW)
    with write_library(path) as library:  # as it was made before: no policy is noted
        index(library, [path_bytes(folder)], captions={}, on_event=lambda _: None)
        assert "scaling" not in library.spaces[0].configuration
        generations = [projection.generation for projection in read_status(library).projections]
    with index_and_open(path, folder) as library:
        assert library.spaces[0].configuration["scaling"] == "window:100:200"
        assert [projection.generation for projection in read_status(library).projections] == generations
        assert len(library.search(Query((Picture(folder / "scan.png"),))).hits) == 1
    (path / "library.toml").unlink()
    assert "described under 'window:100:200'" in refusal_message(path)


def test_another_preprocessing_is_refused_as_another_backbone_is(tmp_path: Path) -> None:
    path, name = tmp_path / "library", "test_resnet"
    with write_library(path) as library:
        library.make_spaces(fetch_backbone(name, "untrained", enhance="median:3"))
    with open_or_create(path, LibrarySpec(name, "untrained", {"enhance": "median:3"})):
        pass
    other = LibrarySpec(name, "untrained", {"enhance": "median:5"})
    with pytest.raises(InvalidSetting, match="leave --preprocessing out"), open_or_create(path, other):
        pass
