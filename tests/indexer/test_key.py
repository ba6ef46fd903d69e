"""pictor key: a key is made, listed without its secret, used against a real server, and revoked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from click import UsageError
from click.testing import CliRunner

from indexer.cli import cli
from indexer.commands.mcp import restrict_library
from retrieval import Library, Restriction, open_keeper
from tests.indexer.command import pictor
from tests.indexer.test_serving import LONGEST, run_until_announced


def ask_status(address: str, key: str) -> int:
    request = Request(f"{address}api/v1/search?q=harbour", headers={"Authorization": f"Bearer {key}"})
    try:
        with urlopen(request, timeout=LONGEST) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_a_key_is_made_used_and_revoked(library_path: Path, tmp_path: Path) -> None:
    library = shutil.copytree(library_path, tmp_path / "library")
    without = pictor("serve", "--keys", "--library", library)
    assert (without.returncode, "pictor key create" in without.stderr) == (2, True)
    made = json.loads(pictor("key", "create", "phone", "--library", library, "--json").stdout)
    assert (made["name"], made["scopes"]) == ("phone", ["search"])
    assert "a key has this name already" in pictor("key", "create", "phone", "--library", library).stderr
    with run_until_announced("serve", "--keys", "--library", library) as (_, address):
        assert [ask_status(address, key) for key in (made["key"], made["key"][:-1])] == [200, 401]
        listed = pictor("key", "list", "--library", library).stdout
        assert "phone: search; made on" in listed
        assert "last used on" in listed
        assert made["key"] not in listed + pictor("key", "list", "--json", "--library", library).stdout
        assert pictor("key", "revoke", "phone", "--library", library).returncode == 0
        assert ask_status(address, made["key"]) == 401
    assert "revoked on" in pictor("key", "list", "--library", library).stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--public", "--keys"), "choose one"),
        (("--host", "0.0.0.0"), "--keys to let in only those who have a key"),
    ],
)
def test_who_is_let_in_has_to_be_said(library_path: Path, options: tuple[str, ...], told: str) -> None:
    refused = pictor("serve", *options, "--library", library_path)
    assert (refused.returncode, told in " ".join(refused.stderr.split())) == (2, True)


def test_a_person_is_let_in_by_name_and_noted(library_path: Path, tmp_path: Path) -> None:
    library = shutil.copytree(library_path, tmp_path / "library")

    def run(*arguments: str, password: str = "") -> str:
        done = CliRunner().invoke(cli, [*arguments, "--library", str(library)], input=f"{password}\n")
        return done.output

    assert "ann may sign in" in run("user", "create", "ann", "--tag", "boat", password="long enough")
    assert run("user", "list") == "ann: search, tag boat alone; never here\n"
    assert "signed out everywhere" in run("user", "password", "ann", password="another one")
    assert run("user", "remove", "ann") == "removed: ann\n"
    assert [line.partition("  ")[2] for line in run("audit").splitlines()] == [
        f"owner: user {what}  ann" for what in ("remove", "password", "create")
    ]


def test_an_assistant_sees_what_its_key_sees(library_path: Path, tmp_path: Path) -> None:
    with Library.open(shutil.copytree(library_path, tmp_path / "library")) as library:
        with open_keeper(library) as keeper:
            key = keeper.create_key("bot", ["search"], Restriction("folder", "/nowhere"))
            other = keeper.create_key("watch", ["status"])
        assert restrict_library(library, None) is library
        assert library.count_images() > 0
        assert restrict_library(library, key).count_images() == 0
        for wrong in (other, "pictor_x", ""):
            with pytest.raises(UsageError):
                restrict_library(library, wrong)
