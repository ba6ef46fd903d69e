"""Obstacles: another writer, a disk that is full or read-only, a catalog that is none, a taken port."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from retrieval import WriterLock, write_library
from tests.drawing import write_scenes
from tests.indexer.command import make_without_backbone, pictor, pictor_json, run
from tests.indexer.contents import contents


@pytest.fixture
def writable_copy(library_path: Path, tmp_path: Path) -> Path:
    """A library of the twelve scenes that may be written to."""
    return shutil.copytree(library_path, tmp_path / "library")


@pytest.mark.parametrize("command", ["index", "remove", "rebuild", "init"])
def test_another_writer_is_exit_code_3(writable_copy: Path, scenes: Path, command: str) -> None:
    arguments = {"index": [scenes], "remove": [1]}.get(command, [])
    with WriterLock(writable_copy):
        done = pictor(command, *arguments, "--library", writable_copy)
    assert (done.returncode, done.stdout) == (3, "")
    assert "another writer is at work (process " in done.stderr


def test_searches_go_on_while_another_process_writes(writable_copy: Path) -> None:
    with write_library(writable_copy) as writer, writer.catalog.writing() as facts:
        facts.forget_locations([])
        assert len(pictor_json("search", "harbour", "--library", writable_copy)["hits"]) == 4


def test_a_write_lock_that_somebody_else_holds_is_exit_code_3_and_searches_go_on(writable_copy: Path) -> None:
    with closing(sqlite3.connect(writable_copy / "catalog.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = pictor("remove", 1, "--library", writable_copy)
        assert (done.returncode, done.stdout) == (3, "")
        assert "another writer is at work (the database stayed locked for 5 seconds)" in done.stderr
        assert len(pictor_json("search", "harbour", "--library", writable_copy)["hits"]) == 4
    assert pictor("remove", 1, "--library", writable_copy).returncode == 0


def test_a_catalog_that_is_no_database_is_exit_code_4(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"This is no database, whatever its name says." * 100)
    (tmp_path / "pictures").mkdir()
    for command in (("search", "harbour"), ("index", tmp_path / "pictures")):
        done = pictor(*command, "--library", tmp_path)
        assert (done.returncode, done.stdout) == (4, "")
        assert "storage failed (file is not a database)" in done.stderr


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    library = make_without_backbone(tmp_path / "library")
    write_scenes(tmp_path / "pictures", 2)
    run("index", tmp_path / "pictures", "--library", library)
    for path in (library, *library.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield library
    for path in (library, *library.rglob("*")):
        path.chmod(0o700)


def test_a_read_only_library_can_be_searched_and_not_written(read_only: Path) -> None:
    answer = pictor_json("search", "scene", "--library", read_only, powerless=True)
    assert len(answer["hits"]) == 2
    done = pictor("index", read_only.parent / "pictures", "--library", read_only, powerless=True)
    assert (done.returncode, "storage failed" in done.stderr) == (4, True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], check=False)
    if mount.returncode:
        pytest.skip("mounting a small disk takes root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_exit_code_4_and_costs_nothing(small_disk: Path, tmp_path: Path) -> None:
    library = make_without_backbone(small_disk / "library")
    write_scenes(tmp_path / "first", 4)
    write_scenes(tmp_path / "second", 40, first=50)
    run("index", tmp_path / "first", "--library", library)
    for free in (0, 300):
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - free * 1024))
        done = pictor("index", tmp_path / "second", "--library", library)
        assert done.returncode == 4, done.stderr
        assert "storage failed (" in done.stderr
        ballast.unlink()
    assert pictor("index", tmp_path / "second", "--library", library).returncode == 0
    assert pictor("check", "--library", library).returncode == 0
    assert len(contents(library)["images"]) == 44


def test_a_full_disk_can_still_be_searched(small_disk: Path, tmp_path: Path) -> None:
    library = make_without_backbone(small_disk / "library")
    write_scenes(tmp_path / "first", 4)
    run("index", tmp_path / "first", "--library", library)
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free))
    hits = pictor_json("search", "first", "--library", library)["hits"]
    assert [hit["id"] for hit in hits] == [1, 2, 3, 4]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    library = make_without_backbone(tmp_path / "library")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        done = pictor("serve", "--port", port, "--library", library)
    assert done.returncode == 1
    assert f"127.0.0.1:{port}: Address already in use; choose another with --port" in done.stderr
