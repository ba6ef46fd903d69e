"""pictor explain: why an image is in the answer to a query."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from retrieval import Explanation, Library, answers, resolve_references

from .options import json_option, library_option
from .output import print_json
from .search import query_fetchers, read_query


@click.command("explain")
@click.argument("image_id", type=int, metavar="ID")
@click.argument("words", nargs=-1, metavar="[QUERY]")
@library_option
@click.option(
    "--query", "body", type=click.File("rb"), metavar="FILE", help="Read the query as JSON; - reads stdin."
)
@json_option
def explain_command(
    image_id: int, words: tuple[str, ...], library: Path, body: BinaryIO | None, as_json: bool
) -> None:
    """Explain why an image is in the answer to a query.

    Prints the rank, score and share of every signal; the words that match, and where; which area of the
    picture is similar; and how many points agree with a query picture.

    \b
    Examples:
      pictor explain 17 'harbour file:beach.jpg'
      pictor explain 17 image:4 --json
    """
    with Library.open(library) as opened:
        query = read_query(opened, " ".join(words), body, ())
        explanation = opened.explain(resolve_references(query, query_fetchers(opened.settings)), image_id)
    if as_json:
        print_json(answers.json_values(answers.present_explanation(explanation)))
    else:
        _print_explanation(explanation)


def _print_explanation(explanation: Explanation) -> None:
    hit = explanation.hit
    click.echo(
        f"{hit.image.display_with_page}{' (missing)' if hit.image.is_missing else ''}: "
        f"rank {hit.rank}, score {hit.score:.4f}, {hit.band or 'not judged'}"
    )
    for contribution in hit.contributions:
        share = f"{100 * contribution.amount / hit.score:.0f} %" if hit.score else ""
        click.echo(
            f"  {contribution.signal:13} #{contribution.rank:<6} score {contribution.score:.4f}"
            f"  gives {contribution.amount:+.4f}  {share}"
        )
    for match in explanation.words:
        stretch = match.value[match.start : match.end]
        name = f"“{match.typed}” → " if match.typed else ""
        click.echo(f"  {name}“{stretch}” in {match.field}, characters {match.start} to {match.end}")
    for prediction in explanation.predictions:
        kinds = ", ".join(f"{name} {confidence:.2f}" for name, confidence in prediction.kinds)
        click.echo(f"  {prediction.name} ({prediction.confidence:.2f})" + (f": {kinds}" if kinds else ""))
    for meaning in explanation.meaning:
        if meaning.classes:
            names = ", ".join(shared.name.partition(",")[0] for shared in meaning.classes)
            click.echo(f"  words {meaning.part + 1}: like {names}, as the picture")
        if meaning.captioned:
            click.echo(f"  words {meaning.part + 1}: captions here teach {', '.join(meaning.captioned)}")
    for heat in explanation.heat:
        click.echo(f"  picture {heat.part + 1}: {heat.image.describe_location()}")
    for points in explanation.points:
        click.echo(
            f"  picture {points.part + 1}: {points.match.inliers} points agree; it is the same picture"
        )
