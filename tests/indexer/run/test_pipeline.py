"""What one run does to a library, and what the next one makes of it."""

from __future__ import annotations

import shutil
import unicodedata
from hashlib import sha256
from pathlib import Path
from typing import Literal

import pytest

from indexer.errors import SourceUnreachable
from indexer.run.pipeline import index
from indexer.run.report import Event, Planned, Progress
from indexer.upkeep.opening import LibrarySpec, open_or_create
from indexer.upkeep.problems import retry_problems
from retrieval import InvalidSetting, Library, Query, StoredPicture, parse_query, path_bytes, read_status
from retrieval.writing import publisher
from tests.drawing import write_scenes
from tests.indexer.command import make_without_backbone
from tests.indexer.contents import answers, contents, generations, image_at, last_change
from tests.indexing import TINY, index_folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


def problem_codes(library: Path) -> dict[str, str]:
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        return {Path(problem.display).name: problem.code for problem in reader.load_problems()}


def names_found(library: Path, line: str) -> set[str]:
    with Library.open(library) as opened:
        return {Path(hit.image.path).name for hit in opened.search(parse_query(line)).hits}


def test_every_picture_of_a_folder_is_searchable_afterwards(pictures: Path, library: Path) -> None:
    report = index_folder(library, pictures)
    assert (report.files, report.added, report.problems) == (12, 12, ())
    with Library.open(library) as opened:
        assert read_status(opened).damages == ()
        hits = opened.search(Query((StoredPicture(5),), include_examples=True)).hits
        assert (len(hits), hits[0].id) == (12, 5)


def test_running_again_changes_nothing(pictures: Path, library: Path) -> None:
    index_folder(library, pictures)
    before = contents(library), last_change(library), generations(library)
    report = index_folder(library, pictures)
    assert (report.files, report.unchanged, report.added) == (12, 12, 0)
    assert (contents(library), last_change(library), generations(library)) == before


def test_what_is_not_published_is_found_all_the_same_until_it_is(pictures: Path, library: Path) -> None:
    later = [(pictures / f"scene-00{number}.jpg").rename(library.with_name(f"{number}")) for number in (3, 4)]
    index_folder(library, pictures)
    before = generations(library)
    for path in later:
        path.rename(pictures / f"scene-00{path.name}.jpg")
    assert index_folder(library, pictures, publishes=False).added == 2
    assert generations(library) == before
    with Library.open(library) as opened:
        in_tail = [hit.id for hit in opened.search(Query((StoredPicture(11),), include_examples=True)).hits]
    assert (len(in_tail), in_tail[0]) == (12, 11)
    assert index_folder(library, pictures).added == 0
    assert generations(library) != before


def test_a_long_tail_is_published_by_whatever_run(
    pictures: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "MIN_PUBLISHED", 1)
    later = (pictures / "scene-003.jpg").rename(library.with_name("later"))
    index_folder(library, pictures)
    before = generations(library)
    later.rename(pictures / "scene-003.jpg")
    (library / "library.toml").write_text("publish_share = 0.01\n")
    index_folder(library, pictures, publishes=False)
    assert generations(library) != before


def test_one_bad_file_among_twelve_stops_nothing(pictures: Path, library: Path) -> None:
    (pictures / "scene-003.jpg").write_bytes((pictures / "scene-003.jpg").read_bytes()[:900])
    report = index_folder(library, pictures)
    assert report.added == 11
    assert [(problem.display, problem.code) for problem in report.problems] == [
        (str(pictures / "scene-003.jpg"), "truncated")
    ]
    assert problem_codes(library) == {"scene-003.jpg": "truncated"}


def test_a_bad_file_is_tried_again_and_counted_until_it_is_whole(pictures: Path, library: Path) -> None:
    content = (pictures / "scene-003.jpg").read_bytes()
    (pictures / "scene-003.jpg").write_bytes(content[:900])
    index_folder(library, pictures)
    index_folder(library, pictures)
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        assert [problem.tries for problem in reader.load_problems()] == [2]
    (pictures / "scene-003.jpg").write_bytes(content)
    assert index_folder(library, pictures).added == 1
    assert problem_codes(library) == {}


def test_a_problem_is_forgotten_when_its_file_is_gone(pictures: Path, library: Path) -> None:
    (pictures / "bad.jpg").write_bytes(b"no picture")
    index_folder(library, pictures)
    (pictures / "bad.jpg").unlink()
    assert index_folder(library, pictures).problems == ()
    assert problem_codes(library) == {}


def test_a_root_that_is_unreachable_changes_nothing(pictures: Path, library: Path) -> None:
    index_folder(library, pictures)
    before = contents(library), last_change(library)
    write_scenes(pictures.parent / "more", 2, first=50)
    pictures.rename(pictures.parent / "unplugged")
    with pytest.raises(SourceUnreachable):
        index_folder(library, pictures.parent / "more", pictures)
    assert (contents(library), last_change(library)) == before


def test_indexing_one_folder_says_nothing_about_another(pictures: Path, library: Path) -> None:
    index_folder(library, pictures)
    write_scenes(pictures.parent / "more", 2, first=50)
    shutil.rmtree(pictures)
    report = index_folder(library, pictures.parent / "more")
    assert (report.added, report.missing) == (2, 0)


def test_a_file_that_changes_before_it_is_read_is_read_whole_and_looked_at_again(
    pictures: Path, library: Path
) -> None:
    [other] = write_scenes(pictures.parent / "elsewhere", 1, first=90)

    def meddle(event: Event) -> None:
        if isinstance(event, Planned):
            (pictures / "scene-001.jpg").write_bytes(other.read_bytes())
            (pictures / "scene-002.jpg").unlink()

    make_without_backbone(library)
    with open_or_create(library) as opened:
        first = index(opened, [path_bytes(pictures)], captions={}, on_event=meddle)
        second = index(opened, [path_bytes(pictures)], captions={}, on_event=lambda event: None)
    assert (first.added, [problem.code for problem in first.problems]) == (11, ["vanished"])
    assert image_at(library, pictures / "scene-001.jpg").sha256 == sha256(other.read_bytes()).hexdigest()
    assert (second.changed, second.added, second.problems) == (1, 0, ())
    assert problem_codes(library) == {}


@pytest.mark.parametrize(("on_disk", "in_csv"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_captions_find_a_picture_in_both_forms_of_an_accent(
    tmp_path: Path,
    pictures: Path,
    library: Path,
    on_disk: Literal["NFC", "NFD"],
    in_csv: Literal["NFC", "NFD"],
) -> None:
    """A list made on a Mac says u and two dots, another one ü; both when a picture is new and later."""
    folder = tmp_path / "own"
    folder.mkdir()
    shutil.copy(pictures / "scene-001.jpg", folder / unicodedata.normalize(on_disk, "Küste.jpg"))
    captions = tmp_path / "captions.csv"
    for title in ("lighthouse", "windmill"):
        captions.write_text(
            f"path,title\n{unicodedata.normalize(in_csv, 'own/Küste.jpg')},{title}\n", "utf-8"
        )
        report = index_folder(library, folder, captions=captions)
        assert report.captions_without_picture == 0
        assert len(names_found(library, title)) == 1


def test_captions_can_be_added_changed_and_withdrawn_later(pictures: Path, library: Path) -> None:
    index_folder(library, pictures)
    captions = pictures / "captions.csv"
    captions.write_text("path,title\nscene-001.jpg,A lighthouse\nnowhere.jpg,Nothing\n")
    report = index_folder(library, pictures, captions=captions)
    assert (report.unchanged, report.captioned, report.captions_without_picture) == (12, 1, 1)
    assert names_found(library, "lighthouse") == {"scene-001.jpg"}
    captions.write_text("path,title\nscene-001.jpg,A windmill\n")
    index_folder(library, pictures, captions=captions)
    assert (names_found(library, "lighthouse"), names_found(library, "windmill")) == (
        set(),
        {"scene-001.jpg"},
    )
    index_folder(library, pictures)
    assert names_found(library, "windmill") == {"scene-001.jpg"}
    captions.write_text("path,title\nscene-001.jpg,\n")
    index_folder(library, pictures, captions=captions)
    assert names_found(library, "windmill") == set()


def test_the_same_captions_again_change_nothing(pictures: Path, library: Path) -> None:
    shutil.copy(pictures / "scene-001.jpg", pictures / "copy.jpg")
    captions = pictures / "captions.csv"
    captions.write_text("path,title\nscene-001.jpg,A lighthouse\ncopy.jpg,A tower\n")
    index_folder(library, pictures, captions=captions)
    before = contents(library), last_change(library)
    index_folder(library, pictures, captions=captions)
    assert (contents(library), last_change(library)) == before


def test_another_backbone_is_refused_by_name(pictures: Path, library: Path) -> None:
    index_folder(library, pictures)
    other = LibrarySpec(backbone="resnet50", weights="untrained")
    message = "made with the backbone test_resnet, not resnet50; leave --backbone out"
    with pytest.raises(InvalidSetting, match=message), open_or_create(library, other):
        pass


def test_the_batch_size_changes_neither_the_catalog_nor_the_hits(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(pictures / "scene-004.jpg", pictures / "again.jpg")
    (pictures / "bad.jpg").write_bytes(b"no picture")
    for size in ("1", "32"):
        monkeypatch.setenv("PICTOR_BATCH_SIZE", size)
        index_folder(tmp_path / size, pictures)
    assert contents(tmp_path / "1") == contents(tmp_path / "32")
    assert answers(tmp_path / "1", "scene", "pictures") == answers(tmp_path / "32", "scene", "pictures")


def test_progress_counts_up_to_the_files_that_must_be_read(
    pictures: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICTOR_BATCH_SIZE", "5")
    (pictures / "bad.jpg").write_bytes(b"no picture")
    events: list[Event] = []
    with open_or_create(library, TINY) as opened:
        index(opened, [path_bytes(pictures)], captions={}, on_event=events.append)
    names = ["started", "planned", "problem", *["progress"] * 3, "publishing", "published", "done"]
    assert [event.name for event in events] == names
    described = [
        (event.done, event.total, event.problems, event.folder)
        for event in events
        if isinstance(event, Progress)
    ]
    assert described == [(5, 13, 1, str(pictures)), (10, 13, 1, str(pictures)), (13, 13, 1, str(pictures))]


def cut_picture(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def test_a_picture_that_lacks_its_end_is_indexed_and_a_problem(pictures: Path, library: Path) -> None:
    cut_picture(pictures / "scene-003.jpg", 0.96)
    report = index_folder(library, pictures)
    assert (report.added, [problem.code for problem in report.problems]) == (12, ["incomplete"])
    assert " % of its pixels are there; copy the file again" in report.problems[0].reason
    assert index_folder(library, pictures).problems == (), "an unchanged file is not read again"
    assert problem_codes(library) == {"scene-003.jpg": "incomplete"}


def test_it_stays_a_problem_at_every_path_until_the_file_is_whole(pictures: Path, library: Path) -> None:
    content = (pictures / "scene-003.jpg").read_bytes()
    cut_picture(pictures / "scene-003.jpg", 0.96)
    index_folder(library, pictures)
    (pictures / "copy.jpg").write_bytes((pictures / "scene-003.jpg").read_bytes())
    assert [problem.code for problem in index_folder(library, pictures).problems] == ["incomplete"]
    assert problem_codes(library) == {"scene-003.jpg": "incomplete", "copy.jpg": "incomplete"}
    with open_or_create(library) as opened:
        roots = [path_bytes(pictures)]
        report = index(opened, roots, captions={}, on_event=lambda _: None, compares=True)
    assert (report.unchanged, len(report.problems)) == (13, 2)
    (pictures / "copy.jpg").unlink()
    index_folder(library, pictures)
    (pictures / "scene-003.jpg").rename(pictures / "moved.jpg")
    report = index_folder(library, pictures)
    assert (report.moved, [problem.code for problem in report.problems]) == (1, ["incomplete"])
    (pictures / "moved.jpg").write_bytes(content)
    assert index_folder(library, pictures).problems == ()
    assert "moved.jpg" not in problem_codes(library)


def test_an_incomplete_picture_that_is_tried_again_stays_a_problem(pictures: Path, library: Path) -> None:
    cut_picture(pictures / "scene-003.jpg", 0.96)
    index_folder(library, pictures)
    with open_or_create(library) as opened:
        report, _ = retry_problems(opened, None, on_event=lambda _: None)
    assert [problem.code for problem in report.problems] == ["incomplete"]
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        assert [problem.tries for problem in reader.load_problems()] == [2]
