"""pictor train: backbones of your own. Loads torch only when a training begins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from ..run.stop_signals import handle_stop_signals
from .options import json_option, library_option, parse_key_values
from .output import print_json, print_remark, progress_bar

LOWEST = 19  # how nice the kernel lets a process be
SMALLEST = 32  # pixels of an input that a network still reduces
FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group("train")
def train_command() -> None:
    """Train a backbone of your own; `pictor train distil --help` tells how.

    \b
    Examples:
      pictor train distil --help
      pictor train distil photos --teacher resnet50.a1_in1k --student resnet18 --out training
      pictor train curve training
      pictor train pack training/pool --out shards
    """


@train_command.command("distil")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER…", type=FOLDER)
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="Where pictures, checkpoint and the finished weights go.")  # fmt: skip
@click.option("--teacher", required=True, metavar="NAME", help="Any timm CNN by name.")
@click.option("--teacher-weights", default="pretrained", show_default=True, metavar="FILE",
              help="Its weights: a safetensors file, or timm's own.")  # fmt: skip
@click.option("--student", metavar="NAME", help="Any timm CNN by name [default: the teacher's].")
@click.option("--size", "sizes", default="160", show_default=True, metavar="PIXELS[,PIXELS@STEP…]",
              help="Side of the student's input; 128,176@20000 grows it at a step.")  # fmt: skip
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
@click.option("--frozen", default=0, show_default=True, metavar="LINKS",
              help="Together, so many links from the input on stay as they are.")  # fmt: skip
@click.option("--decay", type=int, metavar="STEPS",
              help="Let the rate fall in the last STEPS alone [default: all the way].")  # fmt: skip
@click.option("--rate", default=3e-4, show_default=True, help="Learning rate of the steps together.")
@click.option("--loss", "losses", multiple=True, metavar="NAME=WEIGHT",
              help="Weigh links [1], pooled [4], centred, relations, whitened, classes [0].")  # fmt: skip
@click.option("--start", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="Weights that the student starts from, instead of random ones.")  # fmt: skip
@click.option("--finish", metavar="DIR", type=FOLDER,
              help="End the training in DIR, as it is now, in --decay more steps.")  # fmt: skip
@click.option("--pool", metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="Where the decoded pictures lie [default: pool in --out].")  # fmt: skip
@click.option("--favour", multiple=True, type=(FOLDER, float), metavar="FOLDER TIMES",
              help="See the pictures of one of the folders so many times as often.")  # fmt: skip
@click.option("--every", default=200, show_default=True, help="Steps between two checkpoints.")
@click.option("--device", default="cpu", show_default=True, help="Where to learn: cpu, cuda or cuda:1.")
@click.option("--background", is_flag=True, help="Run at the lowest priority.")
@click.option("--batch", default=64, show_default=True, help="Views a step.")
@click.option("--seed", default=2026, show_default=True, help="The same seed gives the same training.")
@json_option
def distil(folders: tuple[Path, ...], out: Path, as_json: bool, background: bool, **options: Any) -> None:
    """Teach a small network what a larger one sees, on the pictures of FOLDER…, which need no labels.

    Stopped (Ctrl-C, SIGTERM) or broken off at any time, the same command goes on from its last checkpoint.
    As long as there is a file called pause in --out, the training waits. Where teacher and student
    have the same plan, every block learns alone first; otherwise they are compared stage by stage.
    The result is a weights file for `pictor index --backbone NAME --weights FILE`.

    \b
    Examples:
      pictor train distil photos --teacher resnet50.a1_in1k --student resnet18 --out training
      pictor train distil pool --teacher mobilenetv2_100 --teacher-weights v2.safetensors --out training
    """
    from ..training.course import distil as run

    if background:
        os.nice(LOWEST)
    with handle_stop_signals(_say_stopping) as stopping, _show_stages() as on_progress:
        path = run(_make_course(folders, out, options), on_progress, stopping)
    if as_json:
        print_json({"weights": str(path)})
    else:
        click.echo(f"{path}: pictor index FOLDER --backbone {path.stem} --weights {path}")


@train_command.command("curve")
@click.argument("training", metavar="TRAINING", type=FOLDER)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Where the picture goes [default: curve.svg in TRAINING].")  # fmt: skip
@json_option
def curve(training: Path, out: Path | None, as_json: bool) -> None:
    """Draw how the losses of a TRAINING, the --out of another command, have fallen so far, as SVG.

    \b
    Examples:
      pictor train curve training
      pictor train curve training --out losses.svg
    """
    from ..training.chart import draw_curve
    from ..training.curve import CURVE, load_lines

    path = out or training / "curve.svg"
    path.write_text(draw_curve(load_lines(training / CURVE), str(training)), "utf-8")
    print_json({"curve": str(path)}) if as_json else click.echo(path)


@train_command.command("pack")
@click.argument("pool", metavar="POOL", type=FOLDER)
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="Where the files go.")  # fmt: skip
@click.option(
    "--side", default=160, show_default=True, help="Short side of the pictures, in pixels, at most."
)
@click.option("--quality", default=85, show_default=True, help="Quality of their JPEGs.")
@click.option("--limit", default=60, show_default=True, metavar="MIB", help="Size of a file, at most.")
@click.option("--most", default=1000, show_default=True, metavar="FILES", help="How many files, at most.")
@click.option("--seed", default=2026, show_default=True, help="The same seed gives the same files.")
@json_option
def pack(pool: Path, out: Path, limit: int, as_json: bool, **options: int) -> None:
    """Pack the POOL of a training into zip files, to take it to another machine.

    The first files hold what a training would see most often. Unpacked, they are folders of pictures.

    \b
    Examples:
      pictor train pack training/pool --out shards --most 5
      unzip -q -o 'shards/*.zip' -d pictures
    """
    from ..training.pool import open_pool
    from ..training.shards import pack_pool

    with progress_bar("Shards") as move:
        shards = pack_pool(
            open_pool(pool),
            out,
            limit=limit * 2**20,
            on_progress=lambda done, total: move(done, total, ""),
            **options,
        )
    print_json({"shards": [str(path) for path in shards]}) if as_json else click.echo(f"{len(shards)} files")


@train_command.command("words")
@library_option
@click.option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Where the word tower goes.")  # fmt: skip
@click.option("--encoder", required=True, metavar="DIR", type=FOLDER,
              help="A sentence encoder: model.onnx and tokenizer.json.")  # fmt: skip
@click.option("--frequent", required=True, metavar="FILE", type=FILE,
              help="English words, one a line, the most frequent first.")  # fmt: skip
@click.option("--wordnet", required=True, metavar="DIR", type=FOLDER,
              help="WordNet's files: index.noun, data.noun, cntlist.rev and the like.")  # fmt: skip
@click.option("--seed", default=2026, show_default=True, help="The same seed gives the same tower.")
@json_option
def words(
    library: Path, out: Path, encoder: Path, frequent: Path, wordnet: Path, seed: int, as_json: bool
) -> None:
    """Make a word tower for the backbone of a library, from the captions in it.

    The backbone's weights need a classifier of the 1000 ImageNet classes. Every tenth captioned picture is
    held out, to measure how many captions find theirs. Use the result with the setting word_tower; it also
    holds a map for the encoder itself, for the setting text_encoder.

    \b
    Example:
      pictor train words --library photos --encoder all-MiniLM-L6-v2 --frequent words.txt \\
        --wordnet /usr/share/wordnet --out words.npz
    """
    from retrieval import Library, SentenceEncoder, sync_to_disk

    from ..training.words import make_word_tower

    with Library.open(library) as opened, _show_stages() as on_step:
        made = make_word_tower(
            opened, SentenceEncoder(encoder), frequent.read_text("utf-8").split(), wordnet, seed, on_step
        )
    out.write_bytes(made.data)
    sync_to_disk(out)
    if as_json:
        print_json({"file": str(out), "recalls": list(made.recalls)})
    else:
        shares = ", ".join(f"{share:.3f}" for share in made.recalls)
        click.echo(f"{out}: held-out captions find their picture among the first 1, 5, 10: {shares}")


@train_command.command("visual-words")
@click.argument("folder", metavar="FOLDER", type=FOLDER)
@click.option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Where the vocabulary goes.")  # fmt: skip
@click.option("--seed", default=2026, show_default=True, help="The same seed gives the same vocabulary.")
@json_option
def visual_words(folder: Path, out: Path, seed: int, as_json: bool) -> None:
    """Make a vocabulary of visual words from the pictures in a folder, as the one that comes with Pictor.

    It divides what keypoints look like into 65,536 words, by which parts of pictures are found. Some thousand
    pictures of all kinds are enough; no library needs a vocabulary of its own.

    \b
    Example:
      pictor train visual-words photos --out details.npz
    """
    from retrieval import sync_to_disk

    from ..training.visual_vocabulary import make_visual_vocabulary

    with _show_stages() as on_step:
        try:
            made = make_visual_vocabulary(folder, seed, on_step)
        except ValueError as error:
            raise click.UsageError(f"{folder}: {error}") from error
    out.write_bytes(made)
    sync_to_disk(out)
    if as_json:
        print_json({"file": str(out), "bytes": len(made)})
    else:
        click.echo(f"{out}: {len(made):,} bytes")


def _make_course(folders: tuple[Path, ...], out: Path, options: dict[str, Any]) -> Any:
    from ..training.course import Course
    from ..training.networks import Teacher

    sizes = _parse_sizes(options["sizes"])
    return Course(
        folders,
        out,
        Teacher(options["teacher"], options["teacher_weights"]),
        options["student"] or options["teacher"].partition(".")[0],
        _make_schedule(sizes, options),
        size=sizes[0][1],
        losses=_make_losses(options["losses"]),
        favours=options["favour"],
        labels=_make_labels(options),
        labelled=options["labels_views"],
        **{
            name: options[name]
            for name in ("used_at", "crop", "apart_from", "start", "finish", "pool", "every", "device")
        },
    )


def _make_schedule(sizes: tuple[tuple[int, int], ...], options: dict[str, Any]) -> Any:
    from ..training.schedule import Schedule

    counts = {name: options[name] for name in ("apart", "together", "frozen", "batch", "seed", "decay")}
    return Schedule(**counts, together_rate=options["rate"], sizes=sizes)


def _make_labels(options: dict[str, Any]) -> Any:
    from ..training.networks import Teacher

    if not options["labels_teacher"]:
        return None
    return Teacher(
        options["labels_teacher"],
        options["labels_weights"],
        parse_key_values(options["labels_argument"]),
        parse_key_values(options["labels_preprocessing"]),
    )


def _make_losses(texts: tuple[str, ...]) -> Any:
    from ..training.losses import Losses

    try:
        return Losses(**{name: float(weight) for name, weight in parse_key_values(texts).items()})
    except (TypeError, ValueError) as error:
        raise click.UsageError(f"--loss {' '.join(texts)}: give names and numbers as --help says") from error


def _parse_sizes(text: str) -> tuple[tuple[int, int], ...]:
    """Pairs (step, pixels) of `128,176@20000`."""
    parts = [part.partition("@") for part in text.split(",")]
    try:
        sizes = tuple((int(step or 0), int(pixels)) for pixels, _, step in parts)
    except ValueError as error:
        raise click.UsageError(f"--size {text}: write it as 128 or as 128,176@20000") from error
    if sizes[0][0] or list(sizes) != sorted(set(sizes)) or min(pixels for _, pixels in sizes) < SMALLEST:
        raise click.UsageError(
            f"--size {text}: begins at step 0, goes on upwards, at {SMALLEST} pixels or more"
        )
    return sizes


def _say_stopping() -> None:
    print_remark("stopping behind a checkpoint; a second time stops at once")


@contextmanager
def _show_stages() -> Iterator[Any]:
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
