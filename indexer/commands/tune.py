"""pictor tune: how much should each signal count, by your own labels?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from retrieval import Library

from ..measure.evaluate import read_labels
from ..measure.tune import TunedFusion, tune_fusion
from ..upkeep.opening import changing
from .options import json_option, labels_option, library_option
from .output import print_json, print_remark, progress_bar


@click.command("tune")
@library_option
@labels_option
@click.option("--sample", default=400, show_default=True, help="At most so many images are queries.")
@click.option("--words", is_flag=True, help="Ask the title or caption of an image together with its picture.")
@click.option("--save", metavar="NAME", help="Keep the best weights by this name, if they are better.")
@json_option
def tune_command(
    library: Path, labels: str, sample: int, words: bool, save: str | None, as_json: bool
) -> None:
    """Learn the weights of the signals from labels, and keep them by name.

    Labelled images are looked up among all others. Weights are learned on four fifths of the queries and
    judged on the last fifth, five times over; what is printed is what they gain over the best signal alone,
    on queries that they were not learned from, with its 95 % interval. Weights that may be no better than
    one signal are not saved. A search takes saved ones with recipe:NAME.

    \b
    Examples:
      pictor tune --labels folder
      pictor tune --labels label --words --save products
    """
    with Library.open(library) as opened, progress_bar("Tuning") as move:
        try:
            found = tune_fusion(
                opened,
                read_labels(opened, labels),
                sample=sample,
                with_words=words,
                on_progress=lambda done, total: move(done, total, ""),
            )
        except ValueError as error:
            raise click.ClickException(f"nothing can be learned: {error}") from error
    if as_json:
        print_json([_result_json(each) for each in found])
    else:
        Console(highlight=False, width=max(Console().width, 110)).print(_results_table(found))
    if save:
        _save_recipe(library, found[0], save)


def _save_recipe(library: Path, best: TunedFusion, name: str) -> None:
    gain = best.learned.gain
    if not best.learned.is_better:
        raise click.ClickException(
            f"not saved: {best.learned.single} alone may be as good (gain {gain.mean:+.4f}, "
            f"95 % from {gain.low:+.4f} to {gain.high:+.4f}); try more labels, or a larger --sample"
        )
    with changing(library) as opened, opened.catalog.writing() as writer:
        writer.keep_recipe(best.fusion_recipe(name))
    print_remark(f"saved; search with recipe:{name}")


def _result_json(each: TunedFusion) -> dict[str, Any]:
    recipe = each.fusion_recipe("")
    return {"fusion": each.fusion, "k": each.k, "weights": recipe.weights, **recipe.measured}


def _results_table(found: list[TunedFusion]) -> Table:
    table = Table("fusion", "weights", "best signal alone", "fused", "gain", "95 % interval")
    for each in found:
        learned = each.learned
        weights = ", ".join(f"{name} {weight:g}" for name, weight in learned.weights.items() if weight)
        table.add_row(
            f"{each.fusion} {each.k:g}" if each.k else each.fusion,
            weights,
            f"{learned.single} {learned.single_map:.4f}",
            f"{learned.fused_map:.4f}",
            f"{learned.gain.mean:+.4f}",
            f"{learned.gain.low:+.4f} to {learned.gain.high:+.4f}",
        )
    return table
