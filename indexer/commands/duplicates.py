"""pictor duplicates: files of which one may be enough."""

from __future__ import annotations

from pathlib import Path

import click

from retrieval import (
    TIERS,
    DuplicateGroup,
    Duplicates,
    Library,
    Tier,
    answers,
    open_keeper,
    parse_keep_rule,
)

from .options import json_option, library_option
from .output import count_of, print_bytes, print_json, print_remark

FORMATS = ("text", "paths", "csv", "json")


@click.command("duplicates")
@click.option(
    "--tier", type=click.Choice(TIERS), default="picture", show_default=True, help="How much alike."
)
@click.option(
    "--keep", default="largest", show_default=True, metavar="RULE",
    help="Which file of each group to keep: largest, oldest, newest or folder:PATH.",
)  # fmt: skip
@click.option("--format", "output_format", type=click.Choice(FORMATS), default="text", help="How to print.")
@click.option("--limit", type=click.IntRange(0), help="How many groups to print; all of them otherwise.")
@click.option("-0", "--null", "nul", is_flag=True, help="With --format paths: a zero byte after each path.")
@click.option("--same", multiple=True, type=int, metavar="ID", help="Note that these images are one picture.")
@click.option("--different", multiple=True, type=int, metavar="ID", help="Note that no two of them are.")
@click.option("--undo", type=int, metavar="NUMBER", help="Take a verdict back.")
@library_option
@json_option
def duplicates_command(
    tier: Tier,
    keep: str,
    output_format: str,
    limit: int | None,
    nul: bool,
    same: tuple[int, ...],
    different: tuple[int, ...],
    undo: int | None,
    library: Path,
    as_json: bool,
) -> None:
    """List files of which one may be enough: of the same bytes, the same picture, or one scene.

    Nothing is ever deleted. `--format paths` prints the files that the rule would not keep. Verdicts are
    remembered: what you call the same is listed by --tier confirmed, what you call different no more.

    \b
    Examples:
      pictor duplicates
      pictor duplicates --tier bytes --keep folder:/photos/best --format paths
      pictor duplicates --tier confirmed --format csv > doubles.csv
      pictor duplicates --different 17 --different 21
    """
    with Library.open(library) as opened:
        if same or different or undo is not None:
            _state_verdicts(opened, same, different, undo)
            return
        rule = parse_keep_rule(keep)
        found = opened.find_duplicates(tier, rule)
        shown = Duplicates(found.groups[:limit], found.uncompared)
        if as_json or output_format == "json":
            print_json(answers.json_values(answers.present_duplicates(found, tier, rule, limit=limit)))
        elif output_format == "paths":
            print_bytes(answers.paths_of_duplicates(shown, b"\0" if nul else b"\n"))
        elif output_format == "csv":
            click.echo(answers.csv_of_duplicates(shown), nl=False)
        else:
            _print_groups(shown)
        _remark_totals(found)


def _state_verdicts(
    library: Library, same: tuple[int, ...], different: tuple[int, ...], undo: int | None
) -> None:
    with open_keeper(library) as keeper:
        numbers = [keeper.state_verdict("same", same)] if same else []
        numbers += [keeper.state_verdict("different", different)] if different else []
        if undo is not None:
            keeper.withdraw_verdict(undo)
    for number in numbers:
        print_remark(f"noted as verdict {number}; `pictor duplicates --undo {number}` takes it back")


def _print_groups(duplicates: Duplicates) -> None:
    for number, group in enumerate(duplicates.groups, 1):
        click.echo(f"{number}. {_describe_group(group)}")
        for copy in group.copies:
            mark = "keep" if copy is group.kept else "    "
            taken = f", {copy.taken_at:%Y-%m-%d}" if copy.taken_at else ""
            size = f"{copy.width} × {copy.height} {copy.format}, {copy.bytes / 1e3:,.0f} kB{taken}"
            click.echo(f"   {mark} #{copy.image_id} {copy.display}  {size}")


def _describe_group(group: DuplicateGroup) -> str:
    differ = f"; they differ in {', '.join(sorted(group.differences))}" if group.differences else ""
    return f"{count_of(len(group.copies), 'file')}{differ}"


def _remark_totals(duplicates: Duplicates) -> None:
    groups = count_of(len(duplicates.groups), "group")
    spare = f"{count_of(duplicates.spare_files, 'file')} of {duplicates.spare_bytes / 1e6:,.1f} MB"
    print_remark(f"{groups}; the rule would do without {spare}. Nothing was deleted.")
    if duplicates.uncompared:
        images = count_of(duplicates.uncompared, "new image")
        print_remark(f"{images} not compared yet; the next `pictor index` does it")
