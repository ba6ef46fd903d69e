"""What a client starts on the machine of its server: runs, a copy, and messages to other addresses."""

from __future__ import annotations

import shutil
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval import Client, InvalidQuery, Library, RequestRefused
from tests.browsing import serve_library
from tests.drawing import write_scenes
from tests.indexing import index_folder
from webapp import create_app

LONGEST = 240  # seconds that a run may take


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    write_scenes(tmp_path / "pictures", 2)
    index_folder(tmp_path / "library", tmp_path / "pictures")
    with Library.open(tmp_path / "library") as library:
        app = create_app(library, command=(sys.executable, "-m", "indexer.cli"))
        with serve_library(library, app) as address, Client(address) as opened:
            yield opened


def test_a_run_is_followed_and_a_copy_saved(client: Client, tmp_path: Path) -> None:
    [folder] = client.load_folders()
    assert folder == str(tmp_path / "pictures")
    shutil.copy(write_scenes(tmp_path / "other", 1, first=7)[0], tmp_path / "pictures" / "new.jpg")
    job = client.start_index([folder])
    deadline = time.monotonic() + LONGEST
    while job.state == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
        job = client.load_job(job.id)
    assert job.report is not None
    assert (job.state, job.report["added"], client.count_images()) == ("done", 1, 3)
    assert client.load_jobs() == [job]
    assert client.stop_job(job.id) == job
    client.save_snapshot(tmp_path / "copy.tar")
    with tarfile.open(tmp_path / "copy.tar") as archive:
        assert any(name.endswith("catalog.sqlite") for name in archive.getnames())
    assert not (tmp_path / "copy.tar.part").exists()


def test_what_cannot_be_started_is_told(client: Client) -> None:
    with pytest.raises(InvalidQuery, match="no folder that was indexed before"):
        client.start_index(["/etc"])
    with pytest.raises(RequestRefused) as unknown:
        client.load_job("0" * 16)
    assert unknown.value.code == "job-unknown"


def test_a_webhook_is_made_and_removed(client: Client) -> None:
    client.add_search("boats", "boat")
    made = client.add_webhook("https://8.8.8.8/hook", "new-hits", "boats")
    [listed] = client.load_webhooks()
    assert made.secret
    assert listed == made.model_copy(update={"secret": ""})
    client.remove_webhook(made.number)
    assert client.load_webhooks() == []
    with pytest.raises(InvalidQuery, match="name the saved search"):
        client.add_webhook("https://8.8.8.8/hook", "new-hits")
