"""Only a LibraryWriter writes, and only while it holds the lock: a reader leaves the folder as it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retrieval import (
    Filters,
    Library,
    LibraryBusy,
    LibraryWriter,
    Query,
    StoredPicture,
    Text,
    WriterLock,
    fetch_backbone,
    find_damages,
    find_mismatches,
    find_strays,
    read_status,
    write_library,
)
from retrieval.catalog import Catalog, WritableCatalog

WRITING_METHODS = {"create", "make_spaces", "note_scaling", "restore_weights", "publish", "remember_catalog"}
QUERY = Query((Text("harbour"), StoredPicture(3)))


@pytest.fixture
def path(library_path: Path, tmp_path: Path) -> Path:
    """A copy of the published library, with a generation that is still being written."""
    copied = Path(shutil.copytree(library_path, tmp_path / "library"))
    half_built = copied / "projections" / "words-000000000099-aaaaaaaa.tmp"
    half_built.mkdir()
    (half_built / "_MAIN_1.seg").write_bytes(b"half of a segment")
    return copied


def folder_contents(path: Path) -> dict[str, bytes]:
    files = (file for file in path.rglob("*") if file.is_file() and not file.name.endswith(("-shm", "-wal")))
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def test_a_reader_has_no_methods_that_write() -> None:
    assert not {name for name in WRITING_METHODS if hasattr(Library, name)}
    assert {name for name in WRITING_METHODS if hasattr(LibraryWriter, name)} == WRITING_METHODS
    assert not hasattr(Catalog, "writing")
    assert not hasattr(Catalog, "create")


READS: dict[str, Callable[[Library], object]] = {
    "search": lambda library: library.search(QUERY),
    "filter": lambda library: library.search(Query((), Filters(tags=("harbour",)))),
    "rankings": lambda library: library.rank_signals(Query((Text("harbour"),))),
    "explain": lambda library: library.explain(QUERY, library.search(QUERY).ids[0]),
    "facets": lambda library: library.count_facets(QUERY),
    "preview": lambda library: (library.load_thumbnail(1), library.render_preview(1)),
    "warm up": lambda library: library.warm_up(),
    "status": read_status,
    "damages": find_damages,
    "mismatches": find_mismatches,
    "strays": find_strays,
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_half_built_generation_survives_whatever_a_reader_does(
    path: Path, read: Callable[[Library], object]
) -> None:
    before = folder_contents(path)
    with Library.open(path) as library:
        read(library)
    assert folder_contents(path) == before


def test_the_writer_removes_a_half_built_generation_when_it_publishes(path: Path) -> None:
    with write_library(path) as writer:
        [stray] = find_strays(writer)
        assert not writer.publish()
        assert not stray.exists()


def test_there_is_no_writer_while_another_holds_the_lock(path: Path) -> None:
    before = folder_contents(path)
    with WriterLock(path), pytest.raises(LibraryBusy), write_library(path):
        pass
    assert folder_contents(path).keys() - {"writer.lock"} == before.keys() - {"writer.lock"}


def test_opening_for_reading_never_gives_a_writer(path: Path) -> None:
    with LibraryWriter.open(path) as library:
        assert type(library) is Library


def test_there_is_no_writer_with_a_lock_that_was_given_back(path: Path) -> None:
    with WriterLock(path) as lock:
        pass
    with pytest.raises(ValueError, match="the writer's lock was released"):
        LibraryWriter.create(lock)
    refused = pytest.raises(ValueError, match="the writer's lock was released")
    with WriterLock(path) as another, LibraryWriter.create(another) as writer, refused:
        LibraryWriter(lock, writer.catalog, writer.settings)


@pytest.fixture
def outliving_writer(path: Path) -> Iterator[LibraryWriter]:
    """A writer whose lock was given back while it is still there."""
    with write_library(path) as writer:
        pass
    yield writer
    writer.close()


def add_space(writer: LibraryWriter) -> None:
    with writer.catalog.writing() as transaction:
        transaction.add_space("fingerprint", "colour", {}, 4)


WRITES: dict[str, Callable[[LibraryWriter], object]] = {
    "publish": lambda writer: writer.publish(),
    "publish anew": lambda writer: writer.publish(anew=True),
    "make spaces": lambda writer: writer.make_spaces(fetch_backbone("test_resnet", "untrained")),
    "note scaling": lambda writer: writer.note_scaling(),
    "restore weights": lambda writer: writer.restore_weights(b"weights"),
    "remember catalog": lambda writer: writer.remember_catalog(),
    "catalog": add_space,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_writer_that_outlives_its_lock_writes_nothing(
    path: Path, outliving_writer: LibraryWriter, write: Callable[[LibraryWriter], object]
) -> None:
    before = folder_contents(path)
    with pytest.raises(ValueError, match="the writer's lock was released"):
        write(outliving_writer)
    assert folder_contents(path) == before


def test_a_library_is_made_only_once_the_lock_is_held(tmp_path: Path) -> None:
    with WriterLock(tmp_path / "new") as lock:
        assert [file.name for file in (tmp_path / "new").iterdir()] == ["writer.lock"]
        with LibraryWriter.create(lock) as writer:
            assert isinstance(writer.catalog, WritableCatalog)
    assert (tmp_path / "new" / "catalog.sqlite").is_file()
