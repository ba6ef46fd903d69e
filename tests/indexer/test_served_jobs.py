"""Indexing runs and copies that programs ask a server for."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from indexer.cli import cli
from retrieval import Library
from tests.drawing import write_scenes
from webapp import create_app

COMMAND = (sys.executable, "-m", "indexer.cli")
LONGEST = 240  # seconds that a run may take


@pytest.fixture
def pictures(scenes: Path, tmp_path: Path) -> Path:
    """A folder of pictures whose library is `library` beside it."""
    folder = tmp_path / "pictures"
    shutil.copytree(scenes / "harbour", folder)
    ended = CliRunner().invoke(cli, ["index", str(folder), "--library", str(tmp_path / "library")])
    assert ended.exit_code == 0, ended.output
    return folder


@pytest.fixture
def client(pictures: Path) -> Iterator[FlaskClient]:
    with Library.open(pictures.parent / "library") as library:
        yield create_app(library, command=COMMAND).test_client()


def wait(client: FlaskClient, job: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + LONGEST
    while job["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.1)
        job = client.get(f"/api/v1/jobs/{job['id']}").json  # type: ignore[assignment]
    return job


def test_a_run_is_started_followed_and_remembered(client: FlaskClient, pictures: Path) -> None:
    write_scenes(pictures / "new", 2, first=40)
    assert client.get("/api/v1/index").json == {"folders": [str(pictures)], "run": None}
    started = client.post("/api/v1/index", json={"folders": [str(pictures / "new")]})
    assert (started.status_code, started.json["state"]) == (202, "running")  # type: ignore[index]
    again = client.post("/api/v1/index", json={"folders": [str(pictures)]})
    assert (again.status_code, again.json["code"]) == (409, "job-running")  # type: ignore[index]

    done = wait(client, started.json)  # type: ignore[arg-type]
    assert (done["state"], done["report"]["added"], done["problem"]) == ("done", 2, None)
    assert client.get("/api/v1/search").json["total"] == 6  # type: ignore[index]
    assert client.delete(f"/api/v1/jobs/{done['id']}").json == done

    killed = client.post("/api/v1/index", json={"folders": [str(pictures)], "again": True}).json
    assert killed is not None
    [state] = [found for found in _jobs(client).list_jobs() if found.job.id == killed["id"]]
    os.kill(state.job.pid, signal.SIGKILL)
    assert wait(client, killed)["problem"]["code"] == "ended"

    # A server that was started later tells the same.
    with Library.open(pictures.parent / "library") as library:
        other = create_app(library).test_client()
        assert other.get("/api/v1/jobs").json == client.get("/api/v1/jobs").json
        refused = other.post("/api/v1/index", json={"folders": [str(pictures)]})
        assert (refused.status_code, refused.json["code"]) == (501, "not-offered")  # type: ignore[index]


def _jobs(client: FlaskClient) -> Any:
    return client.application.extensions["jobs"]


def test_a_run_is_stopped(client: FlaskClient, pictures: Path) -> None:
    started = client.post("/api/v1/index", json={"folders": [str(pictures)], "again": True}).json
    assert started is not None
    while not (_jobs(client)._folder / f"{started['id']}.events").stat().st_size:
        time.sleep(0.05)  # it prints its first event once it listens to signals
    client.delete(f"/api/v1/jobs/{started['id']}")
    assert wait(client, started)["state"] in ("stopped", "done")


def test_only_folders_that_were_indexed_before_are_indexed(client: FlaskClient, pictures: Path) -> None:
    (pictures / "link").symlink_to(pictures.parent.parent)
    for folder in ("/", "/etc", str(pictures) + "x", f"{pictures}/../other", f"{pictures}/link", "a\0b", "."):
        refused = client.post("/api/v1/index", json={"folders": [folder]})
        assert refused.status_code == 400, folder
    assert client.post("/api/v1/index", json={"folders": []}).status_code == 400
    assert client.get("/api/v1/jobs/../catalog").status_code == 404
    assert client.get("/api/v1/jobs/0123456789abcdef").status_code == 404


def test_a_copy_is_a_library(client: FlaskClient, pictures: Path, tmp_path: Path) -> None:
    sent = client.get("/api/v1/snapshot")
    assert (sent.status_code, sent.mimetype) == (200, "application/x-tar")
    archive = tmp_path / "copy.tar"
    archive.write_bytes(sent.data)
    sent.close()
    ended = CliRunner().invoke(cli, ["restore", str(archive), "--library", str(tmp_path / "restored")])
    assert ended.exit_code == 0, ended.output
    with Library.open(tmp_path / "restored") as library:
        assert library.count_images() == 4
    assert not list((pictures.parent / "library").glob("snapshot-*"))
