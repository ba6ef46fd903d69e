"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Any

import click
from platformdirs import user_data_path

from ..upkeep.opening import LibrarySpec
from ..upkeep.problems import PROBLEM_CODES

DEFAULT_LIBRARY = user_data_path("pictor") / "library"

library_option = click.option(
    "--library",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_LIBRARY,
    envvar="PICTOR_LIBRARY",
    metavar="DIR",
    help="The library's folder [default: pictor/library in your data folder, or PICTOR_LIBRARY].",
)

labels_option = click.option(
    "--labels",
    required=True,
    metavar="folder|tag|label|FILE.csv",
    help="Where labels come from: folder names, the first tag, the first label, or a CSV (path, label).",
)


def _check_code(_ctx: click.Context, _parameter: click.Parameter, code: str | None) -> str | None:
    """Refuse a code that no problem can have, such as a misspelt one."""
    if code is None or code in PROBLEM_CODES:
        return code
    nearest = get_close_matches(code.casefold(), PROBLEM_CODES, n=1)
    meant = f"did you mean {nearest[0]}?" if nearest else f"choose from {', '.join(PROBLEM_CODES)}"
    raise click.BadParameter(f"{code}: no problem can have this code; {meant}")


code_option = click.option(
    "--code",
    metavar="CODE",
    callback=_check_code,
    help="Only problems with this code, such as truncated.",
)

wait_option = click.option(
    "--wait", is_flag=True, help="Wait until another writer has finished, instead of ending with exit code 3."
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")

_NEW_LIBRARY_OPTIONS = (
    click.option(
        "--backbone",
        metavar="NAME",
        help="For a new library: any timm CNN by name [default: the one that comes with Pictor].",
    ),
    click.option(
        "--weights",
        metavar="FILE",
        help="For a new library: the weights of --backbone, a safetensors file; or `pretrained` (timm's own, "
        "downloaded once; the default) or `untrained` (seeded, for tests).",
    ),
    click.option(
        "--text-tower",
        metavar="FILE",
        help="For a new library: the text tower of a CLIP-family --backbone, a safetensors file with its "
        "open_clip_config.json in the same folder; or `pretrained`, or ORG/NAME on the hub "
        "(needs pictor[clip]).",
    ),
    click.option(
        "--preprocessing",
        multiple=True,
        metavar="KEY=VALUE",
        help="For a new library: override timm's preprocessing; size, crop, interpolation, mean, std.",
    ),
    click.option(
        "--catalog-url",
        metavar="URL",
        help="For a new library: SQL address of its catalog, such as postgresql+psycopg://host/pictor "
        "[default: SQLite in the library's folder].",
    ),
)


def new_library_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for making a new library; the command receives them as one `spec`."""

    @wraps(command)
    def command_with_spec(
        backbone: str | None,
        weights: str | None,
        text_tower: str | None,
        preprocessing: tuple[str, ...],
        catalog_url: str | None,
        **options: Any,
    ) -> None:
        spec = LibrarySpec(backbone, weights, parse_key_values(preprocessing), catalog_url, text_tower)
        command(spec=spec, **options)

    decorated: Callable[..., None] = command_with_spec
    for option in reversed(_NEW_LIBRARY_OPTIONS):
        decorated = option(decorated)
    return decorated


def parse_key_values(pairs: tuple[str, ...]) -> dict[str, str]:
    """`("size=256",)` to `{"size": "256"}`; raises a usage error for a pair without =."""
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair}: write KEY=VALUE, as in size=256", param_hint="--preprocessing")
    return dict(pair.split("=", 1) for pair in pairs)
