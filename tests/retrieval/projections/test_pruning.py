"""What a library leaves behind on the disk, who may still read it, and what a full disk does."""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from retrieval import (
    Library,
    LibraryWriter,
    Query,
    StorageFailed,
    StoredPicture,
    Text,
    find_damages,
    find_strays,
    write_library,
)
from retrieval.catalog import Projection
from retrieval.catalog.reader import Reader
from retrieval.projections.base import AbstractProjection, AbstractView, Tail
from retrieval.projections.snapshot import Snapshot, Snapshots
from retrieval.ranking.tokens import parse_terms
from retrieval.writing.publisher import publish_projections
from tests.reference import pairs_of
from tests.wording import add_words

QUERY = Query((Text("harbour"), StoredPicture(3)))
FULL = "storage failed (No space left on device); free some space or check the disk, then run again"
Pairs = list[tuple[int, float]]


def answers(library: Library) -> Pairs:
    return [(hit.id, hit.score) for hit in library.search(QUERY).hits]


class TestStrays:
    def test_they_are_named_and_removed_and_nothing_else_is(
        self, writer: LibraryWriter, tmp_path: Path
    ) -> None:
        root, outside = writer.generations_folder, tmp_path / "outside"
        outside.mkdir()
        (outside / "picture.jpg").touch()
        before, expected = answers(writer), sorted(root.iterdir())
        (root / "words-000000000001-aaaaaaaa").mkdir()
        (root / "words-000000000001-aaaaaaaa" / "_MAIN_1.toc").touch()
        (root / "words-000000000002-bbbbbbbb.tmp").mkdir()
        (root / "vectors-subject-1-000000000001-cccccccc.tmp").touch()
        (root / "linked").symlink_to(outside)
        (root / "dangling").symlink_to(tmp_path / "nowhere")
        assert find_strays(writer) == sorted(set(root.iterdir()) - set(expected))
        assert len(find_strays(writer)) == 5
        assert not writer.publish()  # there is nothing to publish, but this to tidy
        assert find_strays(writer) == []
        assert sorted(root.iterdir()) == expected
        assert (outside / "picture.jpg").exists()
        assert answers(writer) == before

    def test_a_library_without_generations_has_none(self, tmp_path: Path) -> None:
        with write_library(tmp_path / "new") as library:
            assert find_strays(library) == []

    def test_publishing_again_and_again_takes_no_more_room(self, writer: LibraryWriter) -> None:
        def room() -> tuple[int, int]:
            files = [path for path in writer.generations_folder.rglob("*") if path.is_file()]
            return len(files), sum(file.stat().st_size for file in files)

        count, size = room()
        for _ in range(3):
            writer.publish(anew=True)
        assert room() == (count, pytest.approx(size, rel=0.01))

    def test_a_publishing_that_fails_half_way_takes_back_what_it_wrote(self, writer: LibraryWriter) -> None:
        """Else every try on a full disk would take more of the room that its owner makes."""
        before = answers(writer)
        for _ in range(2):
            with pytest.raises(StorageFailed):
                publish_projections(
                    writer.catalog, (*writer.projections, Unwritable()), writer.generations_folder, anew=True
                )
            assert find_strays(writer) == []
        assert answers(writer) == before


class Unwritable(AbstractProjection[Any, Any]):
    """A projection whose disk is always full."""

    kind = signal = "unwritable"
    space_id = None
    versions = "1"

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        raise StorageFailed(root, "No space left on device")

    def load_generation(self, root: Path, pointer: Projection | None) -> None: ...

    def make_view(self, loaded: Any, reader: Reader, tail: Tail) -> AbstractView[Any]:
        raise AssertionError("what was never written is never seen")


class TestReaders:
    def snapshot(self, library: Library) -> Snapshot:
        return Snapshots(library.catalog, library.projections, library.generations_folder).newest_snapshot()

    def test_an_old_generation_answers_after_it_was_pruned(self, path: Path, writer: LibraryWriter) -> None:
        with Library.open(path) as reader:
            # What was never searched may not have read everything yet, so two of them are opened.
            searched, untouched = self.snapshot(reader), self.snapshot(reader)
            feature, old = self.feature(reader), list(writer.generations_folder.iterdir())
            before = self.ask(searched, feature)
            add_words(writer, caption="harbour quiet")
            writer.publish(anew=True)
            assert not any(path.exists() for path in old)
            assert self.ask(searched, feature) == self.ask(untouched, feature) == before
            assert self.ask(self.snapshot(reader), feature) != before
            assert [len(pairs) for pairs in before] == [4, 3, 12]

    def ask(self, snapshot: Snapshot, feature: Any) -> list[Pairs]:
        asked = [
            ("words", parse_terms("harbour")),
            ("words", parse_terms('"quiet harbour"')),
            ("subject", feature),
        ]
        found = [snapshot.views[signal].search(query, limit=50, allowed=None) for signal, query in asked]
        return [pairs_of(ranking) for ranking in found]

    def feature(self, library: Library) -> Any:
        [space] = [space for space in library.spaces if space.descriptor == "subject"]
        with library.catalog.reading() as reader:
            return reader.load_features(space, [3])[1][0].astype("float32")

    def test_a_generation_that_is_pruned_while_it_is_opened_is_not_missed(
        self, path: Path, writer: LibraryWriter
    ) -> None:
        """A writer publishes, and prunes, at each moment at which a reader opens one of the files."""
        expected = answers(writer)
        for moment in range(1, 100):
            at_opening = AtOpening(path / "projections", moment, lambda: writer.publish(anew=True))
            with Library.open(path) as reader, at_opening:
                assert answers(reader) == expected, f"published at opening {moment}"
            if not at_opening.happened:
                break
        assert moment > 6  # two openings of each vector file, and more for the words


class AtOpening:
    """Does something just before the n-th file below a folder is opened by this process."""

    _current: AtOpening | None = None
    _watching = False

    def __init__(self, root: Path, moment: int, deed: Callable[[], object]) -> None:
        self.root, self.left, self.deed, self.happened = str(root), moment, deed, False

    def __enter__(self) -> None:
        if not AtOpening._watching:  # an audit hook stays for as long as the process
            AtOpening._watching = True
            sys.addaudithook(AtOpening._on_audit_event)
        AtOpening._current = self

    def __exit__(self, *_: object) -> None:
        AtOpening._current = None

    @staticmethod
    def _on_audit_event(event: str, arguments: tuple[Any, ...]) -> None:
        now = AtOpening._current
        if now is None or event != "open" or not str(arguments[0]).startswith(now.root):
            return
        now.left -= 1
        if now.left == 0:
            AtOpening._current, now.happened = None, True
            now.deed()


@pytest.fixture
def small_disk(path: Path) -> Iterator[Path]:
    """The projections of the library lie on a disk of one megabyte of their own."""
    root = path / "projections"
    aside = root.rename(path / "aside")
    root.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(root)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    shutil.copytree(aside, root, dirs_exist_ok=True)
    yield root
    subprocess.run(["umount", "-l", str(root)], check=True)


class TestFullDisk:
    def fill(self, root: Path, free: int) -> None:
        """A ballast file leaves so many bytes free."""
        ballast = root / "ballast"
        ballast.unlink(missing_ok=True)
        room = shutil.disk_usage(root).free
        ballast.write_bytes(bytes(max(0, room - free)))

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    @pytest.mark.filterwarnings("ignore::ResourceWarning")
    def test_it_is_told_the_old_generation_stays_and_room_is_all_that_is_needed(
        self, path: Path, small_disk: Path, writer: LibraryWriter
    ) -> None:
        """A little more room is given each time, until publishing succeeds."""
        live = sorted(small_disk.iterdir())
        added = add_words(writer, caption="harbour")
        expected, refusals = answers(writer), list[str]()
        for free in range(0, 1 << 20, 49152):
            self.fill(small_disk, free)
            refusal = self.refusal(writer)
            if not refusal:
                break
            refusals.append(refusal)
            with Library.open(path) as reader:
                assert answers(reader) == expected
            assert sorted(set(small_disk.iterdir()) - {small_disk / "ballast"}) == live
        assert len(refusals) > 3
        assert {refusal.split(": ", 1)[1] for refusal in refusals} == {FULL}
        assert added in dict(expected)
        with Library.open(path) as reader:
            assert dict(answers(reader)).keys() == dict(expected).keys()
            assert find_damages(reader) == []

    def refusal(self, writer: LibraryWriter) -> str:
        """What publishing says, empty when it succeeds."""
        try:
            writer.publish(anew=True)
        except StorageFailed as error:
            return str(error)
        finally:
            gc.collect()  # Whoosh leaves files open where it fails; they are dropped here
        return ""
