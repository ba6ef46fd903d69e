"""pictor audit: who did what through a server that wants keys, and who was let in."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import Library, answers

from .options import json_option, library_option
from .output import print_json, print_remark


@click.command("audit")
@click.option(
    "--most", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many are listed."
)
@library_option
@json_option
def audit_command(most: int, library: Path, as_json: bool) -> None:
    """List the latest deeds, the newest first: who, what, and when in UTC.

    Noted are keys and people that were made and removed, signing in and out, also in vain, and every request
    by a key or a person that changes something, takes originals or copies, or was refused. The last 100,000
    are kept.

    \b
    Examples:
      pictor audit
      pictor audit --most 1000 --json
    """
    with Library.open(library) as opened:
        deeds = opened.load_deeds(most)
    if as_json:
        print_json(answers.json_values(answers.Deeds(deeds=[answers.present_deed(deed) for deed in deeds])))
        return
    for deed in deeds:
        click.echo(f"{deed.done_at:%Y-%m-%d %H:%M:%S}  {deed.who}: {deed.what}  {deed.about}".rstrip())
    if not deeds:
        print_remark("nothing is noted yet; see `pictor serve --keys`")
