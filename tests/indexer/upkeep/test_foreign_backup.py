"""A backup from a stranger gains nothing: no file elsewhere, no link, no setting that allows more."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from indexer.errors import BackupImpossible
from indexer.upkeep.backup import create_backup, restore_backup
from indexer.upkeep.partial import partial_folder
from retrieval import Library, LibraryBusy, Settings
from tests.indexer.command import ROOT, make_without_backbone, pictor

Pack = Callable[..., Path]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return make_without_backbone(tmp_path / "library")


@pytest.fixture
def pack(library: Path, tmp_path: Path) -> Pack:
    """An archive with the catalog of a sound backup and these members, and with these settings."""

    def pack_archive(*members: tarfile.TarInfo, settings: str = "", data: bytes = b"planted") -> Path:
        create_backup(library, tmp_path / "backup")
        with tarfile.open(tmp_path / "foreign.tar", "w") as archive:
            archive.add(tmp_path / "backup" / "catalog.sqlite", "catalog.sqlite")
            for member in members:
                member.size = len(data) if member.isreg() else 0
                archive.addfile(member, io.BytesIO(data))
            if settings:
                header = tarfile.TarInfo("library.toml")
                header.size = len(settings.encode())
                archive.addfile(header, io.BytesIO(settings.encode()))
        return tmp_path / "foreign.tar"

    return pack_archive


def member_of_type(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type, header.linkname = kind, target
    return header


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# -- what an archive may hold --------------------------------------------------------------------------

# Names that lead elsewhere: github.com/GladysAssistant/Gladys/issues/2495. Links, after whose names the next
# member is written: github.com/untangle/ngfw_src/pull/1243, github.com/odysseus-dev/odysseus/pull/574.
MEMBERS = {
    "above": member_of_type("../planted"),
    "above, by way of a folder of ours": member_of_type("backbones/../../planted.safetensors"),
    "absolute": member_of_type("/tmp/pictor-planted"),
    "hidden": member_of_type("backbones/.planted"),
    "another file of a library": member_of_type("writer.lock"),
    "projections": member_of_type("projections/words-000000000001-aaaaaaaa"),
    "names of publications": member_of_type("publications.json"),
    "a link to another file": member_of_type("library.toml", tarfile.SYMTYPE, "/etc/passwd"),
    "a link for a folder": member_of_type("backbones", tarfile.SYMTYPE, "/tmp"),
    "a second name": member_of_type("library.toml", tarfile.LNKTYPE, "catalog.sqlite"),
    "a pipe": member_of_type("library.toml", tarfile.FIFOTYPE),
    "a device": member_of_type("backbones/zero.npy", tarfile.CHRTYPE),
    "a sparse file": member_of_type("backbones/holes.npy", tarfile.GNUTYPE_SPARSE),
    "the catalog twice": member_of_type("catalog.sqlite"),
}


@pytest.mark.parametrize("member", MEMBERS.values(), ids=MEMBERS)
def test_an_archive_with_anything_else_is_refused(
    pack: Pack, member: tarfile.TarInfo, tmp_path: Path
) -> None:
    archive = pack(member)
    before = names(tmp_path)
    with pytest.raises(BackupImpossible, match="no backup"):
        restore_backup(archive, tmp_path / "restored")
    assert names(tmp_path) == before
    assert not Path("/tmp/pictor-planted").exists()


def test_exports_are_left_out_since_they_are_run_as_they_are_found(pack: Pack, tmp_path: Path) -> None:
    restore_backup(pack(member_of_type("backbones/0123456789abcdef.onnx")), tmp_path / "restored")
    assert not list((tmp_path / "restored").rglob("*.onnx"))


def test_a_compressed_archive_is_refused_before_anything_is_unpacked(library: Path, tmp_path: Path) -> None:
    """A megabyte of it could hold a thousand."""
    create_backup(library, tmp_path / "backup")
    with tarfile.open(tmp_path / "bomb.tar", "w:gz") as archive:
        archive.add(tmp_path / "backup" / "catalog.sqlite", "catalog.sqlite")
        header = tarfile.TarInfo("backbones/zeros.npy")
        header.size = 1 << 26
        archive.addfile(header, io.BytesIO(bytes(header.size)))
    with pytest.raises(BackupImpossible, match="no backup"):
        restore_backup(tmp_path / "bomb.tar", tmp_path / "restored")


def test_a_negative_size_does_not_make_the_restore_endless(tmp_path: Path) -> None:
    """The header is read again and again by tarfile itself (CVE-2025-8194)."""
    header = bytearray(tarfile.TarInfo("catalog.sqlite").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 4 + (2**64 - 512).to_bytes(8, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "endless.tar").write_bytes(bytes(header) + bytes(1024))
    done = pictor("restore", tmp_path / "endless.tar", "--library", tmp_path / "restored")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no backup" in done.stderr


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_an_archive_that_was_cut_off_is_refused(library: Path, tmp_path: Path, share: float) -> None:
    create_backup(library, tmp_path / "whole.tar")
    data = (tmp_path / "whole.tar").read_bytes()
    end = data.rstrip(b"\0")
    (tmp_path / "cut.tar").write_bytes(data[: int(len(end) * share)])
    with pytest.raises(BackupImpossible):
        restore_backup(tmp_path / "cut.tar", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


@pytest.mark.parametrize("name", ["catalog.sqlite", "library.toml", "backbones", "backbones/weights.npy"])
def test_links_in_a_folder_are_refused(library: Path, tmp_path: Path, name: str) -> None:
    create_backup(library, tmp_path / "backup")
    (tmp_path / "outside").mkdir()
    link = tmp_path / "backup" / name
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(tmp_path / "outside")
    with pytest.raises(BackupImpossible, match="no backup"):
        restore_backup(tmp_path / "backup", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER planted AFTER INSERT ON image BEGIN DELETE FROM image; END",
        "CREATE VIEW planted AS SELECT * FROM image",
    ],
)
def test_a_catalog_with_code_of_its_own_is_refused(library: Path, tmp_path: Path, statement: str) -> None:
    create_backup(library, tmp_path / "backup")
    with closing(sqlite3.connect(tmp_path / "backup" / "catalog.sqlite")) as connection:
        connection.execute(statement)
    with pytest.raises(BackupImpossible, match="not a catalog of Pictor"):
        restore_backup(tmp_path / "backup", tmp_path / "restored")


# -- settings ------------------------------------------------------------------------------------------

FOREIGN = """
"catalog_url" = '''postgresql+psycopg://stranger.example/pictor'''
url_queries = "always"
max_image_megapixels = 100000
max_image_megabytes = 10
decode_threads = 256
batch_size = 7
collapse = "copies"
"""


def test_settings_that_allow_more_are_left_out_and_named(pack: Pack, tmp_path: Path) -> None:
    restored = tmp_path / "restored"
    done = pictor("restore", pack(settings=FOREIGN), "--library", restored, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["settings_left_out"] == {
        "catalog_url": "postgresql+psycopg://stranger.example/pictor",
        "url_queries": "always",
        "max_image_megapixels": 100000,
        "decode_threads": 256,
    }
    assert "Left out of" in done.stderr
    assert 'url_queries = "always", or who searches could make this machine fetch pictures' in done.stderr
    settings = Settings.resolve(restored, {})
    kept = Settings(max_image_megabytes=10, batch_size=7, group="copies")
    assert settings == kept
    with Library.open(restored, settings) as opened:
        assert opened.catalog.is_file


def test_settings_that_allow_no_more_stay_as_they_were_written(pack: Pack, tmp_path: Path) -> None:
    text = '# mine\nurl_queries = "never"\ndecode_seconds = 5.0  # patient enough\n'
    assert restore_backup(pack(settings=text), tmp_path / "restored").left_out == {}
    assert (tmp_path / "restored" / "library.toml").read_text() == text


@pytest.mark.parametrize(
    "text", ["a = [", "no_such_setting = 1", "batch_size = -1", "batch_size = [1]", "x" * 2_000_000]
)
def test_settings_that_cannot_be_used_are_refused(pack: Pack, tmp_path: Path, text: str) -> None:
    with pytest.raises(BackupImpossible, match="its settings cannot be used"):
        restore_backup(pack(settings=text), tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_the_address_of_the_catalog_is_not_copied_however_it_is_written(
    library: Path, tmp_path: Path
) -> None:
    address = f"sqlite:///{library}/catalog.sqlite"
    (library / "library.toml").write_text(f"'catalog_url' = '''\n{address}'''\nverify = 3\n")
    create_backup(library, tmp_path / "backup")
    assert (tmp_path / "backup" / "library.toml").read_text() == "verify = 3\n"


# -- who may read it -----------------------------------------------------------------------------------


# Archives that everybody on the machine could read: github.com/zammad/zammad/issues/3893,
# github.com/php-coder/mystamps/issues/430.
def test_only_their_owner_may_read_backups_and_what_is_restored(library: Path, tmp_path: Path) -> None:
    (library / "library.toml").write_text("verify = 3\n")
    before = os.umask(0)
    try:
        create_backup(library, tmp_path / "backup.tar")
        create_backup(library, tmp_path / "backup")
        restore_backup(tmp_path / "backup.tar", tmp_path / "restored")
    finally:
        os.umask(before)
    assert mode(tmp_path / "backup.tar") == 0o600
    for folder in (tmp_path / "backup", tmp_path / "restored"):
        assert mode(folder) == 0o700
        assert {mode(path) for path in folder.rglob("*") if path.is_file()} == {0o600}
        assert {mode(path) for path in folder.rglob("*") if path.is_dir()} <= {0o700}


# -- two at a time -------------------------------------------------------------------------------------


def run_twice(*arguments: object) -> list[tuple[int, str]]:
    """Exit codes and stderr of a command that is started twice at once."""
    command = [sys.executable, "-m", "indexer.cli", *(str(argument) for argument in arguments)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    remarks = [process.communicate(timeout=300)[1] for process in started]
    return sorted(zip((process.returncode for process in started), remarks, strict=True))


# Two restores to one target, of which each moved away what the other had made
# (github.com/ArcadeData/arcadedb/issues/7384), or removed its files (github.com/pgbackrest/pgbackrest/issues/1575).
@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_of_two_at_once_one_wins_and_the_other_is_told(library: Path, tmp_path: Path, name: str) -> None:
    backup, restored = tmp_path / name, tmp_path / "restored"
    for arguments in (("backup", backup, "--library", library), ("restore", backup, "--library", restored)):
        (won, _), (lost, remark) = run_twice(*arguments)
        assert (won, lost in (1, 3)) == (0, True), remark
        assert len(remark.splitlines()) == 1
        assert "another writer is at work" in remark or "something is there already" in remark
    with Library.open(restored) as opened:
        assert opened.count_images() == 0
    assert {path.name for path in tmp_path.iterdir()} == {"library", name, "restored"}


def test_a_target_in_the_making_is_left_alone(library: Path, tmp_path: Path) -> None:
    with partial_folder(tmp_path / "target") as part:
        (part / "half").touch()
        for work in (create_backup, restore_backup):
            with pytest.raises(LibraryBusy, match="another writer is at work"):
                work(library, tmp_path / "target")
        assert (part / "half").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"library"}


# A lock file of a process that was killed, which another one removed under the feet of a third
# (github.com/postgrespro/pg_probackup/issues/308).
def test_what_a_killed_process_left_is_in_nobodys_way(library: Path, tmp_path: Path) -> None:
    (tmp_path / ".target.lock").touch()
    (tmp_path / ".target.part").mkdir()
    (tmp_path / ".target.part" / "half").touch()
    create_backup(library, tmp_path / "target")
    assert {path.name for path in tmp_path.iterdir()} == {"library", "target"}
    assert "half" not in names(tmp_path / "target")


def test_a_planted_lock_file_leads_nowhere(library: Path, tmp_path: Path) -> None:
    (tmp_path / ".target.lock").symlink_to(tmp_path / "elsewhere")
    done = pictor("backup", tmp_path / "target", "--library", library)
    assert (done.returncode, len(done.stderr.splitlines())) == (4, 1)
    assert not (tmp_path / "elsewhere").exists()
