"""Runs the `pictor` command as users do: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from indexer.cli import cli
from retrieval import write_library
from retrieval.descriptors.colour import Colour

ROOT = Path(__file__).parents[2]
# Root reads everything, unless it gives these capabilities away.
AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


def python(
    *arguments: object, powerless: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the interpreter in the repository; `powerless` takes root's right to read everything away."""
    prefix = AS_ANYBODY if powerless and os.geteuid() == 0 else ()
    return subprocess.run(
        [*prefix, sys.executable, *(str(argument) for argument in arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def pictor(
    *arguments: object, powerless: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command; it may succeed or fail, but never with a traceback."""
    done = python("-m", "indexer.cli", *arguments, powerless=powerless, **environment)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


def pictor_json(*arguments: object, code: int = 0, powerless: bool = False) -> Any:
    """The one JSON document that a command with --json writes to stdout."""
    done = pictor(*arguments, "--json", powerless=powerless)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def pictor_report(*arguments: object, code: int = 0, powerless: bool = False) -> Any:
    """The report of `pictor index --json`: the last of the events that it prints, one on each line."""
    done = pictor("index", *arguments, "--json", powerless=powerless)
    assert done.returncode == code, done.stderr
    return report_of(done.stdout)


def report_of(events: str) -> Any:
    """The values of the last event, which must be `done`, without its name."""
    report = json.loads(events.splitlines()[-1])
    assert report.pop("event") == "done"
    return report


def run(*arguments: object) -> str:
    """What a command that succeeds writes to stdout, called in this process."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def make_without_backbone(library: Path) -> Path:
    """An empty library that ranks by words and colour alone, so that its commands never load torch."""
    colour = Colour()
    with write_library(library) as made, made.catalog.writing() as writer:
        writer.add_space(colour.fingerprint, colour.name, colour.configuration, colour.dimension)
    return library
