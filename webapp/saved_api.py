"""The HTTP interface for what users save by name: searches and concepts. A public server has none of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any, TypeAlias, TypeVar
from urllib.parse import quote

from flask import Response, current_app, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from retrieval import Examples, NameUnknown, SavedNews, answers, open_keeper

from .addresses import PICTURE_ADDRESSES, address_values, next_address, permalink
from .documenting import NAME, describe_body, describe_parameters, name_operation
from .errors import PROBLEM, NotPublic
from .parameters import NoParameters, OffsetParameters, PageParameters
from .requests import read_json_values, read_parameters
from .services import current_services

Json: TypeAlias = dict[str, Any]
AnyModel = TypeVar("AnyModel", bound=answers.StrictModel)

saved_api = APIBlueprint(
    "saved_api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(PROBLEM) for status in ("400", "403", "404", "4XX", "5XX")},
    operation_id_callback=name_operation,
)

Name = Field(min_length=1, max_length=80, description="Without a slash; given once")
_IN_PATH = {"parameters": [NAME]}


def _document_page(model: type[OffsetParameters]) -> dict[str, Any]:
    """What the document says of the parameters of an address with a name and a page."""
    return {"parameters": [NAME, *describe_parameters(model)]}


class NewSearch(answers.StrictModel):
    """A search to be saved."""

    name: str = Name
    line: str = Field(description="The query, as q takes it; pictures as image:ID alone. Empty: every image")


class SearchChange(answers.StrictModel):
    """What to change of a saved search; the rest stays."""

    name: str | None = Field(default=None, min_length=1, max_length=80, description="The new name")
    line: str | None = Field(default=None, description="The new query, as q takes it")


class NewConcept(answers.StrictModel):
    """Examples to be saved: ids of images that belong to what is meant, and of some that do not."""

    name: str = Name
    good: Annotated[tuple[answers.ImageId, ...], Field(max_length=1000)] = ()
    bad: Annotated[tuple[answers.ImageId, ...], Field(max_length=1000)] = ()


class ConceptChange(answers.StrictModel):
    """The new name of a concept."""

    name: str = Name


class Look(answers.StrictModel):
    """What has been seen of a saved search."""

    newest: Annotated[int, Field(ge=0, le=answers.MAX_ID)] | None = Field(
        default=None, description="Up to which image, as `new` says it; all that there are now otherwise"
    )


@saved_api.before_request
def refuse_strangers() -> None:
    """Strangers neither see nor change what the owner of a library saved."""
    if current_app.config["PUBLIC"]:
        raise NotPublic()


def _name() -> str:
    name: str = (request.view_args or {})["name"]
    return name


def _read_body(model: type[AnyModel]) -> AnyModel:
    read_parameters(NoParameters, request.args)
    return read_json_values(model, request.get_data())


def _present(news: SavedNews) -> answers.SavedSearch:
    """A saved search with the address of the page of its hits."""
    address = None if news.problem else permalink(current_services().library.read_line(news.saved.line))
    return answers.present_saved_search(news, address)


def _answer_search(name: str, status: int = 200) -> Response:
    """One saved search, counted anew."""
    model = _present(current_services().library.count_new(name))
    headers = {"Location": f"/api/v1/saved/{quote(name)}"} if status == 201 else {}
    text = json.dumps(answers.json_values(model))
    return Response(text, status, headers, content_type="application/json")


# The names of these functions are in the document, as ids of operations.
@saved_api.get("/saved", responses={200: answers.SavedSearches})
def saved_searches() -> Json:
    """Every saved search, and how many of its hits are new since the last look."""
    read_parameters(NoParameters, request.args)
    searches = [_present(news) for news in current_services().library.count_news()]
    values: Json = answers.json_values(answers.SavedSearches(searches=searches))
    return values


@saved_api.post("/saved", responses={201: answers.SavedSearch}, openapi_extensions=describe_body(NewSearch))
def save_search() -> Response:
    """Save a search by name; what the library holds now counts as seen."""
    search = _read_body(NewSearch)
    with open_keeper(current_services().library) as keeper:
        keeper.add_search(search.name, search.line)
    return _answer_search(search.name, 201)


@saved_api.get("/saved/<name>", responses={200: answers.SavedSearch}, openapi_extensions=_IN_PATH)
def saved_search() -> Response:
    """One saved search."""
    read_parameters(NoParameters, request.args)
    return _answer_search(_name())


@saved_api.patch(
    "/saved/<name>",
    responses={200: answers.SavedSearch},
    openapi_extensions=describe_body(SearchChange, NAME),
)
def change_search() -> Response:
    """Give a saved search another name, another query, or both; other saved searches follow a new name."""
    change, name = _read_body(SearchChange), _name()
    with open_keeper(current_services().library) as keeper:
        if change.line is not None:
            keeper.change_search(name, change.line)
        if change.name is not None:
            keeper.rename_search(name, change.name)
    return _answer_search(change.name or name)


@saved_api.delete("/saved/<name>", responses={204: None}, openapi_extensions=_IN_PATH)
def remove_search() -> Response:
    """Forget a saved search; no image is touched."""
    read_parameters(NoParameters, request.args)
    with open_keeper(current_services().library) as keeper:
        keeper.remove_search(_name())
    return Response(status=204)


@saved_api.get(
    "/saved/<name>/hits", responses={200: answers.Results}, openapi_extensions=_document_page(PageParameters)
)
def saved_hits() -> Json:
    """The hits of a saved search; reading them is no look."""
    page, name = read_parameters(PageParameters, request.args), _name()
    library = current_services().library
    asked = library.read_line(library.load_search(name).line, limit=page.limit)
    query = replace(asked, offset=page.offset, cursor=page.cursor or None)
    results = current_services().search(query)
    following = next_address("saved_api.saved_hits", results, query, {"name": name} | address_values(page))
    presented = answers.present_results(
        results,
        query,
        PICTURE_ADDRESSES,
        next_address=following,
        find_permalink=permalink,
        write_line=library.write_line,
    )
    values: Json = answers.json_values(presented)
    return values


@saved_api.get(
    "/saved/<name>/new", responses={200: answers.NewHits}, openapi_extensions=_document_page(OffsetParameters)
)
def new_hits() -> Json:
    """The hits that are new since the last look; `look` notes that they have been seen."""
    page, name = read_parameters(OffsetParameters, request.args), _name()
    library = current_services().library
    saved = library.load_search(name)
    query = library.read_line(saved.line, limit=page.limit, offset=page.offset)
    news, last = library.find_new(query, saved.seen_image), page.offset + page.limit
    following = address_values(page, offset=last)
    address = url_for("saved_api.new_hits", name=name, **following) if last < news.total else None
    values: Json = answers.json_values(
        answers.present_new_hits(news, PICTURE_ADDRESSES, next_address=address)
    )
    return values


@saved_api.post(
    "/saved/<name>/look", responses={200: answers.SavedSearch}, openapi_extensions=describe_body(Look, NAME)
)
def look() -> Response:
    """Note that the hits of a saved search have been seen; what is added later counts as new."""
    seen, name, library = _read_body(Look), _name(), current_services().library
    with open_keeper(library) as keeper:
        keeper.note_look(name, library.newest_image() if seen.newest is None else seen.newest)
    return _answer_search(name)


@saved_api.get("/concepts", responses={200: answers.SavedConcepts})
def concepts() -> Json:
    """Every concept, with its examples."""
    read_parameters(NoParameters, request.args)
    listed = [
        answers.present_concept(name, examples)
        for name, examples in current_services().library.load_concepts().items()
    ]
    values: Json = answers.json_values(answers.SavedConcepts(concepts=listed))
    return values


@saved_api.post(
    "/concepts", responses={201: answers.SavedConcept}, openapi_extensions=describe_body(NewConcept)
)
def save_concept() -> Response:
    """Save examples by name; they take the place of those that had it."""
    concept = _read_body(NewConcept)
    with open_keeper(current_services().library) as keeper:
        keeper.keep_concept(concept.name, Examples(concept.good, concept.bad))
    headers = {"Location": f"/api/v1/concepts/{quote(concept.name)}"}
    text = json.dumps(_present_concept(concept.name))
    return Response(text, 201, headers, content_type="application/json")


@saved_api.get("/concepts/<name>", responses={200: answers.SavedConcept}, openapi_extensions=_IN_PATH)
def concept() -> Json:
    """One concept, with its examples."""
    read_parameters(NoParameters, request.args)
    return _present_concept(_name())


def _present_concept(name: str) -> Json:
    known = current_services().library.load_concepts()
    if name not in known:
        raise NameUnknown("concept", name, list(known))
    values: Json = answers.json_values(answers.present_concept(name, known[name]))
    return values


@saved_api.patch(
    "/concepts/<name>",
    responses={200: answers.SavedConcept},
    openapi_extensions=describe_body(ConceptChange, NAME),
)
def rename_concept() -> Json:
    """Give a concept another name, also in saved searches."""
    new_name = _read_body(ConceptChange).name
    with open_keeper(current_services().library) as keeper:
        keeper.rename_concept(_name(), new_name)
    return _present_concept(new_name)


@saved_api.delete("/concepts/<name>", responses={204: None}, openapi_extensions=_IN_PATH)
def remove_concept() -> Response:
    """Forget a concept; its images stay."""
    read_parameters(NoParameters, request.args)
    with open_keeper(current_services().library) as keeper:
        keeper.remove_concept(_name())
    return Response(status=204)
