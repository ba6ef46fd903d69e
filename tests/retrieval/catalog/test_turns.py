"""A turn is one process's, or one thread's, and ends with its block."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval import LibraryBusy, StorageFailed
from retrieval.catalog import SavedCatalog, WritableCatalog, sqlite_url, turns
from retrieval.catalog.turns import write_turn


def test_a_second_turn_waits_for_the_first_and_is_refused_when_it_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT", 0.05)
    path = tmp_path / "catalog.sqlite"
    busy = pytest.raises(LibraryBusy, match=r"catalog\.sqlite: another writer is at work")
    with write_turn(path), busy, write_turn(path):
        pass
    with write_turn(path), write_turn(tmp_path / "other.sqlite"):
        pass


def test_a_transaction_of_either_kind_is_a_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is saved waits for the batch of a run, and comes between it and the next one."""
    monkeypatch.setattr(turns, "LONGEST_WAIT", 0.05)
    url = sqlite_url(tmp_path / "catalog.sqlite")
    writable = WritableCatalog.create(url)
    saved = SavedCatalog.open(url)
    with writable.writing(), pytest.raises(LibraryBusy), saved.writing():
        pass
    with saved.writing() as writer:
        writer.add_search("boats", "tag:boat")
        with pytest.raises(LibraryBusy), writable.writing():
            pass
    with writable.writing() as writer:
        assert list(writer.load_searches()) == ["boats"]
    saved.close()
    writable.close()


def test_a_folder_that_cannot_be_written_to_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageFailed, match=r"nowhere/catalog\.sqlite-turn: storage failed"),
        write_turn(tmp_path / "nowhere" / "catalog.sqlite"),
    ):
        pass
