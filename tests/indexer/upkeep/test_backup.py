"""A backup is one sound state of a library, and what is restored from it answers as before."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from indexer.errors import BackupImpossible
from indexer.upkeep.backup import create_backup, restore_backup
from indexer.upkeep.check import check_library
from retrieval import Library, StorageFailed, write_library
from tests.indexer.command import make_without_backbone, run
from tests.indexer.contents import answers, contents, last_change


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_a_restored_library_is_the_same_and_answers_the_same(
    library_path: Path, tmp_path: Path, name: str
) -> None:
    assert create_backup(library_path, tmp_path / name) == 12
    assert restore_backup(tmp_path / name, tmp_path / "restored").images == 12
    assert contents(tmp_path / "restored") == contents(library_path)
    assert last_change(tmp_path / "restored") == last_change(library_path)
    assert answers(tmp_path / "restored", "harbour") == answers(library_path, "harbour")
    with Library.open(tmp_path / "restored") as restored:
        assert list(check_library(restored)) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "restored"])


def test_a_backup_holds_no_projections_and_no_log(library_path: Path, tmp_path: Path) -> None:
    create_backup(library_path, tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["backbones", "catalog.sqlite"]


def test_a_library_is_copied_while_another_writes_to_it(library_path: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(library_path, tmp_path / "library")
    with write_library(copied) as writer, writer.catalog.writing() as facts:
        facts.remove_images([1, 2, 3])
        assert create_backup(copied, tmp_path / "copy") == 12
    assert contents(tmp_path / "copy")["images"] == contents(library_path)["images"]


def test_settings_go_along_but_for_the_address_of_the_catalog(tmp_path: Path) -> None:
    library = make_without_backbone(tmp_path / "library")
    settings = f'catalog_url = "sqlite:///{library}/catalog.sqlite"\nbatch_size = 7\n'
    (library / "library.toml").write_text(settings)
    create_backup(library, tmp_path / "copy")
    restore_backup(tmp_path / "copy", tmp_path / "restored")
    assert (tmp_path / "restored" / "library.toml").read_text() == "batch_size = 7\n"


def test_what_is_there_is_not_touched(library_path: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    for work in (create_backup, restore_backup):
        with pytest.raises(BackupImpossible, match="taken: something is there already"):
            work(library_path, tmp_path / "taken")
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["file"]


def test_an_unsound_library_is_not_taken_for_a_backup(library_path: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(library_path, tmp_path / "library")
    [weights] = (copied / "backbones").glob("*.safetensors")
    weights.write_bytes(b"other weights")
    with pytest.raises(BackupImpossible, match="backbone-damaged"):
        create_backup(copied, tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["library"]


def test_what_is_no_backup_is_refused(library_path: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.tar").write_text("no archive")
    for name in ("empty", "text.tar"):
        with pytest.raises(BackupImpossible, match="no backup"):
            restore_backup(tmp_path / name, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_a_library_in_use_is_not_restored_from(library_path: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(library_path, tmp_path / "library")
    (copied / "catalog.sqlite-wal").write_bytes(b"what is not in the file yet")
    with pytest.raises(BackupImpossible, match="a library in use"):
        restore_backup(copied, tmp_path / "restored")


def test_a_catalog_that_is_damaged_cannot_be_copied(library_path: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(library_path, tmp_path / "library")
    with closing(sqlite3.connect(copied / "catalog.sqlite")) as connection:
        page = connection.execute("PRAGMA page_size").fetchone()[0]
    with (copied / "catalog.sqlite").open("r+b") as file:
        file.seek(8 * page)
        file.write(os.urandom(20 * page))
    with pytest.raises((BackupImpossible, StorageFailed)):
        create_backup(copied, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_the_commands_say_how_many_images_there_are(library_path: Path, tmp_path: Path) -> None:
    said = run("backup", tmp_path / "copy.tar", "--library", library_path)
    assert said.startswith(f"{tmp_path}/copy.tar: 12 images, checked")
    said = run("restore", tmp_path / "copy.tar", "--library", tmp_path / "restored", "--json")
    assert '"images": 12' in said
