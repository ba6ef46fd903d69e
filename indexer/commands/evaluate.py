"""pictor evaluate: how good are the rankings on your own labels?"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from retrieval import Library

from ..measure.evaluate import evaluate, read_labels
from .options import json_option, labels_option, library_option
from .output import print_json, progress_bar

TABLE_WIDTH = 110  # characters that the table needs


@click.command("evaluate")
@library_option
@labels_option
@click.option("--classes", is_flag=True, help="Print the figures of every class as well.")
@json_option
def evaluate_command(library: Path, labels: str, classes: bool, as_json: bool) -> None:
    """Measure the rankings against labels: mAP, P@k and R@k of every signal and of their fusion.

    Every labelled image is looked up by its stored features, as `--like` does, over the full ranking.

    \b
    Examples:
      pictor evaluate --labels folder
      pictor evaluate --labels truth.csv --library archive --json
    """
    with Library.open(library) as opened, progress_bar("Evaluating") as move_bar:
        figures = evaluate(opened, read_labels(opened, labels), lambda done, total: move_bar(done, total, ""))
    if not figures["queries"]:
        raise click.ClickException(f"no two images share a label ({labels}); nothing can be measured")
    if as_json:
        print_json(figures)
    else:
        _print_figures(figures, classes=classes)


def _print_figures(figures: dict[str, Any], *, classes: bool) -> None:
    terminal = Console(highlight=False)
    console = Console(highlight=False, width=max(terminal.width, TABLE_WIDTH))
    click.echo(f"{figures['queries']} queries, {figures['classes']} classes")
    console.print(_rankings_table("", figures["rankings"]))
    if classes:
        names = next(iter(figures["per_class"].values()))
        for name in names:
            console.print(
                _rankings_table(name, {ranking: rows[name] for ranking, rows in figures["per_class"].items()})
            )
    click.echo(textwrap.fill(figures["definition"], 100))


def _rankings_table(title: str, rankings: dict[str, dict[str, float]]) -> Table:
    columns = list(next(iter(rankings.values())))
    table = Table("signal", *columns, title=title or None)
    for signal, values in rankings.items():
        table.add_row(signal, *(f"{values[column]:.4f}" for column in columns))
    return table
