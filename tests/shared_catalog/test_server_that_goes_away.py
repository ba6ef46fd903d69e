"""PostgreSQL goes away in the middle of a run: the batch is rolled back, and the same run writes it again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from indexer.run import retrying
from indexer.run.captions import read_captions
from indexer.run.pipeline import index
from indexer.run.report import Report
from indexer.upkeep.check import check_library
from indexer.upkeep.opening import open_or_create
from retrieval import Library, LibraryBusy, ServerLost, parse_query, path_bytes
from retrieval.catalog import WritableCatalog
from tests.databases import DISCONNECT, execute_statements
from tests.indexing import TINY

# The server ends the sessions that insert the first {times} rows. A rollback does not reset a sequence, so it
# counts all attempts.
CUTS = """
CREATE SEQUENCE cuts;
CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('cuts') <= {times} THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cut BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION cut()
"""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "PAUSES", (0, 0, 0))


@pytest.fixture
def empty(url: str, tmp_path: Path) -> Path:
    """A library without pictures, with its catalog on the server."""
    with open_or_create(tmp_path, replace(TINY, catalog_url=url)):
        return tmp_path


def run(library: Path, scenes: Path) -> Report:
    with open_or_create(library) as opened:
        captions = read_captions(scenes / "captions.csv")
        return index(opened, [path_bytes(scenes)], captions=captions, on_event=lambda event: None)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("table", ["location", "projection"])
def test_what_a_lost_server_did_not_acknowledge_is_written_again(
    url: str, empty: Path, scenes: Path, library: Library, table: str
) -> None:
    execute_statements(url, CUTS.format(times=2, table=table))
    assert run(empty, scenes).added == 12
    with Library.open(empty) as found:
        assert list(check_library(found)) == []
        assert found.count_images() == 12
        for line in ("quiet harbour", "tag:day2", ""):
            hits, expected = found.search(parse_query(line)).hits, library.search(parse_query(line)).hits
            assert [hit.image.sha256 for hit in hits] == [hit.image.sha256 for hit in expected]
    again = run(empty, scenes)
    assert (again.unchanged, again.added) == (12, 0)


@pytest.mark.usefixtures("impatient")
def test_a_server_that_stays_away_ends_the_run_and_the_next_one_goes_on(
    url: str, empty: Path, scenes: Path
) -> None:
    execute_statements(url, CUTS.format(times=len(retrying.PAUSES) + 1, table="location"))
    with pytest.raises(ServerLost, match="run again when the server is back"):
        run(empty, scenes)
    with Library.open(empty) as found:
        assert found.count_images() == 0
    assert run(empty, scenes).added == 12


def test_nothing_is_written_before_the_lock_is_held_again(url: str, empty: Path) -> None:
    with open_or_create(empty) as mine:
        execute_statements(url, DISCONNECT)
        other = WritableCatalog.create(url)
        with pytest.raises(ServerLost), mine.catalog.writing() as writer:
            writer.add_space("first", "colour", {}, 4)
        for _ in range(2):
            with pytest.raises(LibraryBusy), mine.catalog.writing() as writer:
                writer.add_space("second", "colour", {}, 4)
        other.close()
        with mine.catalog.writing() as writer:
            writer.add_space("third", "colour", {}, 4)
        with mine.catalog.reading() as reader:
            assert [space.fingerprint for space in reader.load_spaces()][-1:] == ["third"]
            assert not {"first", "second"} & {space.fingerprint for space in reader.load_spaces()}
