"""pictor tune: learns from your labels how much each signal should count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from retrieval import Library

from ..measure.evaluate import read_labels
from ..measure.tune import TunedFusion, tune_fusion
from ..upkeep.opening import open_existing
from .options import json_option, labels_option, library_option
from .output import print_json, print_remark, progress_bar


@click.command("tune")
@library_option
@labels_option
@click.option("--sample", default=400, show_default=True, help="At most so many images serve as queries.")
@click.option(
    "--words", is_flag=True, help="Search by the title or caption of an image together with its picture."
)
@click.option(
    "--save", metavar="NAME", help="Keep the best weights under this name, if they beat the best signal."
)
@json_option
def tune_command(
    library: Path, labels: str, sample: int, words: bool, save: str | None, as_json: bool
) -> None:
    """Learn the weights of the signals from labels, and keep them under a name.

    Every labelled image is a query among all others. Weights are learned on four fifths of the queries and
    tested on the last fifth, five times over. The gain is what they add to the best signal alone, on queries
    that they were not learned from, with its 95 % interval. Weights that may be no better than one signal are
    not saved. A search uses saved weights with recipe:NAME.

    \b
    Examples:
      pictor tune --labels folder
      pictor tune --labels label --words --save products
    """
    with Library.open(library) as opened, progress_bar("Tuning") as move_bar:
        try:
            results = tune_fusion(
                opened,
                read_labels(opened, labels),
                sample=sample,
                with_words=words,
                on_progress=lambda done, total: move_bar(done, total, ""),
            )
        except ValueError as error:
            raise click.ClickException(f"nothing can be learned: {error}") from error
    if as_json:
        print_json([_result_json(result) for result in results])
    else:
        Console(highlight=False, width=max(Console().width, 110)).print(_results_table(results))
    if save:
        _save_recipe(library, results[0], save)


def _save_recipe(library: Path, best: TunedFusion, name: str) -> None:
    gain = best.learned.gain
    if not best.learned.is_better:
        raise click.ClickException(
            f"not saved: {best.learned.single} alone may be as good (gain {gain.mean:+.4f}, "
            f"95 % from {gain.low:+.4f} to {gain.high:+.4f}); try more labels, or a larger --sample"
        )
    with open_existing(library) as opened, opened.catalog.writing() as writer:
        writer.keep_recipe(best.fusion_recipe(name))
    print_remark(f"saved; search with recipe:{name}")


def _result_json(result: TunedFusion) -> dict[str, Any]:
    recipe = result.fusion_recipe("")
    return {"fusion": result.fusion, "k": result.k, "weights": recipe.weights, **recipe.measured}


def _results_table(results: list[TunedFusion]) -> Table:
    table = Table("fusion", "weights", "best signal alone", "fused", "gain", "95 % interval")
    for result in results:
        learned = result.learned
        weights = ", ".join(f"{name} {weight:g}" for name, weight in learned.weights.items() if weight)
        table.add_row(
            f"{result.fusion} {result.k:g}" if result.k else result.fusion,
            weights,
            f"{learned.single} {learned.single_map:.4f}",
            f"{learned.fused_map:.4f}",
            f"{learned.gain.mean:+.4f}",
            f"{learned.gain.low:+.4f} to {learned.gain.high:+.4f}",
        )
    return table
