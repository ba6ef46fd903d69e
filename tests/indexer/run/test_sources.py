"""What a walk finds, and what it passes over."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.errors import SourceUnreachable
from indexer.run.patterns import Choice
from indexer.run.sources import ENDINGS, FoundFile, Walk, walk_folders
from retrieval import path_bytes
from tests.indexer.command import python

BEYOND_RECURSION = 1500  # levels: more than Python's stack allows, less than a path may be long
BEYOND_PATHS = 3000  # levels: the path of the last one has 6,000 bytes, the kernel takes 4,096


def picture_names(walked: Walk, root: Path) -> list[str]:
    return [os.fsdecode(os.path.relpath(file.path, os.fsencode(root))) for file in walked.files]


def found_sidecars(walked: Walk, root: Path) -> list[str]:
    return [os.fsdecode(os.path.relpath(file.path, os.fsencode(root))) for file in walked.sidecars]


def put_files(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"picture " + os.fsencode(path))


@pytest.fixture
def nested_folders(tmp_path: Path) -> Iterator[list[int]]:
    """Descriptors of ever deeper folders below tmp_path/deep; [-1] is the deepest. Removed afterwards."""
    (tmp_path / "deep").mkdir()
    opened = [os.open(tmp_path / "deep", os.O_RDONLY)]
    try:
        yield opened
    finally:
        for descriptor in opened:
            os.close(descriptor)
        # What lies deeper than a path can be long is moved up before it is removed.
        _remove_nested(tmp_path / "deep")


def _remove_nested(top: Path) -> None:
    levels, here = [], os.open(top, os.O_RDONLY)
    while True:
        levels.append(here)
        try:
            here = os.open("d", os.O_RDONLY, dir_fd=here)
        except FileNotFoundError:
            break
    for folder in reversed(levels):
        for name in os.listdir(folder):
            if name == "d":
                os.rmdir(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)
        os.close(folder)


def dig_folders(opened: list[int], levels: int) -> None:
    """Make folders called d within each other, below the last one opened; only the last stays open."""
    for _ in range(levels):
        os.mkdir("d", dir_fd=opened[-1])
        opened.append(os.open("d", os.O_RDONLY, dir_fd=opened[-1]))
        os.close(opened.pop(-2))


def test_pictures_are_found_by_their_endings_in_any_case(tmp_path: Path) -> None:
    put_files(tmp_path, *(f"a{number}{ending.decode().upper()}" for number, ending in enumerate(ENDINGS)))
    put_files(tmp_path, "notes.txt", "archive.zip", "jpg", "photo.jpg.xmp")
    walked = walk_folders([path_bytes(tmp_path)])
    assert len(walked.files) == len(ENDINGS)
    assert (walked.other_files, walked.archives) == (3, 1)


def test_the_film_of_a_live_photo_is_no_kind_that_cannot_be_read(tmp_path: Path) -> None:
    """Apple's pairs, icloud_photos_downloader#1065, edited ones (osxphotos#1871), and Google's motion photos
    (GooglePhotosTakeoutHelper#180); a film without a still picture is named."""
    put_files(
        tmp_path,
        *("IMG_1.HEIC", "IMG_1.MOV", "IMG_2.jpg", "IMG_2.mov", "IMG_3.HEIC", "IMG_3_HEVC.MOV"),
        *("IMG_E4.jpg", "IMG_E4.MOV", "PXL_5.MP.jpg", "PXL_5.MP", "PXL_6.jpg", "PXL_6.mp4"),
        *("IMG_7.MOV", "b/IMG_1.MOV", "IMG_2.avi"),
    )
    walked = walk_folders([path_bytes(tmp_path)])
    assert (dict(walked.other_kinds), walked.other_files) == ({".mov": 2, ".avi": 1}, 9)


def test_sidecars_lie_beside_a_picture_of_their_name(tmp_path: Path) -> None:
    put_files(
        tmp_path, "a.jpg", "a.xmp", "a.jpg.json", "b.txt", "c/a.txt", "d.TXT", "d.png", "e.xmp.xmp", "e.xmp"
    )
    walked = walk_folders([path_bytes(tmp_path)])
    assert found_sidecars(walked, tmp_path) == ["a.jpg.json", "a.xmp", "d.TXT"]
    assert walked.other_files == 4


def test_sidecars_are_taken_with_their_pictures_unless_they_are_excluded(tmp_path: Path) -> None:
    put_files(tmp_path, "a.jpg", "a.xmp", "b.png", "b.xmp")
    assert found_sidecars(walk_folders([path_bytes(tmp_path)], Choice(include=("*.jpg",))), tmp_path) == [
        "a.xmp"
    ]
    assert found_sidecars(walk_folders([path_bytes(tmp_path)], Choice(exclude=("a.xmp",))), tmp_path) == [
        "b.xmp"
    ]


def test_a_single_file_has_its_sidecars_too(tmp_path: Path) -> None:
    put_files(tmp_path, "a.jpg", "a.xmp", "a.jpg.json", "b.txt")
    assert found_sidecars(walk_folders([path_bytes(tmp_path / "a.jpg")]), tmp_path) == ["a.jpg.json", "a.xmp"]


def test_a_sidecar_lies_in_the_folder_of_its_picture(tmp_path: Path) -> None:
    put_files(tmp_path, "a.b/scan", "a.txt", "a.b/scan.txt")
    walk = walk_folders([path_bytes(tmp_path / "a.b" / "scan")])
    assert found_sidecars(walk, tmp_path) == ["a.b/scan.txt"]


def test_patterns_choose_files_and_whole_folders(tmp_path: Path) -> None:
    put_files(tmp_path, "a.jpg", "b.png", "drafts/c.jpg", "2024/drafts/d.jpg", "2024/e.jpg")
    walked = walk_folders([path_bytes(tmp_path)], Choice(include=("*.jpg",), exclude=("drafts/",)))
    assert picture_names(walked, tmp_path) == ["2024/e.jpg", "a.jpg"]
    assert walked.excluded == 1, "what an excluded folder holds was not looked at"


def test_hidden_files_are_taken_when_they_are_wanted(tmp_path: Path) -> None:
    put_files(tmp_path, ".hidden.jpg", ".private/a.jpg", "b.jpg")
    walked = walk_folders([path_bytes(tmp_path)], Choice(hidden=True))
    assert picture_names(walked, tmp_path) == [".hidden.jpg", ".private/a.jpg", "b.jpg"]


def test_a_hidden_root_within_another_is_walked_by_itself(tmp_path: Path) -> None:
    put_files(tmp_path, ".private/a.jpg", "b.jpg")
    walked = walk_folders([path_bytes(tmp_path), path_bytes(tmp_path / ".private")])
    assert picture_names(walked, tmp_path) == [".private/a.jpg", "b.jpg"]


def test_a_walk_expects_what_it_would_have_found_and_nothing_else(tmp_path: Path) -> None:
    put_files(tmp_path, "scan.picture", "here/a.jpg")
    walked = walk_folders(
        [path_bytes(tmp_path / name) for name in ("scan.picture", "here")], Choice(exclude=("*.png",))
    )
    expected = {name: walked.is_expected(path_bytes(tmp_path / name)) for name in
                ("scan.picture", "here/b.jpg", "here/b.png", "here/.b.jpg", "here/b.picture", "b.jpg")}  # fmt: skip
    assert [name for name, is_expected in expected.items() if is_expected] == ["scan.picture", "here/b.jpg"]


def test_hidden_files_and_folders_are_passed_over_and_not_counted(tmp_path: Path) -> None:
    put_files(tmp_path, ".hidden.jpg", ".git/object.jpg", "seen/.thumbnails/a.jpg", "seen/a.jpg")
    walked = walk_folders([path_bytes(tmp_path)])
    assert picture_names(walked, tmp_path) == ["seen/a.jpg"]
    assert walked.other_files == 0


# Reports: photonixapp/photonix 214 and photoview/photoview 430 (@eaDir), photoprism/photoprism 4921 (#recycle) and
# 275 (.thumbnails), elementary/photos 483 (.thumbnails).
SYSTEM_PICTURES = ("@eaDir/z.jpg/SYNOPHOTO_THUMB_M.jpg", "a/@EADIR/t.jpg", "#recycle/old.jpg", "#snapshot/a/z.jpg",
                   "@Recycle/old.jpg", "$RECYCLE.BIN/S-1-5/x.jpg", "lost+found/#1.jpg")  # fmt: skip


def test_thumbnails_and_bins_of_systems_are_left_out_and_counted(tmp_path: Path) -> None:
    put_files(tmp_path, "a/z.jpg", "eaDir/b.jpg", "@eaDir.jpg", *SYSTEM_PICTURES)
    walked = walk_folders([path_bytes(tmp_path)])
    assert picture_names(walked, tmp_path) == ["@eaDir.jpg", "a/z.jpg", "eaDir/b.jpg"]
    assert (walked.system_folders, walked.other_files, walked.excluded) == (7, 0, 0)
    assert not walked.is_expected(path_bytes(tmp_path / SYSTEM_PICTURES[0])), "what was in it is not missing"


def test_thumbnails_and_bins_are_taken_when_they_are_wanted(tmp_path: Path) -> None:
    put_files(tmp_path, "a/z.jpg", ".thumbnails/t.jpg", *SYSTEM_PICTURES)
    walked = walk_folders([path_bytes(tmp_path)], Choice(system_folders=True))
    assert picture_names(walked, tmp_path) == sorted(["a/z.jpg", *SYSTEM_PICTURES])
    walked = walk_folders([path_bytes(tmp_path)], Choice(hidden=True))
    assert picture_names(walked, tmp_path) == ["a/z.jpg"]
    walked = walk_folders([path_bytes(tmp_path), path_bytes(tmp_path / "#recycle")])
    assert picture_names(walked, tmp_path) == ["#recycle/old.jpg", "a/z.jpg"], (
        "a root that is named is walked"
    )


def test_a_hidden_folder_that_is_asked_for_is_walked(tmp_path: Path) -> None:
    put_files(tmp_path, ".private/a.jpg")
    assert picture_names(walk_folders([path_bytes(tmp_path / ".private")]), tmp_path) == [".private/a.jpg"]


def test_size_and_time_are_those_of_the_file(tmp_path: Path) -> None:
    put_files(tmp_path, "a.jpg")
    facts = (tmp_path / "a.jpg").stat()
    expected = FoundFile(path_bytes(tmp_path / "a.jpg"), facts.st_size, facts.st_mtime_ns)
    assert walk_folders([path_bytes(tmp_path)]).files == (expected,)


def test_symbolic_links_are_counted_and_never_followed(tmp_path: Path) -> None:
    put_files(tmp_path, "outside/a.jpg", "root/b.jpg")
    (tmp_path / "root" / "file.jpg").symlink_to(tmp_path / "outside" / "a.jpg")
    (tmp_path / "root" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "root" / "loop").symlink_to(".")
    (tmp_path / "root" / "dangling.jpg").symlink_to("nowhere.jpg")
    walked = walk_folders([path_bytes(tmp_path / "root")])
    assert picture_names(walked, tmp_path) == ["root/b.jpg"]
    assert (walked.symbolic_links, walked.other_files, walked.problems) == (4, 0, ())


def test_the_library_is_not_entered_from_above(tmp_path: Path) -> None:
    put_files(tmp_path, "a.jpg", "library/queries/b.jpg", "libraries/c.jpg")
    walked = walk_folders([path_bytes(tmp_path)], library_folder=path_bytes(tmp_path / "library"))
    assert picture_names(walked, tmp_path) == ["a.jpg", "libraries/c.jpg"]
    queries = tmp_path / "library" / "queries"
    assert picture_names(
        walk_folders([path_bytes(queries)], library_folder=path_bytes(tmp_path / "library")), queries
    ) == ["b.jpg"]


def test_a_link_to_a_folder_can_be_a_root(tmp_path: Path) -> None:
    put_files(tmp_path, "disk/a.jpg")
    (tmp_path / "Pictures").symlink_to("disk")
    assert picture_names(walk_folders([path_bytes(tmp_path / "Pictures")]), tmp_path) == ["Pictures/a.jpg"]


def test_a_root_that_is_not_there_is_unreachable_and_says_which(tmp_path: Path) -> None:
    put_files(tmp_path, "here/a.jpg")
    roots = [path_bytes(tmp_path / "here"), path_bytes(tmp_path / "unplugged")]
    with pytest.raises(SourceUnreachable, match=r"unplugged: cannot be read \(No such file or directory\)"):
        walk_folders(roots)


def test_a_single_file_is_a_root_whatever_its_ending(tmp_path: Path) -> None:
    put_files(tmp_path, "scan.picture", "other.jpg")
    assert picture_names(walk_folders([path_bytes(tmp_path / "scan.picture")]), tmp_path) == ["scan.picture"]


def test_the_files_are_sorted_by_path_and_each_is_there_once(tmp_path: Path) -> None:
    put_files(tmp_path, "b/z.jpg", "b/a.jpg", "a.jpg", "c.jpg", "b.jpg")
    roots = [path_bytes(tmp_path / "b"), path_bytes(tmp_path), path_bytes(tmp_path / "c.jpg")]
    assert picture_names(walk_folders(roots), tmp_path) == ["a.jpg", "b.jpg", "b/a.jpg", "b/z.jpg", "c.jpg"]


def test_roots_within_each_other_count_nothing_twice(tmp_path: Path) -> None:
    put_files(tmp_path, "b/a.jpg", "b/notes.txt")
    (tmp_path / "b" / "link").symlink_to(".")
    alone = walk_folders([path_bytes(tmp_path)])
    assert walk_folders([path_bytes(tmp_path), path_bytes(tmp_path / "b")]) == alone


def test_names_that_are_not_utf8_are_kept_as_they_are(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/f\xfc\xffr.jpg"
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    assert [file.path for file in walk_folders([path_bytes(tmp_path)]).files] == [path]


def test_very_deep_folders_are_walked_to_their_end(tmp_path: Path, nested_folders: list[int]) -> None:
    assert sys.getrecursionlimit() < BEYOND_RECURSION
    dig_folders(nested_folders, BEYOND_RECURSION)
    os.close(os.open("a.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=nested_folders[-1]))
    walked = walk_folders([path_bytes(tmp_path)])
    assert [file.path for file in walked.files] == [
        path_bytes(tmp_path) + b"/deep" + b"/d" * BEYOND_RECURSION + b"/a.jpg"
    ]


def test_a_folder_too_deep_for_a_path_is_a_problem_and_stops_nothing(
    tmp_path: Path, nested_folders: list[int]
) -> None:
    put_files(tmp_path, "a.jpg", "z/b.jpg")
    dig_folders(nested_folders, BEYOND_PATHS)
    walked = walk_folders([path_bytes(tmp_path)])
    assert picture_names(walked, tmp_path) == ["a.jpg", "z/b.jpg"]
    assert [problem.path for problem in walked.problems] == list(walked.unlisted)
    assert len(walked.unlisted) == 1


WALK = """
import json, sys
from indexer.errors import SourceUnreachable
from indexer.run.sources import walk_folders
try:
    walk = walk_folders([sys.argv[1].encode()])
except SourceUnreachable as error:
    print(json.dumps(str(error)))
else:
    problems = [[problem.display, problem.code, problem.reason] for problem in walk.problems]
    print(json.dumps([[file.path.decode() for file in walk.files], problems,
                      [folder.decode() for folder in walk.unlisted]]))
"""


@pytest.fixture
def locked_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that cannot be listed, beside one that can."""
    put_files(tmp_path, "open/a.jpg", "locked/b.jpg")
    folder = tmp_path / "locked"
    folder.chmod(0)
    yield folder
    folder.chmod(0o700)


def test_a_folder_that_cannot_be_listed_is_a_problem_and_unseen(tmp_path: Path, locked_folder: Path) -> None:
    done = python("-c", WALK, tmp_path, powerless=True)
    files, problems, unlisted = json.loads(done.stdout)
    assert files == [str(tmp_path / "open" / "a.jpg")]
    reason = "the folder cannot be listed (Permission denied); nothing in it was indexed"
    assert problems == [[str(locked_folder), "permission-denied", reason]]
    assert unlisted == [str(locked_folder)]


def test_a_root_that_cannot_be_listed_is_unreachable(locked_folder: Path) -> None:
    message = json.loads(python("-c", WALK, locked_folder, powerless=True).stdout)
    assert message.startswith(f"{locked_folder}: cannot be read (Permission denied); nothing was changed")
