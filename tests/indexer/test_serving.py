"""The commands that serve, as processes: they print their address, answer, and stop on a signal."""

from __future__ import annotations

import http.client
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

import pytest
from click.testing import CliRunner

from indexer.cli import cli
from indexer.commands import serve

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


def test_serve_answers_at_the_address_that_it_tells_and_stops_when_it_is_told(library_path: Path) -> None:
    with run_until_announced("serve", "--library", library_path) as (process, address):
        assert fetch_json(address, "api/v1/search?q=harbour")["total"] == 4
        port = int(address.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as idle:
            process.send_signal(signal.SIGTERM)
            assert idle.recv(1) == b""
        _, remarks = process.communicate(timeout=LONGEST)
        assert process.returncode == 0
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
        process.send_signal(signal.SIGTERM)
        _, remarks = process.communicate(timeout=LONGEST)
        assert process.returncode == 0
        assert "leaked" not in remarks


# -- for other machines ---------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "pictures.example", "", "0"])
def test_other_machines_are_let_in_only_if_that_is_said(library_path: Path, host: str) -> None:
    """As Redis, MongoDB, Elasticsearch and Jupyter do since their open servers were found by scanners."""
    done = CliRunner().invoke(cli, ["serve", "--library", str(library_path), "--host", host, "--port", "0"])
    assert done.exit_code == 2
    assert "everybody who reaches this machine could see and search all pictures" in done.output
    assert "--public" in done.output


@pytest.mark.parametrize(
    ("host", "is_local"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("10.0.0.1", False), ("::ffff:10.0.0.1", False), ("pictures.example", False), ("", False)],
)  # fmt: skip
def test_what_this_machine_alone_reaches(host: str, is_local: bool) -> None:
    assert serve.is_loopback(host) is is_local


def test_a_public_server_answers_to_chosen_names_and_says_what_strangers_see(library_path: Path) -> None:
    words = ["--host", "0.0.0.0", "--public", "--allow-host", "pictures.example"]
    with run_until_announced("serve", "--library", library_path, *words) as (process, address):
        port = int(address.rstrip("/").rpartition(":")[2])
        statuses = {host: ask_as(host, port) for host in ("pictures.example", "localhost", "evil.example")}
        assert statuses == {"pictures.example": 200, "localhost": 200, "evil.example": 400}
        found = fetch_json(f"http://127.0.0.1:{port}/", "api/v1/search?q=harbour")["hits"]
        assert isinstance(found, list)
        assert {hit["path"].startswith("/") for hit in found} == {False}
        process.send_signal(signal.SIGINT)
        _, remarks = process.communicate(timeout=LONGEST)
    assert "Everybody who reaches this address can search and see all" in remarks
    assert "It answers to pictures.example" in remarks
    assert "--allow-host NAME" in remarks


def ask_as(host: str, port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST)
    connection.request("GET", "/api/v1/status", headers={"Host": host})
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_names_that_a_server_answers_to() -> None:
    assert serve.allowed_hosts("192.168.1.5", ("a.example",)) == (
        "a.example", "192.168.1.5", "localhost", "127.0.0.1", "[::1]",
    )  # fmt: skip
    assert serve.allowed_hosts("fd00::5", ("fd00::6", "[fd00::7]"))[:3] == (
        "[fd00::6]",
        "[fd00::7]",
        "[fd00::5]",
    )
    everywhere = serve.allowed_hosts("0.0.0.0", ())
    assert socket.gethostname() in everywhere
    assert not {"0.0.0.0", "", "*"} & set(everywhere)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("pictures.example", "pictures.example"), ("pictures.example:8754", "pictures.example"), ("10.0.0.1:80", "10.0.0.1"),
     ("::1", "[::1]"), ("[::1]", "[::1]"), ("[::1]:8754", "[::1]"), ("FD00::5", "[fd00::5]")],
)  # fmt: skip
def test_a_name_is_compared_without_its_port(name: str, shown: str) -> None:
    assert serve.bracket_address(name) == shown
