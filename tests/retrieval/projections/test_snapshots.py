"""Every search sees one complete state with all earlier commits, whatever is published or lost meanwhile."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from retrieval import (
    Annotation,
    Filters,
    Library,
    LibraryWriter,
    NewImage,
    ProjectionDamaged,
    Query,
    StoredPicture,
    Text,
    fetch_backbone,
    read_status,
    write_library,
)
from retrieval.catalog import Projection
from retrieval.projections import snapshot
from retrieval.projections.words import WordIndex, WordProjection
from tests.drawing import draw_scene
from tests.reference import pairs_of

STORED = 12  # pictures in the copied library
TEXTS = ("harbour", "quiet forest", '"market at noon"', "day 2", "scene")
Exact = list[tuple[str, bytes, bytes]]


@pytest.fixture
def reader(path: Path, writer: LibraryWriter) -> Iterator[Library]:
    """The same library, opened by another reader that has searched it before."""
    with Library.open(path) as library:
        library.warm_up()
        yield library


def add_scenes(library: LibraryWriter, seeds: Sequence[int], caption: str) -> list[int]:
    """Acknowledge drawn scenes in one transaction, and publish nothing."""
    features = library.describe([draw_scene(seed) for seed in seeds])
    new = [
        NewImage(hashlib.sha256(b"%d" % seed).hexdigest(), 0, 160, 120, "jpeg", 1, None, b"webp", described)
        for seed, described in zip(seeds, features, strict=True)
    ]
    with library.catalog.writing() as writer:
        ids = writer.add_images(new)
        for image_id, seed in zip(ids, seeds, strict=True):
            writer.add_location(b"/added/%d.jpg" % seed, image_id, mtime=0, size=1)
            writer.replace_annotations(image_id, "test", [Annotation("caption", caption, "test")])
    return ids


def exact_rankings(library: Library) -> Exact:
    """Ids and scores, to the last bit, for every stored picture and some texts."""
    with library.catalog.reading() as reader:
        pictures = [StoredPicture(int(image_id)) for image_id in reader.find_ids()]
    queries = [Query((part,), include_examples=True) for part in (*pictures, *map(Text, TEXTS))]
    return [
        (signal, ranking.ids.tobytes(), ranking.scores.tobytes())
        for query in queries
        for signal, ranking in library.rank_signals(query).items()
    ]


def ids_only(found: Exact) -> list[tuple[str, bytes]]:
    return [(signal, ids) for signal, ids, _ in found]


class TestAcknowledged:
    def test_what_is_added_is_found_at_once_by_words_and_by_picture(
        self, writer: LibraryWriter, reader: Library, tmp_path: Path
    ) -> None:
        [image_id] = add_scenes(writer, [77], "lantern")
        assert reader.search(Query((Text("lantern"),))).ids == [image_id]
        similar = reader.search(Query((StoredPicture(image_id),), include_examples=True))
        assert (similar.ids[0], similar.total) == (image_id, STORED + 1)
        assert image_id in reader.search(Query((StoredPicture(1),), limit=100)).ids
        assert image_id in reader.search(Query(limit=100)).ids
        assert reader.search(Query((Text("lantern"),), Filters(folders=("added",)))).ids == [image_id]

    def test_what_is_removed_is_never_found_again(self, writer: LibraryWriter, reader: Library) -> None:
        [tail] = add_scenes(writer, [77], "harbour")
        with writer.catalog.writing() as transaction:
            transaction.remove_images([2, tail])
        queries = [Query((Text("harbour"),)), Query((StoredPicture(1),), limit=100), Query(limit=100)]
        for anew in (None, False, True):
            if anew is not None:
                writer.publish(anew=anew)
            for query in queries:
                assert not {2, tail} & set(reader.search(query).ids), f"published: {anew}"
        assert reader.search(Query(limit=100)).total == STORED - 1

    def test_changed_words_count_at_once(self, writer: LibraryWriter, reader: Library) -> None:
        with writer.catalog.writing() as transaction:
            transaction.replace_annotations(2, "test", [Annotation("title", "Lantern", "test")])
        assert reader.search(Query((Text("lantern"),))).ids == [2]
        similar = reader.rank_signals(Query((StoredPicture(2),), include_examples=True))["subject"]
        assert (similar.ids[0], len(similar)) == (2, STORED)

    def test_a_new_library_finds_what_was_never_published(self, tmp_path: Path) -> None:
        with write_library(tmp_path / "new") as library:
            library.make_spaces(fetch_backbone("test_resnet", "untrained"))
            assert library.search(Query((Text("lantern"),))).ids == []
            first, second = add_scenes(library, [1, 2], "lantern")
            with Library.open(library.path) as reader:
                assert reader.search(Query((Text("lantern"),))).ids == [first, second]
                assert reader.search(Query((StoredPicture(first),))).ids == [second]

    def test_spaces_count_from_the_moment_they_are_made(self, tmp_path: Path) -> None:
        with write_library(tmp_path / "new") as library:
            assert library.search(Query()).ids == []
            assert read_status(library).damages == ()
            library.make_spaces(fetch_backbone("test_resnet", "untrained"))
            assert library.signal_names[:3] == ("words", "subject", "colour")
            first, second = add_scenes(library, [1, 2], "lantern")
            assert library.search(Query((StoredPicture(first),))).ids == [second]


class TestPublished:
    def change(self, writer: LibraryWriter) -> None:
        """Add two, remove one, change the words of one."""
        add_scenes(writer, [77, 78], "a quiet harbour with many boats, as seen on the second day at noon")
        with writer.catalog.writing() as transaction:
            transaction.remove_images([6])
            transaction.replace_annotations(3, "test", [Annotation("title", "forest market", "test")])

    def test_the_order_is_the_one_from_before(self, writer: LibraryWriter, reader: Library) -> None:
        self.change(writer)
        before = exact_rankings(reader)
        assert writer.publish()
        assert ids_only(exact_rankings(reader)) == ids_only(before)

    def test_additions_alone_change_no_score_either(self, writer: LibraryWriter, reader: Library) -> None:
        add_scenes(writer, [77, 78], "a quiet harbour")
        before = exact_rankings(reader)
        assert writer.publish()
        assert exact_rankings(reader) == before

    def test_projections_that_were_deleted_come_back_the_same(
        self, path: Path, writer: LibraryWriter
    ) -> None:
        self.change(writer)
        writer.publish()
        with Library.open(path) as reader:
            before = exact_rankings(reader)
        shutil.rmtree(writer.generations_folder)
        writer.publish(anew=True)
        with Library.open(path) as reader:
            assert exact_rankings(reader) == before
        assert len(before) > 13 * 3

    def test_deleted_projections_are_an_error_and_not_an_empty_answer(
        self, path: Path, writer: LibraryWriter
    ) -> None:
        shutil.rmtree(writer.generations_folder)
        with Library.open(path) as reader:
            for query in (Query((Text("harbour"),)), Query((StoredPicture(1),)), Query()):
                with pytest.raises(ProjectionDamaged, match="`pictor rebuild`"):
                    reader.search(query)
            assert len(read_status(reader).damages) == len(writer.projections)
            writer.publish(anew=True)
            assert reader.search(Query((Text("harbour"),))).total == 4

    def test_publishing_twice_does_nothing_the_second_time(self, writer: LibraryWriter) -> None:
        add_scenes(writer, [77], "lantern")
        assert writer.publish()
        names = sorted(writer.generations_folder.iterdir())
        assert not writer.publish()
        assert sorted(writer.generations_folder.iterdir()) == names

    def test_another_reader_sees_the_new_state_without_opening_again(
        self, path: Path, writer: LibraryWriter, reader: Library
    ) -> None:
        for seed in (77, 78):
            [image_id] = add_scenes(writer, [seed], f"lantern{seed}")
            writer.publish()
            assert reader.search(Query((Text(str(seed)),))).ids == [image_id]
            with Library.open(path) as fresh:
                assert exact_rankings(fresh) == exact_rankings(reader)


class TestManyThreads:
    ROUNDS = 8

    def test_every_answer_is_a_whole_state(
        self, path: Path, writer: LibraryWriter, reader: Library, tmp_path: Path
    ) -> None:
        """Pairs come and go in one transaction; one word of two stands at every image at all times."""
        done = Event()
        self.turn(writer, "day")
        reader.warm_up()
        with ThreadPoolExecutor(8) as pool:
            searches = [pool.submit(self.watch, reader, done) for _ in range(8)]
            try:
                for number in range(self.ROUNDS):
                    self.work(writer, number)
            finally:
                done.set()
            counted = [search.result() for search in searches]
        assert min(counted) >= 1
        assert exact_rankings(reader)
        assert reader.search(Query((Text("twin"),))).total == 2 * (self.ROUNDS // 2)

    def work(self, writer: LibraryWriter, number: int) -> None:
        twins = add_scenes(writer, [100 + 2 * number, 101 + 2 * number], "twin")
        self.turn(writer, ("dawn", "dusk")[number % 2])
        writer.publish(anew=number % 3 == 0)
        if number % 2:
            with writer.catalog.writing() as transaction:
                transaction.remove_images(twins)

    def turn(self, writer: LibraryWriter, word: str) -> None:
        """The first twelve say this word now, and nothing else of the kind."""
        with writer.catalog.writing() as transaction:
            for image_id in range(1, STORED + 1):
                transaction.replace_annotations(image_id, "time", [Annotation("tag", word, "time")])

    def watch(self, reader: Library, done: Event) -> int:
        """Search until it is over; how often."""
        count = 0
        while not (done.is_set() and count):
            twins = reader.rank_signals(Query((Text("twin"),)))["words"]
            assert len(twins) % 2 == 0
            times = reader.rank_signals(Query((Text("day dawn dusk"),)))["words"]
            assert set(range(1, STORED + 1)) <= set(times.ids.tolist())
            assert len({score for image_id, score in pairs_of(times) if image_id in (1, 5, 9)}) == 1
            similar = reader.rank_signals(Query((StoredPicture(1),)))
            assert set(similar["subject"].ids) == set(similar["colour"].ids) == set(similar["fused"].ids)
            assert len(similar["fused"]) % 2 == (STORED - 1) % 2
            assert reader.search(Query((Text("twin"), StoredPicture(1)), limit=5)).hits
            count += 1
        return count


class TestLoadedAside:
    def test_nobody_waits_for_a_new_generation_and_no_answer_changes(
        self, writer: LibraryWriter, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Library.open(path) as reader:
            reader.prepare_serving()
            before = reader.snapshot().pointers
            [image_id] = add_scenes(writer, [77], "lantern")
            writer.publish()
            may_load, loading = Event(), Event()
            load = WordProjection.load_generation

            def load_later(projection: WordProjection, root: Path, pointer: Projection | None) -> WordIndex:
                loading.set()
                assert may_load.wait(60)
                return load(projection, root, pointer)

            monkeypatch.setattr(WordProjection, "load_generation", load_later)
            assert reader.search("lantern").ids == [image_id]
            assert loading.wait(60)
            assert reader.snapshot().pointers == before
            aside = exact_rankings(reader)
            may_load.set()
            reader.search_state.snapshots._aside.shutdown()  # type: ignore[union-attr]
            after = reader.snapshot()
            assert after.pointers != before
            assert after.pointers == writer.snapshot().pointers
            assert ids_only(exact_rankings(reader)) == ids_only(aside)

    def test_a_damaged_one_is_an_error_until_it_is_mended(self, writer: LibraryWriter, path: Path) -> None:
        with Library.open(path) as reader:
            reader.prepare_serving()
            reader.snapshot()
            add_scenes(writer, [77], "lantern")
            writer.publish()
            shutil.rmtree(writer.generations_folder)
            reader.snapshot()
            reader.search_state.snapshots._aside.shutdown()  # type: ignore[union-attr]
            for _ in range(2):
                with pytest.raises(ProjectionDamaged):
                    reader.search("lantern")

    def test_many_changes_are_indexed_aside_as_well(
        self, writer: LibraryWriter, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshot, "LONG_TAIL", 3)
        with Library.open(path) as reader:
            reader.prepare_serving()
            reader.snapshot()
            few = add_scenes(writer, [77, 78], "lantern")
            assert sorted(reader.search("lantern").ids) == few, "few changes are there at once"
            many = add_scenes(writer, [79, 80], "lantern")
            assert sorted(reader.search("lantern").ids) == few
            reader.search_state.snapshots._aside.shutdown()  # type: ignore[union-attr]
            assert sorted(reader.search("lantern").ids) == few + many
