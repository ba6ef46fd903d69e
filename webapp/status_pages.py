"""The page of status: what the library holds, how fresh it is, what is at work, and what to mend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug import Response

from retrieval import Library, Location, Problem, ask_to_stop, read_run, read_status

from .errors import NotPublic
from .locales import format_time
from .parameters import NoParameters, SearchParameters
from .repairs import find_repair
from .requests import read_parameters
from .services import current_services

MOST: Final = 24  # problems of one kind, and missing files, that are listed

status_pages = Blueprint("status_pages", __name__, url_prefix="/status")


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """A file that could not be indexed; `image_id` where the library has a picture of it all the same."""

    path: str
    reason: str
    image_id: int | None


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """The problems with one code: how many, what mends them, and the first of them."""

    code: str
    count: int
    repair: str
    shown: tuple[ShownProblem, ...]


@status_pages.get("")
def status() -> str:
    """Counts and freshness; for the owner also the problems, each with its repair, and missing files."""
    read_parameters(NoParameters, request.args)
    library = current_services().library
    found = read_status(library)
    is_private = not current_app.config["PUBLIC"]
    return render_template(
        "status.html",
        status=found,
        run=read_run(library.path),
        behind=found.behind,
        newest=_newest_picture(library),
        kinds=_list_kinds(library) if is_private else (),
        missing=_list_missing(library) if is_private and found.missing else (),
        most=MOST,
        parameters=SearchParameters(),
        query_pictures=[],
        image_count=found.images,
    )


@status_pages.get("/run")
def run() -> str:
    """The part of the page that tells of the run at work; a script asks for it again and again."""
    read_parameters(NoParameters, request.args)
    library = current_services().library
    return render_template("run.html", run=read_run(library.path), image_count=library.count_images())


@status_pages.post("/stop")
def stop_run() -> Response:
    """Ask the run at work to stop after the pictures in hand; whatever it wrote is kept."""
    if current_app.config["PUBLIC"]:
        raise NotPublic()
    read_parameters(NoParameters, request.form)
    ask_to_stop(current_services().library.path)
    return redirect(url_for("status_pages.status"), 303)


def _newest_picture(library: Library) -> str:
    """When the last picture was added; empty where there is none."""
    newest = library.newest_image()
    return format_time(library.load_image(newest).added_at) if newest else ""


def _list_kinds(library: Library) -> tuple[ProblemKind, ...]:
    """The kinds of problems, the most frequent first."""
    kinds: defaultdict[str, list[Problem]] = defaultdict(list)
    with library.catalog.reading() as reader:
        for problem in reader.load_problems():
            kinds[problem.code].append(problem)
        shown = [problem for problems in kinds.values() for problem in problems[:MOST]]
        images = {path: image_id for (path, _), image_id in reader.images_at(p.path for p in shown).items()}
    kinds_in_order = sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0]))
    return tuple(_show_kind(code, problems, images) for code, problems in kinds_in_order)


def _show_kind(code: str, problems: Sequence[Problem], images: dict[bytes, int]) -> ProblemKind:
    show_path = current_services().show_path
    shown = (
        ShownProblem(show_path(problem.display), problem.reason, images.get(problem.path))
        for problem in problems[:MOST]
    )
    return ProblemKind(code, len(problems), find_repair(code), tuple(shown))


def _list_missing(library: Library) -> list[tuple[int, Location]]:
    with library.catalog.reading() as reader:
        return reader.load_missing(MOST)
