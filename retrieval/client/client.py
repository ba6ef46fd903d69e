"""The Client: searches the library of a server, with the methods and the values of a Library."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar, final
from urllib.parse import quote

from pydantic import BaseModel

from ..answers import duplicates as duplicate_models
from ..answers import edits as edit_models
from ..answers import models
from ..answers.query import MAX_ID
from ..catalog import (
    Edit,
    Facet,
    Image,
    KeptEdit,
    Location,
    Problem,
    SavedSearch,
    Space,
    Statement,
    WebhookEvent,
)
from ..errors import (
    EditUnknown,
    ImageNotFound,
    InvalidQuery,
    OriginalMissing,
    RequestRefused,
    RetrievalError,
    VerdictNotFound,
    WebhookUnknown,
)
from ..pictures.files import DEFAULT_LIMITS
from ..query.checks import raise_query_type
from ..query.json_form import query_to_json
from ..query.language import format_query
from ..query.unfinished import Completion
from ..query.values import Examples, Part, Picture, Query, StoredPicture, Text
from ..ranking.arrays import Float32Vector
from ..ranking.duplicate_groups import Duplicates, Tier
from ..ranking.keep_rules import KeepRule, format_keep_rule
from ..ranking.verdicts import Verdict, VerdictKind
from ..search.explanations import Explanation
from ..search.hits import Results, SavedNews
from ..search.suggested_values import Suggestion
from ..signals import SUBJECT
from . import values
from .connection import Connection
from .edit_form import write_edit
from .jobs import Folders, Job, Jobs
from .uploads import Uploads
from .webhooks import Webhook, Webhooks

AnyModel = TypeVar("AnyModel", bound=BaseModel)

API: Final = "api/v1"
IMAGES_AT_ONCE: Final = 100  # in one request: an address holds some thousand characters
QUERIES_AT_ONCE: Final = 100
HITS_AT_ONCE: Final = 5000  # that the queries of one request may list together
PROBLEMS_AT_ONCE: Final = 1000
TIMED: Final = {"timings": "true"}
GROUPS_AT_ONCE: Final = 1000
EXPIRED: Final = "picture-expired"
LARGEST: Final = KeepRule()
PREVIEW_SIDE: Final = DEFAULT_LIMITS.side
RENDITIONS: Final = {PREVIEW_SIDE: "preview", 1200: "large"}  # by the pixels on the short side


class _Total(BaseModel):
    """Of an answer, how many hits there are."""

    total: int


@final
class Client:
    """The library of a server, as `Library.open` gives one of this machine.

    Its methods are those of a Library, of an Editor and of a Keeper, with the same values and errors. What
    the server does not allow raises RequestRefused, and a server that cannot be reached ServerUnreachable.
    Safe to use from many threads. Use it as a context manager, or call `close`.
    """

    def __init__(self, url: str, key: str | None = None, *, timeout: float = 30.0, retries: int = 3) -> None:
        """`url`: the address of the server, as `pictor serve` prints it. `key`: one of `pictor key create`,
        where the server wants one.

        `timeout`: seconds to wait for the server to say something. `retries`: how often a request that
        changes nothing is sent again, where the connection is lost or the server asks for patience.
        """
        self._connection = Connection(url, key, timeout, retries)
        self._uploads = Uploads(self._connection)

    def __repr__(self) -> str:
        return f"Client({self._connection.url!r})"

    def close(self) -> None:
        """Close the connections to the server."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- searching ------------------------------------------------------------------------------

    @property
    def signal_names(self) -> tuple[str, ...]:
        """The names of the rankings that a query can draw on."""
        return tuple(self.load_status().signals)

    def read_line(
        self,
        line: str,
        *,
        parts: tuple[Part, ...] = (),
        limit: int = 40,
        offset: int = 0,
        today: date | None = None,
    ) -> Query:
        """The query that a line says, by the names that the library knows; see `Library.read_line`."""
        day = (today or date.today()).isoformat()
        asked = {"q": line, "limit": limit, "offset": offset, "today": day}
        with _naming_line(line):
            query = values.read_query(self._get(models.Reading, "line", asked))
        return replace(query, parts=(*query.parts, *parts)) if parts else query

    def write_line(self, query: Query) -> str:
        """The line that `read_line` reads as this query; see `Library.write_line`."""
        format_query(query)  # refuses what no line can say
        return self._post(models.Line, "line", query_to_json(query)).line

    def search(self, query: Query | str, *, with_cursor: bool = False) -> Results:
        """The page of hits that the query asks for; see `Library.search`.

        Pictures that are given as files or as bytes are sent to the server, which keeps them for a week.
        """
        page = self._ask(models.Results, "search", query, TIMED)
        images = self.load_images([hit.id for hit in page.hits])
        return self._read_results(page, query, images, with_cursor)

    def search_many(
        self, queries: Sequence[Query | str], *, with_cursor: bool = False
    ) -> list[Results | RetrievalError]:
        """The answer to each query, in their order; in the place of one that cannot be answered, its error.

        All are sent together, 100 and fewer at a time; see `Library.search_many`.
        """
        found = self._find_many(queries)
        if any(isinstance(page, RetrievalError) and page.code == EXPIRED for page in found):
            self._uploads.forget()
            found = self._find_many(queries)
        ids = [hit.id for page in found if isinstance(page, models.Results) for hit in page.hits]
        images = self.load_images(ids)
        return [
            page if isinstance(page, RetrievalError) else self._read_results(page, query, images, with_cursor)
            for page, query in zip(found, queries, strict=True)
        ]

    def _find_many(self, queries: Sequence[Query | str]) -> list[models.Results | RetrievalError]:
        asked = [self._prepare(query) for query in queries]
        sent = [query for query in asked if isinstance(query, Query)]
        answered = iter([answer for batch in split_batches(sent) for answer in self._search_batch(batch)])
        return [query if isinstance(query, RetrievalError) else next(answered) for query in asked]

    def _prepare(self, query: Query | str) -> Query | RetrievalError:
        """The query with its pictures sent; or why that cannot be."""
        try:
            return self._uploads.send_pictures(
                self.read_line(query) if isinstance(query, str) else _check_query(query)
            )
        except RetrievalError as error:
            return error

    def _search_batch(self, queries: Sequence[Query]) -> list[models.Results | RetrievalError]:
        body = {"searches": [query_to_json(query) for query in queries]}
        batch = self._connection.fetch(
            models.BatchAnswers, "POST", f"{API}/search/batch", json=body, params=TIMED
        )
        return [
            answer.results if isinstance(answer, models.SearchResults) else values.read_error(answer.problem)
            for answer in batch.answers
        ]

    def _read_results(
        self, page: models.Results, query: Query | str, images: Mapping[int, Image], with_cursor: bool
    ) -> Results:
        results = values.read_results(page, images, self.load_thumbnail)
        is_walk = with_cursor or (isinstance(query, Query) and query.cursor is not None)
        return results if is_walk else replace(results, next_cursor=None, previous_cursor=None)

    def complete_line(self, line: str, *, limit: int = 10) -> list[Completion]:
        """How the last term of an unfinished line may go on; see `Library.complete_line`."""
        found = self._get(models.Completions, "completions", {"q": line, "limit": limit})
        return values.read_completions(found)

    def explain(self, query: Query | str, image_id: int) -> Explanation:
        """Why an image has its rank in the answer to a query; see `Library.explain`."""
        path = f"images/{_check_image(image_id)}/explanation"
        explanation = self._ask(models.Explanation, path, query)
        return values.read_explanation(explanation, self.load_image(image_id))

    def count_facets(self, query: Query | str) -> dict[str, Facet]:
        """How many of all images in the answer to a query, on every page, have each value; by facet."""
        return values.read_facets(self._ask(models.Facets, "facets", query))

    def find_ids(self, query: Query | str) -> list[int]:
        """The ids of all hits of a query, on every page, in their order."""
        return self._ask(models.ImageIds, "ids", query).ids

    def find_duplicates(self, tier: Tier = "picture", rule: KeepRule = LARGEST) -> Duplicates:
        """The groups of copies of one tier, and of each the copy that a rule would keep."""
        asked: dict[str, Any] = {"tier": tier, "keep": format_keep_rule(rule), "limit": GROUPS_AT_ONCE}
        pages = [self._get(duplicate_models.Duplicates, "duplicates", asked)]
        while pages[-1].next:
            asked["offset"] = GROUPS_AT_ONCE * len(pages)
            pages.append(self._get(duplicate_models.Duplicates, "duplicates", asked))
        return values.read_duplicates(pages)

    # -- images ---------------------------------------------------------------------------------

    def count_images(self) -> int:
        """How many images there are."""
        asked = {"json": {"limit": 1}, "params": {"fields": "id"}}
        return self._connection.fetch(_Total, "POST", f"{API}/search", **asked).total

    def newest_image(self) -> int:
        """The highest id of an image; 0 where there is none. Later images have higher ones."""
        return self.load_status().newest

    def load_image(self, image_id: int) -> Image:
        """One image with all that is known about it; raises ImageNotFound."""
        return values.read_image(self._get(models.Image, f"images/{_check_image(image_id)}"))

    def load_images(self, ids: Sequence[int]) -> dict[int, Image]:
        """These images with all that is known about them, in the same order; unknown ids are left out."""
        wanted = [image_id for image_id in dict.fromkeys(ids) if 0 < image_id <= MAX_ID]
        found: dict[int, Image] = {}
        for start in range(0, len(wanted), IMAGES_AT_ONCE):
            page = self._get(models.Images, "images", {"id": wanted[start : start + IMAGES_AT_ONCE]})
            found |= {image.id: values.read_image(image) for image in page.images}
        return found

    def load_thumbnail(self, image_id: int) -> bytes:
        """The stored small rendition (WebP, long side 320 pixels); raises ImageNotFound."""
        return self._connection.send("GET", f"{API}/images/{_check_image(image_id)}/thumbnail")

    def read_original(self, image_id: int) -> tuple[Location, bytes]:
        """The file of an image as it is, and where it lies; raises ImageNotFound and OriginalMissing."""
        image = self.load_image(image_id)
        data = self._connection.send("GET", f"media/{image_id}/original")
        digest = hashlib.sha256(data).hexdigest()
        same = (location for location in image.locations if location.sha256 == digest)
        location = next(same, image.location)
        if location is None:
            raise OriginalMissing(image_id)
        return location, data

    def render_preview(self, image_id: int, side: int = PREVIEW_SIDE) -> bytes:
        """A larger rendition (WebP), of 512 or 1200 pixels on the short side at most.

        Raises ImageNotFound, and InvalidQuery for another side.
        """
        if side not in RENDITIONS:
            raise InvalidQuery(f"side {side}: a server renders {', '.join(map(str, RENDITIONS))} pixels")
        path = f"{API}/images/{_check_image(image_id)}/rendition"
        return self._connection.send("GET", path, params={"size": RENDITIONS[side]})

    def render_heat(self, query: Query | str, image_id: int) -> bytes:
        """An image (WebP) with what in it is like the first picture of a query; see `Library.render_heat`."""
        path = f"{API}/images/{_check_image(image_id)}/heatmap"
        return self._connection.send("GET", path, params={"q": self._write_sent(query)})

    def _write_sent(self, query: Query | str) -> str:
        """The line of a query whose pictures are sent."""
        if isinstance(query, str):
            return query
        return format_query(self._uploads.send_pictures(_check_query(query)), bare=False)

    def load_vectors(self, image_id: int) -> list[tuple[Space, Float32Vector]]:
        """The stored feature of an image in every space that has vectors; raises ImageNotFound."""
        path = f"images/{_check_image(image_id)}/vectors"
        return list(map(values.read_vector, self._get(models.Vectors, path).vectors))

    def embed(
        self, part: Text | Picture | StoredPicture, signal: str = SUBJECT
    ) -> tuple[Space, Float32Vector]:
        """The vector of a text or of a whole picture in the space of a signal; see `Library.embed`."""
        [sent] = self._uploads.send_pictures(Query((part,))).parts
        shape = query_to_json(Query((sent,)))["parts"][0]
        if "region" in shape:
            raise InvalidQuery("region: a server gives vectors of whole pictures; cut the picture out")
        kinds = {kind: shape[kind] for kind in ("text", "image", "upload") if kind in shape}
        return values.read_vector(self._post(models.Vector, "embed", kinds | {"space": signal}))

    def suggest_values(self, image_id: int) -> tuple[Suggestion, ...]:
        """Tags and labels that may be so of an image, the surest first. Raises ImageNotFound."""
        return values.read_suggestions(self._load_suggestions(image_id))

    # -- what people say of images --------------------------------------------------------------

    def load_statements(self, image_id: int) -> tuple[Statement, ...]:
        """What a person says of an image: what is so first; nothing of an unknown one."""
        try:
            return values.read_statements(self._load_suggestions(image_id))
        except ImageNotFound:
            return ()

    def _load_suggestions(self, image_id: int) -> edit_models.Suggestions:
        return self._get(edit_models.Suggestions, f"images/{_check_image(image_id)}/suggestions")

    def load_edits(self, image_id: int | None = None) -> list[KeptEdit]:
        """The edits that can be taken back, or those of one image, the latest first."""
        asked = {} if image_id is None else {"image_id": image_id}
        listed = map(values.read_kept_edit, self._get(edit_models.Edits, "edits", asked).edits)
        return [kept for kept in listed if kept is not None]

    def edit_images(self, ids: Iterable[int], edit: Edit) -> KeptEdit | None:
        """Say this of these images; None where it was all said already; see `Editor.edit_images`."""
        body, images = write_edit(edit), list(dict.fromkeys(ids))
        if not images:
            return None
        return values.read_kept_edit(
            self._change(edit_models.Edit, "POST", "edits", body | {"images": images})
        )

    def take_back(self, number: int) -> KeptEdit:
        """Take an edit back from all of its images. Raises EditUnknown."""
        if not 0 < number <= MAX_ID:
            raise EditUnknown(number)
        taken = values.read_kept_edit(self._change(edit_models.Edit, "DELETE", f"edits/{number}"))
        assert taken is not None, "an edit that changed nothing is not kept"
        return taken

    # -- what is saved by name ------------------------------------------------------------------

    def load_search(self, name: str) -> SavedSearch:
        """The saved search of this name; raises NameUnknown."""
        return self.count_new(name).saved

    def load_searches(self) -> dict[str, SavedSearch]:
        """The saved searches, by name."""
        return {news.saved.name: news.saved for news in self.count_news()}

    def count_news(self) -> list[SavedNews]:
        """Every saved search with the number of its new hits; one that cannot be answered says why."""
        return list(map(values.read_news, self._get(models.SavedSearches, "saved").searches))

    def count_new(self, name: str) -> SavedNews:
        """One saved search with the number of its new hits; raises NameUnknown."""
        return values.read_news(self._get(models.SavedSearch, _path("saved", name)))

    def add_search(self, name: str, line: str) -> None:
        """Save a search; what the library holds now counts as seen. See `Keeper.add_search`."""
        with _naming_line(line):
            self._change(models.SavedSearch, "POST", "saved", {"name": name, "line": line})

    def change_search(self, name: str, line: str) -> None:
        """Replace the line of a saved search."""
        with _naming_line(line):
            self._change(models.SavedSearch, "PATCH", _path("saved", name), {"line": line})

    def rename_search(self, name: str, new_name: str) -> None:
        """Give a saved search another name, also in the lines of others. Raises NameUnknown and NameTaken."""
        self._change(models.SavedSearch, "PATCH", _path("saved", name), {"name": new_name})

    def remove_search(self, name: str) -> None:
        """Forget a saved search; raises NameUnknown, and NameInUse where others say its name."""
        self._remove(_path("saved", name))

    def note_look(self, name: str, seen_image: int) -> SavedSearch:
        """Note that the hits among the images up to this id have been seen; an earlier look stays."""
        path = f"{_path('saved', name)}/look"
        return values.read_news(self._change(models.SavedSearch, "POST", path, {"newest": seen_image})).saved

    def load_concepts(self) -> dict[str, Examples]:
        """The examples of each concept, by name."""
        listed = self._get(models.SavedConcepts, "concepts").concepts
        return {each.name: Examples(tuple(each.good), tuple(each.bad)) for each in listed}

    def keep_concept(self, name: str, examples: Examples) -> None:
        """Save a set of examples; it replaces one of the same name. Raises ImageNotFound."""
        body = {"name": name, "good": examples.good, "bad": examples.bad}
        self._change(models.SavedConcept, "POST", "concepts", body)

    def rename_concept(self, name: str, new_name: str) -> None:
        """Give a concept another name, also in saved searches. Raises NameUnknown and NameTaken."""
        self._change(models.SavedConcept, "PATCH", _path("concepts", name), {"name": new_name})

    def remove_concept(self, name: str) -> None:
        """Forget a concept, not its images. Raises NameUnknown, and NameInUse where saved searches say it."""
        self._remove(_path("concepts", name))

    def load_verdicts(self) -> list[Verdict]:
        """What people said about which images are one picture, the oldest first."""
        newest_first = self._get(duplicate_models.Verdicts, "verdicts").verdicts
        return list(map(values.read_verdict, reversed(newest_first)))

    def state_verdict(self, kind: VerdictKind, images: Collection[int]) -> int:
        """Note that these images are all one picture, or that no two of them are; the verdict's number."""
        body = {"kind": kind, "images": sorted(set(images))}
        return self._change(duplicate_models.Verdict, "POST", "verdicts", body).id

    def withdraw_verdict(self, verdict: int) -> None:
        """Take a verdict back, so that those which it contradicted count again. Raises VerdictNotFound."""
        if not 0 < verdict <= MAX_ID:
            raise VerdictNotFound(verdict)
        self._remove(f"verdicts/{verdict}")

    # -- the library ----------------------------------------------------------------------------

    def load_status(self) -> models.Status:
        """What the library holds, and whether its indexes can be trusted."""
        return self._get(models.Status, "status")

    def load_problems(self) -> list[Problem]:
        """The files that could not be indexed, or only in part, by path."""
        found: list[Problem] = []
        while True:
            asked = {"limit": PROBLEMS_AT_ONCE, "offset": len(found)}
            page = self._get(models.Problems, "problems", asked)
            found += map(values.read_problem, page.problems)
            if not page.problems or len(found) >= page.total:
                return found

    def load_folders(self) -> list[str]:
        """The folders that were given to be indexed, on the machine of the server."""
        return self._get(Folders, "index").folders

    def start_index(self, folders: Sequence[str], *, checksum: bool = False, again: bool = False) -> Job:
        """Start an indexing run of folders that were indexed before, or in them; follow it by `load_job`."""
        body = {"folders": list(folders), "checksum": checksum, "again": again}
        return self._change(Job, "POST", "index", body)

    def load_jobs(self) -> list[Job]:
        """The runs that the server started, the newest first."""
        return self._get(Jobs, "jobs").jobs

    def load_job(self, job_id: str) -> Job:
        """How far a run is, or how it ended."""
        return self._get(Job, _path("jobs", job_id))

    def stop_job(self, job_id: str) -> Job:
        """Ask a run to stop after the pictures in hand; what it wrote is kept."""
        return self._change(Job, "DELETE", _path("jobs", job_id))

    def load_webhooks(self) -> list[Webhook]:
        """The addresses that are told of what happens, and whether that works; the oldest first."""
        return self._get(Webhooks, "webhooks").webhooks

    def add_webhook(self, url: str, event: WebhookEvent, saved: str = "") -> Webhook:
        """Have an address told of new-hits of a saved search, or of job-ended; its `secret` is told once."""
        return self._change(Webhook, "POST", "webhooks", {"url": url, "event": event, "saved": saved})

    def remove_webhook(self, webhook: int) -> None:
        """Tell an address nothing any more; raises WebhookUnknown."""
        if not 0 < webhook <= MAX_ID:
            raise WebhookUnknown(webhook)
        self._remove(f"webhooks/{webhook}")

    def save_snapshot(self, path: Path | str) -> None:
        """Write a checked copy of the library to a TAR file, which `pictor restore` makes a library of."""
        self._connection.download(f"{API}/snapshot", Path(path))

    # -- requests -------------------------------------------------------------------------------

    def _get(self, model: type[AnyModel], path: str, asked: Mapping[str, Any] | None = None) -> AnyModel:
        return self._connection.fetch(model, "GET", f"{API}/{path}", params=asked or {})

    def _post(self, model: type[AnyModel], path: str, body: Mapping[str, Any]) -> AnyModel:
        """The answer to a question whose words are in the body."""
        return self._connection.fetch(model, "POST", f"{API}/{path}", json=body)

    def _change(
        self, model: type[AnyModel], method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> AnyModel:
        return self._connection.change(model, method, f"{API}/{path}", json=body)

    def _remove(self, path: str) -> None:
        self._connection.send("DELETE", f"{API}/{path}", is_repeatable=False)

    def _ask(
        self, model: type[AnyModel], path: str, query: Query | str, shown: Mapping[str, str] | None = None
    ) -> AnyModel:
        """The answer about a query, whose pictures are sent first; `shown` says what is told besides."""

        def send(**content: Any) -> AnyModel:
            return self._connection.fetch(model, "POST", f"{API}/{path}", params=shown, **content)

        if isinstance(query, str):
            with _naming_line(query):
                return send(data={"q": query})
        _check_query(query)
        try:
            return send(json=query_to_json(self._uploads.send_pictures(query)))
        except RequestRefused as error:
            if error.code != EXPIRED:
                raise
        self._uploads.forget()
        return send(json=query_to_json(self._uploads.send_pictures(query)))


def split_batches(queries: Sequence[Query]) -> list[list[Query]]:
    """The queries in their order, as many together as one request may hold."""
    batches: list[list[Query]] = []
    for query in queries:
        batch = batches[-1] if batches else []
        hits = sum(other.limit for other in batch) + query.limit
        if not batch or len(batch) == QUERIES_AT_ONCE or hits > HITS_AT_ONCE:
            batches.append([query])
        else:
            batch.append(query)
    return batches


@contextmanager
def _naming_line(line: str) -> Iterator[None]:
    """Let errors show where in the line they are, as those of a library do."""
    try:
        yield
    except InvalidQuery as error:
        error.line = line if error.column else None
        raise


def _check_query(query: Query) -> Query:
    """The query; raises TypeError for what is none."""
    if not isinstance(query, Query):
        raise_query_type(query)
    return query


def _check_image(image_id: int) -> int:
    """The id, if an image can have it; raises ImageNotFound."""
    if not 0 < image_id <= MAX_ID:
        raise ImageNotFound(image_id)
    return image_id


def _path(kind: str, name: str) -> str:
    return f"{kind}/{quote(name, safe='')}"
