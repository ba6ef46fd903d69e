"""The names of the folders between what was indexed and a picture are words about it; those above are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image as PillowImage

from retrieval import Library, parse_query, path_bytes
from retrieval.catalog.roots import count_folders
from tests.drawing import draw_scene, encode_picture
from tests.indexing import index_folder

PICTURES = {"Urlaub 2019/Strand/a.jpg": 1, "Urlaub 2019/b.jpg": 2, "Berge/c.jpg": 3, "d.jpg": 4}


@pytest.fixture
def album(tmp_path: Path) -> Path:
    for name, seed in PICTURES.items():
        path = tmp_path / "privat" / "Album" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_picture(PillowImage.fromarray(draw_scene(seed)), "JPEG"))
    return tmp_path / "privat" / "Album"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


def find_names(folder: Path, line: str) -> set[str]:
    with Library.open(folder) as library:
        return {Path(hit.image.path).name for hit in library.search(parse_query(line)).hits}


def test_every_folder_below_the_indexed_one_is_a_word_and_none_above_it(album: Path, folder: Path) -> None:
    index_folder(folder, album)
    assert find_names(folder, "urlaub") == {"a.jpg", "b.jpg"}
    assert find_names(folder, "urlaub strand") >= {"a.jpg"}
    assert find_names(folder, "privat") == set()
    assert find_names(folder, "album") == {"d.jpg"}


def test_a_folder_further_up_that_is_indexed_later_brings_the_names_below_it(
    album: Path, folder: Path
) -> None:
    index_folder(folder, album / "Urlaub 2019" / "Strand")
    assert find_names(folder, "urlaub") == set()
    for root in (album, album / "Berge"):
        index_folder(folder, root)
        assert find_names(folder, "urlaub") == {"a.jpg", "b.jpg"}
        with Library.open(folder) as library, library.catalog.reading() as reader:
            assert reader.load_roots() == [path_bytes(album), path_bytes(album / "Urlaub 2019" / "Strand")]


@pytest.mark.parametrize(
    ("path", "roots", "count"),
    [
        (b"/a/b/c/d.jpg", [], 1),
        (b"/a/b/c/d.jpg", [b"/a"], 2),
        (b"/a/b/c/d.jpg", [b"/a/b", b"/a", b"/x"], 2),
        (b"/a/b/c/d.jpg", [b"/"], 3),
        (b"/a/b/c/d.jpg", [b"/a/b/c"], 1),
        (b"/a/bc/d.jpg", [b"/a/b"], 1),
    ],
)
def test_folders_are_counted_from_the_outermost_root(path: bytes, roots: list[bytes], count: int) -> None:
    assert count_folders(path, roots) == count
