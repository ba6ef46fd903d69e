"""Files beside pictures: what they say goes to the catalog, and a later run follows what changed."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from indexer.run import pipeline
from indexer.run.captions import Captions, read_captions
from indexer.run.report import Report
from indexer.run.stop_signals import Stopped, handle_stop_signals
from indexer.upkeep.opening import open_existing
from indexer.upkeep.problems import retry_problems
from retrieval import USER_SOURCE, Annotation, Image, Library, images, parse_query, path_bytes
from tests.drawing import draw_scene, write_scenes
from tests.indexer.command import make_without_backbone
from tests.indexer.contents import contents, image_at, last_change
from tests.metadata_files import xmp_list, xmp_packet

NO_CAPTIONS: Captions = {}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures."""
    write_scenes(tmp_path / "pictures", 3)
    return tmp_path / "pictures"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty library that needs no backbone, for few pictures at a time."""
    monkeypatch.setenv("PICTOR_DECODE_THREADS", "1")
    return make_without_backbone(tmp_path / "library")


def index_pictures(library: Path, folder: Path, captions: Captions = NO_CAPTIONS) -> Report:
    with open_existing(library) as opened:
        return pipeline.index(opened, [path_bytes(folder)], captions=captions, on_event=lambda event: None)


def names_found(library: Path, line: str) -> set[str]:
    with Library.open(library) as opened:
        return {Path(hit.image.path).name for hit in opened.search(parse_query(line)).hits}


def first_image(library: Path, folder: Path) -> Image:
    return image_at(library, folder / "scene-000.jpg")


def write_file(path: Path, text: str, *, at: int = 0) -> None:
    """Write a file whose modification time is so many seconds from the start of time."""
    path.write_text(text, "utf-8")
    os.utime(path, (at, at))


def test_each_kind_is_found_by_its_words_under_either_name(folder: Path, library: Path) -> None:
    write_file(folder / "scene-000.txt", "A lighthouse.\n\nFog comes in.")
    write_file(
        folder / "scene-001.jpg.json",
        json.dumps({"title": "The windmill", "tags": ["grain"], "label": "mill"}),
    )
    (folder / "scene-002.XMP").write_bytes(
        xmp_packet(xmp_list("dc:subject", "harbour") + xmp_list("dc:creator", "Ada"))
    )
    (folder / "notes.txt").write_text("A submarine.")
    assert index_pictures(library, folder).problems == ()
    assert first_image(library, folder).annotations == (
        Annotation("caption", "A lighthouse.", "sidecar"),
        Annotation("caption", "Fog comes in.", "sidecar"),
    )
    assert names_found(library, "lighthouse") == names_found(library, '"fog comes"') == {"scene-000.jpg"}
    assert (
        names_found(library, "windmill") == names_found(library, "tag:grain label:mill") == {"scene-001.jpg"}
    )
    assert names_found(library, "harbour") == names_found(library, "ada") == {"scene-002.jpg"}
    assert names_found(library, "submarine") == set()


def test_running_again_changes_nothing(folder: Path, library: Path) -> None:
    write_file(folder / "scene-000.txt", "A lighthouse.")
    write_file(folder / "scene-000.json", '{"title": "Light"}')
    index_pictures(library, folder)
    before = contents(library), last_change(library)
    index_pictures(library, folder)
    assert (contents(library), last_change(library)) == before


def test_an_unchanged_one_is_not_opened(folder: Path, library: Path) -> None:
    write_file(folder / "scene-000.txt", "A lighthouse.")
    index_pictures(library, folder)
    write_file(folder / "scene-000.txt", "A watertower.")  # as long, and as old
    index_pictures(library, folder)
    assert first_image(library, folder).caption == "A lighthouse."


@pytest.mark.parametrize(("text", "at"), [("A watertower.", 9), ("A tower", 0)], ids=["time", "size"])
def test_a_changed_one_is_read_again_and_its_picture_is_not(
    folder: Path, library: Path, text: str, at: int
) -> None:
    write_file(folder / "scene-000.txt", "A lighthouse.")
    index_pictures(library, folder)
    number = first_image(library, folder).id
    write_file(folder / "scene-000.txt", text, at=at)
    report = index_pictures(library, folder)
    assert (report.unchanged, report.added) == (3, 0)
    image = first_image(library, folder)
    assert (image.id, image.field_values("caption")) == (number, (text,))
    assert names_found(library, "lighthouse") == set()


def test_new_and_removed_ones_come_and_go(folder: Path, library: Path) -> None:
    index_pictures(library, folder)
    write_file(folder / "scene-000.txt", "A lighthouse.")
    write_file(folder / "scene-000.jpg.txt", "A rock.")
    index_pictures(library, folder)
    assert first_image(library, folder).field_values("caption") == ("A rock.", "A lighthouse.")
    (folder / "scene-000.txt").unlink()
    index_pictures(library, folder)
    assert first_image(library, folder).field_values("caption") == ("A rock.",)
    (folder / "scene-000.jpg.txt").unlink()
    index_pictures(library, folder)
    assert first_image(library, folder).annotations == ()


def test_one_may_be_about_several_pictures_and_copies_share_what_is_said(folder: Path, library: Path) -> None:
    shutil.copy(folder / "scene-001.jpg", folder / "scene-000.jpeg")  # the content of 001 has two paths
    write_file(folder / "scene-000.txt", "A lighthouse.")
    write_file(folder / "scene-001.txt", "A rock.")
    index_pictures(library, folder)
    assert first_image(library, folder).field_values("caption") == ("A lighthouse.",)
    assert image_at(library, folder / "scene-001.jpg").field_values("caption") == ("A lighthouse.", "A rock.")
    (folder / "scene-000.txt").unlink()
    index_pictures(library, folder)
    assert first_image(library, folder).field_values("caption") == ()
    assert image_at(library, folder / "scene-001.jpg").field_values("caption") == ("A rock.",)


def test_a_picture_that_is_replaced_takes_over_what_lies_beside_it(folder: Path, library: Path) -> None:
    write_file(folder / "scene-000.txt", "A lighthouse.")
    index_pictures(library, folder)
    before = first_image(library, folder).id
    shutil.copy(folder / "scene-001.jpg", folder / "scene-000.jpg")
    os.utime(folder / "scene-000.jpg", (5, 5))
    index_pictures(library, folder)
    assert first_image(library, folder).id != before
    assert first_image(library, folder).caption == "A lighthouse."


def test_a_picture_that_was_removed_from_the_library_and_comes_again_has_its_words(
    folder: Path, library: Path
) -> None:
    write_file(folder / "scene-000.txt", "A lighthouse.")
    index_pictures(library, folder)
    with open_existing(library) as opened, opened.catalog.writing() as writer:
        writer.remove_images([first_image(library, folder).id])
    assert index_pictures(library, folder).added == 1
    assert first_image(library, folder).caption == "A lighthouse."


def test_a_missing_picture_keeps_its_words(folder: Path, library: Path) -> None:
    write_file(folder / "scene-000.txt", "A lighthouse.")
    index_pictures(library, folder)
    for name in ("scene-000.txt", "scene-000.jpg"):
        (folder / name).rename(folder.parent / name)
    assert index_pictures(library, folder).missing == 1
    assert first_image(library, folder).caption == "A lighthouse."


def test_indexing_one_folder_takes_nothing_from_another(folder: Path, library: Path) -> None:
    write_file(folder / "scene-000.txt", "A lighthouse.")
    index_pictures(library, folder)
    (folder / "scene-000.txt").unlink()
    write_scenes(folder.parent / "more", 1, first=50)
    index_pictures(library, folder.parent / "more")
    assert first_image(library, folder).caption == "A lighthouse."


def stored_problems(library: Path) -> dict[str, tuple[str, int]]:
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        return {
            Path(problem.display).name: (problem.code, problem.tries) for problem in reader.load_problems()
        }


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("scene-000.json", b'{"title": ', "not JSON"),
        ("scene-000.txt", b"K\xfcste", "not UTF-8 (byte 1)"),
        ("scene-000.xmp", b"x" * (2 << 20), "2097152 bytes; the limit is 1048576"),
        (
            "scene-000.xmp",
            xmp_packet("", before='<!DOCTYPE x [<!ENTITY a "b">]>'),
            "it declares a document type",
        ),
    ],
)
def test_a_bad_one_is_a_problem_and_stops_nothing(
    folder: Path, library: Path, name: str, data: bytes, reason: str
) -> None:
    (folder / name).write_bytes(data)
    (folder / "scene-001.txt").write_text("A rock.")
    for tries in (1, 2):
        report = index_pictures(library, folder)
        [problem] = report.problems
        assert (problem.path, problem.code) == (path_bytes(folder / name), "bad-sidecar")
        assert problem.reason.startswith(reason)
        assert stored_problems(library) == {name: ("bad-sidecar", tries)}
    assert first_image(library, folder).annotations == ()
    assert names_found(library, "rock") == {"scene-001.jpg"}


def test_a_sidecar_that_was_repaired_is_read_by_retry(folder: Path, library: Path) -> None:
    sidecar = folder / "scene-000.json"
    write_file(sidecar, '{"title": ', at=7)
    index_pictures(library, folder)
    write_file(sidecar, '{"title": "Lighthouse"}', at=8)
    with open_existing(library) as opened:
        report, _ = retry_problems(opened, None, on_event=lambda event: None)
    assert report.problems == ()
    assert stored_problems(library) == {}
    assert names_found(library, "lighthouse") == {"scene-000.jpg"}


def test_a_problem_ends_with_its_cause(folder: Path, library: Path) -> None:
    sidecar = folder / "scene-000.json"
    for end in (lambda: write_file(sidecar, '{"title": "Light"}'), sidecar.unlink):
        write_file(sidecar, '{"title": ', at=7)
        index_pictures(library, folder)
        assert stored_problems(library)
        assert first_image(library, folder).annotations == ()
        end()
        assert index_pictures(library, folder).problems == ()
        assert stored_problems(library) == {}


def test_a_title_that_is_the_name_of_the_file_says_nothing(folder: Path, library: Path) -> None:
    export = {"title": "scene-000.JPG", "description": "A lighthouse", "imageViews": "12"}
    write_file(folder / "scene-000.jpg.json", json.dumps(export))
    index_pictures(library, folder)
    assert first_image(library, folder).annotations == (Annotation("caption", "A lighthouse", "sidecar"),)


def test_a_persons_own_words_win_and_no_run_touches_them(folder: Path, library: Path) -> None:
    write_file(folder / "scene-000.json", '{"title": "From a file", "tags": ["sea"]}')
    index_pictures(library, folder)
    own = [Annotation("title", "My own", USER_SOURCE), Annotation("tag", "Sea", USER_SOURCE)]
    with open_existing(library) as opened, opened.catalog.writing() as writer:
        writer.replace_annotations(first_image(library, folder).id, USER_SOURCE, own)
    write_file(folder / "scene-000.json", '{"title": "From a file again", "tags": ["sea", "sand"]}')
    index_pictures(library, folder)
    image = first_image(library, folder)
    assert (image.title, image.field_values("title")) == ("My own", ("My own",))
    assert image.tags == ("Sea", "sand")
    assert names_found(library, '"my own"') == names_found(library, '"sand"') == {"scene-000.jpg"}
    assert names_found(library, '"from a file again"') == set()


def test_a_captions_file_comes_before_sidecars_for_a_title(folder: Path, library: Path) -> None:
    write_file(folder / "scene-000.json", '{"title": "From a sidecar"}')
    captions = folder / "captions.csv"
    captions.write_text("path,title\nscene-000.jpg,From the list\n")
    index_pictures(library, folder, read_captions(captions))
    assert first_image(library, folder).field_values("title") == ("From the list", "From a sidecar")


def test_the_report_and_a_dry_run_count_them_alike(folder: Path, library: Path) -> None:
    def count_both() -> tuple[tuple[int, int], tuple[int, int]]:
        """What a dry run says, and then what a run does."""
        sidecars = pipeline.preview_index(library, [path_bytes(folder)]).sidecars
        report = index_pictures(library, folder)
        return (sidecars.read, sidecars.gone), (report.sidecars_read, report.sidecars_gone)

    write_file(folder / "scene-000.txt", "A lighthouse.")
    write_file(folder / "scene-000.jpg.json", json.dumps({"title": "Light"}))
    write_file(folder / "nothing.txt", "About no picture.")
    assert count_both() == ((2, 0), (2, 0))
    assert count_both() == ((0, 0), (0, 0))
    write_file(folder / "scene-000.txt", "A lighthouse at night.", at=9)
    (folder / "scene-000.jpg.json").unlink()
    assert count_both() == ((1, 1), (1, 1))
    (folder / "scene-001.jpg").write_bytes((folder / "scene-002.jpg").read_bytes() + b" ")
    write_file(folder / "scene-001.txt", "Another picture.")
    (folder / "scene-000.jpg").unlink()
    assert count_both() == ((1, 0), (1, 0))


def test_without_a_library_a_dry_run_counts_what_would_be_read(folder: Path, tmp_path: Path) -> None:
    write_file(folder / "scene-000.txt", "A lighthouse.")
    sidecars = pipeline.preview_index(tmp_path / "none", [path_bytes(folder)]).sidecars
    assert (sidecars.read, sidecars.gone, sidecars.problems) == (1, 0, ())


def test_a_stop_waits_until_the_sidecars_in_hand_are_acknowledged(folder: Path, library: Path) -> None:
    index_pictures(library, folder)
    write_file(folder / "scene-000.txt", "A lighthouse.")

    def stopped_inside() -> None:
        with handle_stop_signals(lambda: None) as stopping, open_existing(library) as opened:

            @contextmanager
            def shield() -> Iterator[None]:
                with stopping.shield():
                    os.kill(os.getpid(), signal.SIGTERM)
                    yield

            pipeline.index(
                opened, [path_bytes(folder)], captions={}, on_event=lambda event: None, shield=shield
            )

    with pytest.raises(Stopped):
        stopped_inside()
    assert first_image(library, folder).caption == "A lighthouse."


LONG = "a name that is longer than what an export keeps of it.jpg"


@pytest.mark.parametrize(
    ("picture", "sidecar"),
    [
        ("boat.jpg", "boat.jpg.supplemental-metadata.json"),
        ("IMG_20200101_120000.jpg", "IMG_20200101_120000.jpg.supplemental-metadata.json"),
        ("IMG_20200101_120000_BURST1.jpg", "IMG_20200101_120000_BURST1.jpg.supplemental-me.json"),
        (LONG, f"{LONG[:46]}.json"),
        ("boat(1).jpg", "boat.jpg.supplemental-metadata(1).json"),
        ("boat(2).jpg", "boat.jpg(2).json"),
        ("küste.jpg", "küste.jpg.supplemental-metadata.json"),
    ],
)
def test_an_export_of_google_photos_is_known_by_its_name(
    folder: Path, library: Path, picture: str, sidecar: str
) -> None:
    (folder / "scene-000.jpg").rename(folder / picture)
    write_file(folder / sidecar, json.dumps({"title": picture, "description": "A lighthouse."}))
    write_file(folder / "boat.jpg.other.json", json.dumps({"description": "Of no picture."}))
    assert index_pictures(library, folder).sidecars_read == 1
    stated = [fact for fact in image_at(library, folder / picture).annotations if fact.source != "name"]
    assert stated == [Annotation("caption", "A lighthouse.", "sidecar")]


def test_a_number_that_belongs_to_another_picture_is_not_mistaken(folder: Path, library: Path) -> None:
    """google-photos-exif#50, ente#8734: boat(1).jpg has boat.jpg…(1).json, and boat.jpg its own."""
    (folder / "scene-000.jpg").rename(folder / "boat.jpg")
    (folder / "scene-001.jpg").rename(folder / "boat(1).jpg")
    for number, word in (("", "first"), ("(1)", "second")):
        export = json.dumps({"photoTakenTime": {}, "description": word})
        write_file(folder / f"boat.jpg.supplemental-metadata{number}.json", export)
    index_pictures(library, folder)
    assert image_at(library, folder / "boat.jpg").field_values("caption") == ("first",)
    assert image_at(library, folder / "boat(1).jpg").field_values("caption") == ("second",)


def test_an_export_is_written_as_html(folder: Path, library: Path) -> None:
    export = {"description": "Tom &amp; Jerry&#39;s &lt;house&gt;", "photoTakenTime": {"timestamp": "1"}}
    write_file(folder / "scene-000.jpg.json", json.dumps(export | {"people": [{"name": "Zo&euml;"}]}))
    write_file(folder / "scene-001.jpg.json", json.dumps({"description": "&amp; is written &amp;amp;"}))
    index_pictures(library, folder)
    assert first_image(library, folder).caption == "Tom & Jerry's <house>"
    assert first_image(library, folder).tags == ("Zoë",)
    assert image_at(library, folder / "scene-001.jpg").caption == "&amp; is written &amp;amp;"


@pytest.mark.parametrize("name", ["scene-000.TXT", "scene-000.jpg.Txt", "scene-000.JPG.txt"])
def test_a_single_file_has_its_sidecar_in_any_letter_case(folder: Path, library: Path, name: str) -> None:
    write_file(folder / name, "A lighthouse.")
    index_pictures(library, folder / "scene-000.jpg")
    assert first_image(library, folder).caption == "A lighthouse."
    assert index_pictures(library, folder).sidecars_read == 0


def test_a_single_file_has_its_export_beside_it(folder: Path, library: Path) -> None:
    write_file(
        folder / "scene-000.jpg.supplemental-metadata.json", json.dumps({"description": "A lighthouse."})
    )
    index_pictures(library, folder / "scene-000.jpg")
    assert first_image(library, folder).caption == "A lighthouse."


def test_a_file_outside_the_folder_of_a_picture_says_nothing_about_it(folder: Path, library: Path) -> None:
    (folder / "a.b").mkdir()
    (folder / "scene-000.jpg").rename(folder / "a.b" / "scan")
    (folder / "scene-001.jpg").rename(folder / "a.jpg")
    write_file(folder / "a.txt", "A shopping list.")
    index_pictures(library, folder / "a.b" / "scan")
    index_pictures(library, folder)
    assert image_at(library, folder / "a.b" / "scan").annotations == ()
    assert image_at(library, folder / "a.jpg").caption == "A shopping list."


def test_a_time_beside_a_picture_counts_as_long_as_it_is_said(folder: Path, library: Path) -> None:
    sidecar = folder / "scene-000.jpg.supplemental-metadata.json"
    write_file(sidecar, json.dumps({"photoTakenTime": {"timestamp": "1577836800"}}))
    index_pictures(library, folder)
    assert first_image(library, folder).taken_at == datetime(2020, 1, 1)
    assert names_found(library, "after:2019-12-31 before:2020-01-02") == {"scene-000.jpg"}
    write_file(sidecar, json.dumps({"photoTakenTime": {"timestamp": "1577923200"}}), at=9)
    index_pictures(library, folder)
    assert first_image(library, folder).taken_at == datetime(2020, 1, 2)
    sidecar.unlink()
    index_pictures(library, folder)
    assert first_image(library, folder).taken_at is None


def test_the_time_in_a_picture_wins_over_one_beside_it(folder: Path, library: Path) -> None:
    shot = datetime(2015, 5, 5, 12)
    (folder / "shot.jpg").write_bytes(images.encode_jpeg(draw_scene(9, 64, 48), taken_at=shot))
    sidecar = folder / "shot.jpg.json"
    write_file(sidecar, json.dumps({"photoTakenTime": {"timestamp": "1577836800"}}))
    index_pictures(library, folder)
    sidecar.unlink()
    index_pictures(library, folder)
    assert image_at(library, folder / "shot.jpg").taken_at == shot
