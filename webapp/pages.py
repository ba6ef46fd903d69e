"""The pages for people: search, one image, and the upload of a query picture."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import partial
from time import perf_counter
from typing import Final

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug import Response

from retrieval import (
    CursorExpired,
    Picture,
    ProjectionDamaged,
    Query,
    Remark,
    Results,
    StoredPicture,
    Text,
    answers,
    format_sort,
)

from .addresses import PICTURE_ADDRESSES, address_values, next_address, permalink
from .box_lines import join_line
from .boxes import read_box
from .changes import FIRST_PAGE, AskedSearch, upload_token
from .chips import list_chips
from .colours import list_colours
from .early_heads import send_early_head, wants_early_head
from .emphasis import BALANCES, STEP_WORDS, show_emphasis
from .locales import gettext_noop
from .parameters import BoxParameters, ImageParameters, PageSearchParameters, UploadParameters
from .query_api import keep_sent_picture
from .requests import move_sort, read_parameters
from .services import current_services
from .steering import move_examples, show_examples, step_name
from .tiles import find_looks
from .uploads import TOKEN
from .wording import show_remark, sort_choices

KEPT_LIST: Final = re.compile(r"among:([0-9a-f]{32})")
SIMILAR_COUNT = 10  # two rows on a wide screen
NEW_LIST: Final = gettext_noop(
    "The list that this page was part of is not kept any more; this is a page of a new list."
)

pages = Blueprint("pages", __name__)
UPLOADS: Final = "/pictures"


@pages.get("/")
def search() -> str | Response:
    """The search page; its address holds the whole search."""
    library = current_services().library
    sent = join_line(read_parameters(BoxParameters, request.args))
    asked = move_examples(library, move_sort(library, sent))
    if wants_early_head() and _is_hardly_refused(asked):
        head = render_template("early.html", parameters=asked, has_picture=False)
        return send_early_head(head, partial(_render_search, asked))
    return _render_search(asked)


def _is_hardly_refused(asked: PageSearchParameters) -> bool:
    """Whether a search can fail only where any would: it has words alone, and names nothing that may be gone.

    Raises what refuses its line, or every search.
    """
    services = current_services()
    query = services.read_query(asked)
    services.library.snapshot()
    names_nothing = not (query.examples or query.filters or query.options.group_of or query.options.recipe)
    return names_nothing and not asked.cursor and all(isinstance(part, Text) for part in query.parts)


def _render_search(asked: PageSearchParameters) -> str:
    library = current_services().library
    start = perf_counter()
    parameters, query, results = _find_hits(asked)
    seconds = perf_counter() - start
    search = AskedSearch(library, parameters, query)
    presented = answers.present_results(
        results,
        query,
        PICTURE_ADDRESSES,
        next_address=_next_page(parameters, query, results),
        find_permalink=permalink,
        write_line=library.write_line,
    )
    return render_template(
        "search.html",
        seconds=seconds,
        parameters=parameters,
        chips=list_chips(search),
        colours=list_colours(search),
        emphasis=show_emphasis(search),
        asked_words=" ".join(part.text for part in query.parts if isinstance(part, Text)),
        step_words=STEP_WORDS,
        balances=BALANCES,
        results=presented,
        total=presented.total,
        remarks=[show_remark(note) for note in results.notes],
        until=_find_expiry(presented.line),
        picked_until=_find_picked_expiry(presented.line),
        line_address=partial(_line_address, parameters),
        previous=_previous_page(parameters, results),
        first=_search_address(parameters),
        with_weaker=_address_with_weaker(parameters),
        weaker_page=_address_with_weaker(parameters, offset=results.total),
        sort=query.sort,
        chosen_sort=format_sort(query.sort),
        sort_choices=sort_choices(query.sort, is_ranked=bool(query.parts or query.examples)),
        has_picture=any(isinstance(part, Picture | StoredPicture) for part in query.parts),
        browsing=not query.is_wanting,
        filtered=bool(query.filters),
        saved_line=_line_to_save(query, parameters),
        group_address=_address_of_groups(parameters),
        examples=show_examples(parameters),
        step_name=step_name(parameters, query),
        looks=find_looks(library, results),
        query_picture=_query_picture(query),
        facets_address=url_for("answer_pages.facets", **address_values(parameters, **FIRST_PAGE)),
        image_count=library.count_images(),
    )


def _find_expiry(line: str | None) -> date | None:
    """Until when the address of a search holds the uploaded pictures in it; None without any."""
    tokens = re.findall(rf"upload:({TOKEN.pattern})", line or "")
    expiries = [current_services().pictures.find_expiry(token) for token in tokens]
    return min((expiry.date() for expiry in expiries if expiry), default=None)


def _find_picked_expiry(line: str | None) -> date | None:
    """Until when the address of a search holds the picked pictures in it; None where it always does."""
    library = current_services().library
    expiries = [library.find_picked_expiry(name) for name in KEPT_LIST.findall(line or "")]
    return min((expiry.date() for expiry in expiries if expiry), default=None)


def _find_hits(parameters: PageSearchParameters) -> tuple[PageSearchParameters, Query, Results]:
    """The hits of one page, with the parameters and the query that they are for.

    The addresses of further pages have a cursor and an offset. Where the list of the cursor is not kept any
    more, a new list is shown from the offset on: an address that somebody kept still leads somewhere.
    """
    current = parameters.model_copy(update={"offset": 0}) if parameters.cursor else parameters
    query = current_services().read_query(current)
    try:
        return parameters, query, current_services().search(query)
    except CursorExpired:
        current = parameters.model_copy(update={"cursor": ""})
        query = current_services().read_query(current)
        results = current_services().search(query)
        return current, query, replace(results, notes=(*results.notes, Remark(NEW_LIST)))


@pages.get("/images/<id:image_id>")
def image(image_id: int) -> str:
    """All that is known about one image."""
    asked = read_parameters(ImageParameters, request.args)
    library = current_services().library
    return render_template(
        "image.html",
        box=read_box(asked.box) if asked.box else None,
        image=answers.present_image(library.load_image(image_id), PICTURE_ADDRESSES),
        similar=_similar_images(image_id),
        parameters=PageSearchParameters(),
        image_count=library.count_images(),
    )


@pages.post(UPLOADS)
def upload() -> Response:
    """Keep a picture for seven days and lead to the search by it; programs use `query_api`."""
    parameters = read_parameters(UploadParameters, request.form)
    token = keep_sent_picture(parameters.url)
    tokens = tuple(dict.fromkeys((*parameters.picture, token)))
    values = address_values(parameters, picture=tokens, url="", **FIRST_PAGE)
    return redirect(url_for("pages.search", **values), 303)


@pages.get(UPLOADS)
def leave_upload() -> Response:
    """The page after a picture that could not be read has this address; reloading it leads to the search."""
    return redirect(url_for("pages.search"), 303)


def _similar_images(image_id: int) -> list[answers.Hit]:
    """The first images like this one; none while projections are damaged."""
    query = Query((StoredPicture(image_id),), limit=SIMILAR_COUNT)
    try:
        results = current_services().library.search(query)
    except ProjectionDamaged:
        return []
    return [answers.present_hit(hit, PICTURE_ADDRESSES) for hit in results.hits]


def _line_to_save(query: Query, parameters: PageSearchParameters) -> str | None:
    """The line of a search that may be saved: not that for every image, nor one whose pictures expire."""
    is_plain = query == Query(sort=query.sort, limit=query.limit, offset=query.offset, cursor=query.cursor)
    if current_app.config["PUBLIC"] or parameters.picture or is_plain or KEPT_LIST.search(parameters.q):
        return None
    return current_services().library.write_line(query)


def _address_of_groups(parameters: PageSearchParameters) -> str | None:
    """Where all groups are listed, of which the page shows one; None where it shows no single group."""
    library = current_services().library
    query = library.read_line(parameters.q)
    if query.options.group_of is None:
        return None
    line = library.write_line(replace(query, options=replace(query.options, group_of=None)))
    return _search_address(parameters, q=line)


def _search_address(parameters: PageSearchParameters, **changes: object) -> str:
    """The address of the first page of a search with these changes."""
    return url_for("pages.search", **address_values(parameters, **FIRST_PAGE, **changes))


def _address_with_weaker(parameters: PageSearchParameters, *, offset: int = 0) -> str:
    """The address of this search with what is below the relevance line, from some hit on."""
    line = f"{parameters.q} weaker:yes".strip()
    return url_for("pages.search", **address_values(parameters, q=line, offset=offset, cursor=""))


def _line_address(parameters: PageSearchParameters, line: str) -> str:
    """The address of the same search with another line."""
    return _search_address(parameters, q=line)


def _next_page(parameters: PageSearchParameters, query: Query, results: Results) -> str | None:
    """The address of the page after this one, or None at the end."""
    if not results.next_cursor:
        return next_address("pages.search", results, query, address_values(parameters))
    offset = results.hits[-1].rank if results.hits else parameters.offset
    return url_for("pages.search", **address_values(parameters, cursor=results.next_cursor, offset=offset))


def _previous_page(parameters: PageSearchParameters, results: Results) -> str | None:
    """The address of the page before this one, or None at the start."""
    if not (parameters.offset or results.previous_cursor):
        return None
    offset = max(0, parameters.offset - parameters.limit)
    values = address_values(parameters, cursor=results.previous_cursor or "", offset=offset)
    return url_for("pages.search", **values)


def _query_picture(query: Query) -> str | None:
    """The address of the first picture that is searched by, to compare hits with; None without any."""
    for part in query.parts:
        if isinstance(part, StoredPicture):
            return url_for("media.large", image_id=part.image_id)
        if isinstance(part, Picture) and (token := upload_token(part)):
            return url_for("media.query_picture", token=token)
    return None
