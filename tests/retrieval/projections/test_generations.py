"""Generations: written whole or not at all, trusted only after their checksum, pruned without harm."""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from whoosh.fields import FieldConfigurationError
from whoosh.index import open_dir
from whoosh.util.varints import varint

from retrieval import (
    Library,
    ProjectionDamaged,
    Query,
    StorageFailed,
    StoredPicture,
    Text,
    durable,
    find_damages,
    read_status,
    write_library,
)
from retrieval.catalog import Projection
from retrieval.manifest import MANIFEST
from retrieval.projections import generations
from retrieval.projections.publications import live_pointers
from retrieval.projections.vectors import VectorProjection
from retrieval.projections.words import WordView
from tests.reference import pairs_of
from tests.wording import add_words

WORD = Query((Text("harbour"),))
QUERY = Query((Text("harbour"), StoredPicture(3)))
KINDS = ("words", "subject", "colour", "neighbours", "bridge")

SUFFIXES = (".seg", ".toc", ".faiss", ".rows", ".postings", ".json", ".tsv", ".npy")


@pytest.fixture
def path(library_path: Path, tmp_path: Path) -> Path:
    """A copy of the published library, to be spoiled."""
    return shutil.copytree(library_path, tmp_path / "library")


def pointers(library: Library) -> dict[str, Projection]:
    """The live generations by signal."""
    with library.catalog.reading() as reader:
        found = live_pointers(reader, library.generations_folder)
    spaces = {space.id: space.descriptor for space in library.spaces}
    return {
        spaces[pointer.space_id or 0] if pointer.kind == "vectors" else pointer.kind: pointer
        for pointer in found
    }


def answers(path: Path) -> list[tuple[int, float]]:
    """The answer that a new reader gets."""
    with Library.open(path) as library:
        return [(hit.id, hit.score) for hit in library.search(QUERY).hits]


def pointer_to(seal: durable.Seal) -> Projection:
    return Projection("kind", None, 1, seal.name, seal.bytes, seal.sha256, "versions")


class TestWriting:
    def test_a_file_is_sealed_verified_and_leaves_nothing_beside_it(self, tmp_path: Path) -> None:
        seal = durable.write_file(tmp_path / "new" / "root", "one", b"content")
        assert seal == durable.Seal("one", 7, hashlib.sha256(b"content").hexdigest())
        found = generations.verify_generation(tmp_path / "new" / "root", pointer_to(seal), "versions")
        assert found.read_bytes() == b"content"
        assert os.listdir(tmp_path / "new" / "root") == ["one"]

    def test_a_folder_is_sealed_by_its_names_and_contents(self, tmp_path: Path) -> None:
        def fill(first: str, second: str) -> Callable[[Path], None]:
            def write(folder: Path) -> None:
                for name, data in ((first, b"one"), (second, b"two")):
                    (folder / name).write_bytes(data)

            return write

        seals = [
            durable.write_folder(tmp_path, str(number), fill(*names))
            for number, names in enumerate([("a", "b"), ("a", "b"), ("b", "a")])
        ]
        assert generations.verify_generation(tmp_path, pointer_to(seals[0]), "versions") == tmp_path / "0"
        assert {seal.bytes for seal in seals} == {6 + (tmp_path / "0" / MANIFEST).stat().st_size}
        assert seals[0].sha256 == seals[1].sha256 != seals[2].sha256
        assert sorted(os.listdir(tmp_path)) == ["0", "1", "2"]

    def test_names_never_repeat_and_sort_by_watermark(self) -> None:
        names = [generations.new_name("words", seq) for seq in (9, 10, 100000, 100000)]
        assert names == sorted(names[:2]) + names[2:]
        assert len(set(names)) == 4

    @pytest.mark.parametrize("failure", [RuntimeError("bug"), KeyboardInterrupt(), MemoryError(), OSError(5)])
    def test_an_interrupted_build_leaves_nothing(self, tmp_path: Path, failure: BaseException) -> None:
        def fill(folder: Path) -> None:
            (folder / "half").write_bytes(b"x")
            raise failure

        expected = StorageFailed if isinstance(failure, OSError) else type(failure)
        with pytest.raises(expected):
            durable.write_folder(tmp_path, "one", fill)
        assert os.listdir(tmp_path) == []

    def test_a_place_that_cannot_be_written_is_a_failure_of_storage(self, tmp_path: Path) -> None:
        (tmp_path / "one").mkdir()
        (tmp_path / "one" / "kept").touch()
        with pytest.raises(StorageFailed, match="one: storage failed"):
            durable.write_file(tmp_path, "one", b"content")
        assert os.listdir(tmp_path) == ["one"]

    def test_a_published_library_holds_its_generations_and_nothing_else(self, path: Path) -> None:
        with write_library(path) as library:
            add_words(library, caption="one more")
            library.publish(anew=True)
            live = {pointer.generation for pointer in pointers(library).values()}
            assert {path.name for path in library.generations_folder.iterdir()} == live
            files = [path for name in live for path in (library.generations_folder / name).glob("**/*")]
            assert all(
                file.name == MANIFEST or (file.is_file() and file.suffix in SUFFIXES) for file in files
            )


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def flip(path: Path) -> None:
    """The last bit: within an index's numbers, where FAISS itself would see nothing wrong."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def lose(path: Path) -> None:
    path.unlink()


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = (truncate, lengthen, zero, flip, lose, replace_by_folder)


class TestDamage:
    def check_refusal(self, path: Path, kind: str) -> None:
        with Library.open(path) as library:
            name = pointers(library)[kind].generation
            for _ in range(2):
                with pytest.raises(ProjectionDamaged, match=f"^{name}: .*`pictor rebuild`"):
                    library.search(QUERY)
            [damage] = find_damages(library)
            assert str(damage).startswith(name)
            assert read_status(library).damages == (str(damage),)

    @pytest.mark.parametrize("damage", DAMAGES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_damage_is_refused_by_name_and_mended_by_a_rebuild(
        self, path: Path, kind: str, damage: Callable[[Path], None]
    ) -> None:
        expected = answers(path)
        with write_library(path) as writer:
            place = writer.generations_folder / pointers(writer)[kind].generation
            files = sorted(file for file in place.glob("*") if not file.name.startswith("spelled"))
            damage(files[-1] if files else place)
            self.check_refusal(path, kind)
            writer.publish(anew=True)
        assert answers(path) == expected

    @pytest.mark.parametrize("name", ["*.seg", "*.toc", MANIFEST, "frequent-*.npy", "frequent-*.tsv"])
    def test_each_file_of_a_words_generation_counts(self, path: Path, name: str) -> None:
        [part] = (path / "projections").glob(f"words-*/{name}")
        flip(part) if part.stat().st_size else lengthen(part)
        self.check_refusal(path, "words")

    def test_what_no_search_has_read_is_refused_when_it_is_read_and_found_before(self, path: Path) -> None:
        expected = answers(path)
        [part] = (path / "projections").glob("words-*/spelled-*.tsv")
        flip(part)
        with Library.open(path) as library:
            assert read_status(library).damages == ()
            assert answers(path) == expected
            [damage] = find_damages(library)
            assert f"{part.name}: a wrong checksum in block 0" in str(damage)
            with pytest.raises(ProjectionDamaged, match=f"{part.name}: .*`pictor rebuild`"):
                _ = cast(WordView, library.snapshot().views["words"]).vocabulary
            assert read_status(library).damages == (str(damage),)

    def test_the_status_reads_a_generation_once_and_again_when_its_files_have_changed(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = list[str]()

        def compute_seal(root: Path, name: str) -> durable.Seal:
            read.append(name)
            return durable.compute_seal(root, name)

        monkeypatch.setattr("retrieval.projections.generations.compute_seal", compute_seal)
        with Library.open(path) as library:
            for _ in range(3):
                assert read_status(library).damages == ()
            live = [pointer.generation for pointer in pointers(library).values()]
            assert sorted(read) == sorted(live)
            [part] = library.generations_folder.glob("words-*/*.seg")
            flip(part)
            [damage] = read_status(library).damages
            assert damage.startswith("words-")
            assert len(read) == len(live) + 1

    def test_one_file_too_many_is_refused(self, path: Path) -> None:
        [folder] = (path / "projections").glob("words-*")
        (folder / "_MAIN_99.toc").write_bytes(b"newer, says Whoosh")
        self.check_refusal(path, "words")

    def test_a_whole_generation_that_is_gone_is_named(self, path: Path) -> None:
        [folder] = (path / "projections").glob("words-*")
        shutil.rmtree(folder)
        self.check_refusal(path, "words")

    @pytest.mark.parametrize("kind", KINDS)
    def test_another_version_is_refused(self, path: Path, kind: str) -> None:
        with write_library(path) as writer:
            live = pointers(writer)
            live[kind] = replace(live[kind], library_versions="written by a newer one")
            with writer.catalog.writing() as transaction:
                [name] = transaction.load_publications()
                transaction.delete_publications([name])
                transaction.add_publication(name, list(live.values()))
            self.check_refusal(path, kind)
            assert writer.publish()
        assert answers(path)

    def test_another_dimension_is_refused(self, library: Library) -> None:
        other = VectorProjection(replace(library.spaces[1], dimension=8))
        with pytest.raises(ProjectionDamaged, match=r"1008 numbers, not of 16.*`pictor rebuild`"):
            other.load_generation(library.generations_folder, pointers(library)["colour"])

    def test_a_damaged_generation_is_never_extended(self, path: Path) -> None:
        [part] = (path / "projections").glob("words-*/*.seg")
        flip(part)
        with write_library(path) as writer:
            added = add_words(writer, caption="harbour " + "and far more than that " * 9)
            writer.publish()
            published = pairs_of(writer.rank_signals(WORD)["words"])
            writer.publish(anew=True)
            assert pairs_of(writer.rank_signals(WORD)["words"]) == published
            assert added in dict(published)


class Bomb:
    """Unpickling it touches a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_pickle_in_a_table_of_contents_is_never_executed(path: Path, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    bomb = pickle.dumps(Bomb(mark))
    [toc] = (path / "projections").glob("words-*/*.toc")
    # Before the pickle stand 14 bytes of sizes and versions, and its length.
    toc.write_bytes(toc.read_bytes()[:14] + varint(len(bomb)) + bomb)
    with Library.open(path) as library, pytest.raises(ProjectionDamaged, match="`pictor rebuild`"):
        library.search(QUERY)
    assert not mark.exists()
    with pytest.raises(FieldConfigurationError):  # the control: Whoosh itself does execute it
        open_dir(str(toc.parent))
    assert mark.exists()
    gc.collect()  # Whoosh leaves the file open; it is dropped here
