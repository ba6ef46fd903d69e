"""The pages that review duplicates: side by side, what a rule would keep, verdicts, and lists."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from pydantic import Field
from werkzeug import Response

from retrieval import TIERS, Duplicates, KeepRule, Library, answers, open_keeper, parse_keep_rule

from .addresses import PICTURE_ADDRESSES
from .errors import NotPublic
from .parameters import NoParameters, PageSearchParameters
from .requests import read_parameters
from .services import current_services

GROUPS = 20  # on one page
MOST_SHOWN = 24  # copies of one group

duplicate_pages = Blueprint("duplicate_pages", __name__, url_prefix="/duplicates")


class ReviewParameters(answers.StrictModel):
    """Which groups to review, and which copy of each to keep."""

    tier: answers.Tier = "picture"
    keep: Literal["largest", "oldest", "newest", "folder"] = "largest"
    folder: str = Field(default="", max_length=2000)
    offset: answers.Offset = 0

    @property
    def rule(self) -> KeepRule:
        """The rule; without a folder, that of a folder is the usual one."""
        if self.keep != "folder":
            return parse_keep_rule(self.keep)
        return parse_keep_rule(f"folder:{self.folder}") if self.folder else KeepRule()

    def address_values(self, **changes: object) -> dict[str, Any]:
        """These parameters as they stand in an address, after `changes`."""
        return ReviewParameters(**{**self._values(), **changes}).model_dump(exclude_defaults=True)

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ReviewParameters.model_fields}


class NotedParameters(ReviewParameters):
    """The same after a verdict, which can be taken back."""

    noted: Annotated[int, Field(ge=1, le=answers.MAX_ID)] | None = None


class ListParameters(ReviewParameters):
    """The same as a list to take away."""

    format: Literal["csv", "paths"] = "csv"


class VerdictForm(ReviewParameters):
    """What somebody said about images."""

    kind: Literal["same", "different"]
    image: tuple[answers.ImageId, ...] = ()


class WithdrawalForm(answers.StrictModel):
    """A verdict to take back."""

    verdict: Annotated[int, Field(ge=1, le=answers.MAX_ID)]


@duplicate_pages.before_request
def refuse_strangers() -> None:
    """Strangers neither see which files the owner of a library has twice, nor state anything."""
    if current_app.config["PUBLIC"]:
        raise NotPublic()


@duplicate_pages.get("")
def duplicates() -> str:
    """One page of the groups of a tier."""
    asked = read_parameters(NotedParameters, request.args)
    library = current_services().library
    found = library.find_duplicates(asked.tier, asked.rule)
    last = asked.offset + GROUPS
    return _render(
        "duplicates.html",
        asked=asked,
        tiers=TIERS,
        found=answers.present_duplicates(
            found, asked.tier, asked.rule, PICTURE_ADDRESSES, limit=GROUPS, offset=asked.offset
        ),
        most_shown=MOST_SHOWN,
        previous=_address(asked, max(0, asked.offset - GROUPS)) if asked.offset else None,
        following=_address(asked, last) if last < len(found.groups) else None,
    )


@duplicate_pages.get("/list")
def duplicate_list() -> Response:
    """All groups of a tier as CSV, or the files that the rule would not keep, one on each line."""
    asked = read_parameters(ListParameters, request.args)
    found = current_services().library.find_duplicates(asked.tier, asked.rule)
    name = f"duplicates-{asked.tier}.{'csv' if asked.format == 'csv' else 'txt'}"
    kind = "text/csv" if asked.format == "csv" else "text/plain"
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(_write_list(found, asked.format), headers=headers, content_type=f"{kind}; charset=utf-8")


def _write_list(found: Duplicates, output_format: str) -> str | bytes:
    if output_format == "csv":
        return answers.csv_of_duplicates(found)
    return answers.paths_of_duplicates(found)


@duplicate_pages.get("/verdicts")
def verdicts() -> str:
    """What was said about which images are one picture, the newest first."""
    read_parameters(NoParameters, request.args)
    library = current_services().library
    return _render("verdicts.html", verdicts=library.load_verdicts()[::-1], known=_known_images(library))


@duplicate_pages.post("/verdicts")
def state_verdict() -> Response:
    """Note what somebody said, and lead back to the list, where it can be taken back."""
    form = read_parameters(VerdictForm, request.form)
    with open_keeper(current_services().library) as keeper:
        number = keeper.state_verdict(form.kind, form.image)
    return redirect(url_for("duplicate_pages.duplicates", **form.address_values(), noted=number), 303)


@duplicate_pages.post("/verdicts/withdraw")
def withdraw_verdict() -> Response:
    """Take a verdict back, and lead to where it was taken back."""
    verdict = read_parameters(WithdrawalForm, request.form).verdict
    with open_keeper(current_services().library) as keeper:
        keeper.withdraw_verdict(verdict)
    return redirect(url_for("duplicate_pages.verdicts"), 303)


def _address(asked: ReviewParameters, offset: int) -> str:
    return url_for("duplicate_pages.duplicates", **asked.address_values(offset=offset))


def _known_images(library: Library) -> frozenset[int]:
    """The images of verdicts that are still there."""
    named = {image_id for verdict in library.load_verdicts() for image_id in verdict.images}
    with library.catalog.reading() as reader:
        return frozenset(reader.load_images(sorted(named)))


def _render(template: str, **values: object) -> str:
    images = current_services().library.count_images()
    return render_template(template, parameters=PageSearchParameters(), image_count=images, **values)
