"""The commands that serve, as processes: they print their address, answer, and stop on a signal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 240  # seconds that a process may take to answer or to stop


@contextmanager
def run_until_announced(*words: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address, once it has printed it; the process is killed at the end of the block."""
    command = [sys.executable, "-m", "indexer.cli", *map(str, words), "--port", "0", "--json"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}  # no test depends on a model hub
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)
    try:
        assert process.stdout
        printed = "".join(iter(process.stdout.readline, "}\n")) + "}"
        yield process, json.loads(printed)["address"]
    finally:
        process.kill()
        process.communicate()


def fetch_json(address: str, path: str) -> dict[str, object]:
    with urlopen(address + path, timeout=LONGEST) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def test_serve_answers_at_the_address_that_it_tells_and_stops_on_an_interrupt(library_path: Path) -> None:
    with run_until_announced("serve", "--library", library_path) as (process, address):
        assert fetch_json(address, "api/v1/search?q=harbour")["total"] == 4
        process.send_signal(signal.SIGINT)
        _, remarks = process.communicate(timeout=LONGEST)
        assert process.returncode in (0, 130)
        assert "Traceback" not in remarks


def test_an_address_that_is_taken_is_told(library_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        words = ["serve", "--library", str(library_path), "--port", str(holder.getsockname()[1])]
        done = subprocess.run(
            [sys.executable, "-m", "indexer.cli", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
    assert done.returncode == 1
    assert "choose another with --port" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_draws_indexes_and_serves_without_any_weights(tmp_path: Path) -> None:
    with run_until_announced("demo", "--directory", tmp_path, "--no-open") as (process, address):
        assert fetch_json(address, "api/v1/status")["images"] == 308
        boats = fetch_json(address, "api/v1/search?q=red%20boat&limit=5")["hits"]
        assert isinstance(boats, list)
        assert {hit["labels"][0] for hit in boats} == {"boats"}
        assert len(boats) == 5
        assert process.poll() is None
