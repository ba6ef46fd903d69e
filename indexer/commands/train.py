"""pictor train: backbones of your own. Loads torch only when a training begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from .options import json_option, parse_key_values
from .output import print_json, progress_bar

FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.group("train")
def train_command() -> None:
    """Train a backbone of your own; `pictor train distil --help` tells how.

    \b
    Examples:
      pictor train distil --help
      pictor train distil photos --teacher resnet50.a1_in1k --student resnet18 --out training
    """


@train_command.command("distil")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER…", type=FOLDER)
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="Where pictures, checkpoint and the finished weights go.")  # fmt: skip
@click.option("--teacher", required=True, metavar="NAME", help="Any timm CNN by name.")
@click.option("--teacher-weights", default="pretrained", show_default=True, metavar="FILE",
              help="Its weights: a safetensors file, or timm's own.")  # fmt: skip
@click.option("--student", metavar="NAME", help="Any timm CNN by name [default: the teacher's].")
@click.option("--size", default=160, show_default=True, help="Pixels along each side of the student's input.")
@click.option("--used-at", type=int, metavar="PIXELS", help="Its input in use [default: as in training].")
@click.option("--crop", default=1.0, show_default=True, help="Share of the short side looked at in use.")
@click.option(
    "--labels-teacher", metavar="NAME", help="A timm CNN with the 1000 ImageNet classes, for a head."
)
@click.option(
    "--labels-weights", default="pretrained", show_default=True, metavar="FILE", help="Its weights."
)
@click.option(
    "--labels-preprocessing", multiple=True, metavar="KEY=VALUE", help="Override what timm says of it."
)
@click.option(
    "--labels-argument", multiple=True, metavar="KEY=VALUE", help="Passed to timm, as in pad_type=same."
)
@click.option("--labels-views", default=40_000, show_default=True, help="Views that the head learns from.")
@click.option("--apart-from", multiple=True, type=FOLDER, metavar="FOLDER",
              help="Leave out pictures that look like one in here, such as a test set.")  # fmt: skip
@click.option("--apart", default=1000, show_default=True, help="Steps in which each block learns alone.")
@click.option("--together", default=6000, show_default=True, help="Steps in which the whole network learns.")
@click.option("--batch", default=64, show_default=True, help="Views a step.")
@click.option("--seed", default=2026, show_default=True, help="The same seed gives the same training.")
@json_option
def distil(folders: tuple[Path, ...], out: Path, as_json: bool, **options: Any) -> None:
    """Teach a small network what a larger one sees, on the pictures of FOLDER…, which need no labels.

    Broken off at any time, the same command goes on from its last checkpoint. Where teacher and student
    have the same plan, every block learns alone first; otherwise they are compared stage by stage.
    The result is a weights file for `pictor index --backbone NAME --weights FILE`.

    \b
    Examples:
      pictor train distil photos --teacher resnet50.a1_in1k --student resnet18 --out training
      pictor train distil pool --teacher mobilenetv2_100 --teacher-weights v2.safetensors --out training
    """
    from ..training.course import distil as run

    with _stages() as on_progress:
        path = run(_course(folders, out, options), on_progress)
    if as_json:
        print_json({"weights": str(path)})
    else:
        click.echo(f"{path}: pictor index FOLDER --backbone {path.stem} --weights {path}")


def _course(folders: tuple[Path, ...], out: Path, options: dict[str, Any]) -> Any:
    from ..training.course import Course, Teacher
    from ..training.distil import Schedule

    labels = options["labels_teacher"] and Teacher(
        options["labels_teacher"],
        options["labels_weights"],
        parse_key_values(options["labels_argument"]),
        parse_key_values(options["labels_preprocessing"]),
    )
    return Course(
        folders,
        out,
        Teacher(options["teacher"], options["teacher_weights"]),
        options["student"] or options["teacher"].partition(".")[0],
        Schedule(**{each: options[each] for each in ("apart", "together", "batch", "seed")}),
        size=options["size"],
        used_at=options["used_at"],
        crop=options["crop"],
        apart_from=options["apart_from"],
        labels=labels or None,
        labelled=options["labels_views"],
    )


@contextmanager
def _stages() -> Iterator[Any]:
    """A progress bar for each stage of the training, one after the other."""
    with ExitStack() as stack:
        shown: dict[str, Any] = {}

        def move(stage: str, done: int, total: int, note: str) -> None:
            if stage not in shown:
                stack.close()
                shown.clear()
                shown[stage] = stack.enter_context(progress_bar(stage.capitalize()))
            shown[stage](done, total, note)

        yield move
