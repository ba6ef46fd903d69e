"""The Library: opens a directory, connects catalog, descriptors and projections, and answers queries."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np

from .catalog import (
    ApiKey,
    Catalog,
    CatalogAddress,
    Deed,
    Facet,
    Image,
    KeptEdit,
    Location,
    Person,
    Restriction,
    SavedSearch,
    Space,
    Statement,
    sqlite_url,
)
from .descriptors import text_tower
from .descriptors.lab import mean_colours
from .errors import (
    FeatureDamaged,
    ImageNotFound,
    ImageNotInAnswer,
    InvalidQuery,
    InvalidSetting,
    LibraryNotFound,
    NameUnknown,
    RetrievalError,
)
from .line_reader import LineReader
from .originals import load_thumbnail, read_file_of, read_original
from .passwords import is_password
from .pictures.files import Limits
from .pictures.images import RGB, WORKING_SIDE, encode_webp
from .process_limits import share_memory, use_one_thread
from .projections.bridge import BridgeView
from .projections.likeness import LIKENESS, LikenessView
from .projections.snapshot import AnyProjection, Snapshot
from .projections.words import WordView
from .query.checks import raise_query_type
from .query.conditions import Filters, find_confidence
from .query.rewording import Rewording, replace_words
from .query.suggestions import suggest_name
from .query.unfinished import Completion
from .query.values import Examples, Part, Picture, Query, Region, StoredPicture, Text
from .ranking import caption_bridge
from .ranking.arrays import Float32Vector, Float64Scores, Int64Ids
from .ranking.duplicate_groups import Duplicates, NearCopy, Tier
from .ranking.heat import draw_heat
from .ranking.keep_rules import KeepRule
from .ranking.ranking import Ranking
from .ranking.salience import find_salient_boxes
from .ranking.verdicts import Verdict
from .remark import Remark
from .search.answer import Answer, build_hits
from .search.atlas import Atlas
from .search.batches import ask_together
from .search.completions import MOST_COMPLETIONS, complete_line
from .search.duplicates import LARGEST, find_copies, find_duplicates
from .search.explain import Explainer
from .search.explanations import Explanation
from .search.features import NONE_DESCRIBED, DescribedPicture, FeatureSource
from .search.flow import Search
from .search.grouping import stack_images
from .search.hits import NewHits, Results, SavedNews
from .search.kept_keypoints import KeptKeypoints
from .search.kept_lists import Walk
from .search.overview import NamedKind, Overview, WayPage, list_named
from .search.probes import describe_empty_texts
from .search.remainders import Remainder, find_remainders
from .search.remarks import describe_unknown_words
from .search.saved_sets import SavedSets
from .search.stages import LOAD
from .search.suggested_values import NEIGHBOURS, Suggestion, suggest_values
from .search.weights import check_signals
from .search_state import SearchState
from .settings import Settings
from .signals import COLOUR, MEANING, SUBJECT, WORDS
from .spaces import Features, PictureDescription
from .watch import stage

Asked = TypeVar("Asked")
Found = TypeVar("Found")
CATALOG_FILE = "catalog.sqlite"


@dataclass(frozen=True, slots=True, eq=False)
class AnsweredQuery:
    """A query, its search and the answer; of the query as it was typed, the words that no image has, those
    among them that could not be used at all, and what was probably meant by them.
    """

    query: Query
    search: Search
    answer: Answer
    unknown_words: tuple[str, ...]
    unused_words: tuple[str, ...]
    did_you_mean: tuple[Rewording, ...]


class Library:
    """One collection of pictures, open for reading; a LibraryWriter changes it.

    Safe to search from many threads. Use it as a context manager, or call `close`.
    """

    def __init__(
        self, path: Path, catalog: Catalog, settings: Settings, shared: SearchState | None = None
    ) -> None:
        """`shared`: the state of another library with the same spaces, whose models are used."""
        self.path, self.catalog, self.settings = path, catalog, settings
        self.is_whole = shared is None
        self.search_state = SearchState(catalog, path, settings, shared)
        self._line_reader = LineReader(catalog, settings)

    @classmethod
    def open(cls, path: Path | str, settings: Settings | None = None) -> Library:
        """Open a library for reading; raises LibraryNotFound or SchemaOutOfDate. Nothing is repaired."""
        path = Path(path).absolute()
        settings = settings or Settings.resolve(path)
        if not Library.has_library(path, settings):
            raise LibraryNotFound(path)
        return Library(path, Catalog.open(catalog_address(path, settings)), settings)

    def restrict(self, restriction: Restriction) -> Library:
        """The library as if it held nothing but what the restriction lets see; for reading alone.

        It has a folder of its own in the folder of this one, for projections and cursors. Those that were
        published there are used; without them, searches index in memory what they need.
        """
        folder = self.views_folder / view_name(restriction)
        with suppress(OSError):  # of a library that can only be read
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Library(folder, self.catalog.restrict(restriction), self.settings, self.search_state)

    @property
    def views_folder(self) -> Path:
        """The folder that holds those of restricted libraries."""
        return self.path / "views"

    @staticmethod
    def has_library(path: Path, settings: Settings) -> bool:
        """Whether there is a library at `path`; if its catalog is on a server, it is assumed to exist."""
        return bool(settings.catalog_url) or (path / CATALOG_FILE).is_file()

    def close(self) -> None:
        """Close the connections to the database."""
        self.catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- describing pictures --------------------------------------------------------------------

    def check_scaling(self) -> None:
        """Raise InvalidSetting if pictures were described under another value of the setting `scaling`."""
        noted, current = self.search_state.spaces.scaling_policy, self.settings.scaling
        if noted not in (None, current):
            raise InvalidSetting(
                f"scaling = {current!r}: the pictures of {self.path} were described under {noted!r}, and "
                f"cannot be compared with others; set it back to {noted!r}, or index into another --library"
            )

    @property
    def reading_limits(self) -> Limits:
        """The limits on files and how they are decoded. Raises InvalidSetting as `check_scaling` does."""
        self.check_scaling()
        return replace(limits_from_settings(self.settings), background=self.background)

    @property
    def background(self) -> str:
        """What shows through transparent pixels of pictures: white, or content (see Limits)."""
        return self.search_state.spaces.background

    @property
    def spaces(self) -> tuple[Space, ...]:
        """The live spaces: every image has a feature in each of them."""
        return self.search_state.spaces.live

    def describe(self, pictures: Sequence[RGB]) -> list[Features]:
        """The features of each picture, by space id, as they are stored; zeros if a picture has none."""
        return self.search_state.spaces.describe(pictures)

    def describe_and_predict(self, pictures: Sequence[RGB]) -> list[PictureDescription]:
        """The features of each picture and the labels predicted for it, computed in one pass."""
        return self.search_state.spaces.describe_and_predict(pictures)

    def warm_up(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Load everything that a query needs, so that the first one does not wait for it.

        `is_wanted` is asked before each step, some of which take seconds in a large library; False ends it.
        """
        state = self.search_state
        steps: tuple[Callable[[], object], ...] = (
            lambda: self.describe([np.zeros((64, 64, 3), np.uint8)]),
            lambda: self.search(Query((Text("light"),))),
            lambda: state.sort_keys.warm_up(self.snapshot().seq),
            state.facet_tables.warm_up,
            self.make_overview,
        )
        for take_step in steps:
            if is_wanted():
                take_step()

    def prepare_serving(self) -> None:
        """For a process that answers many requests at once: what is new of the indexes is prepared aside, and
        no answer waits for it; each computes with one thread, so that they do not slow each other."""
        use_one_thread()
        share_memory()
        self.search_state.snapshots.prepare_aside()

    @property
    def generations_folder(self) -> Path:
        """The folder that holds the generations of the projections."""
        return self.search_state.generations_folder

    # -- searching ------------------------------------------------------------------------------

    @property
    def projections(self) -> tuple[AnyProjection, ...]:
        """Every projection of the library: the words, and those of each live space."""
        return self.search_state.projections

    @property
    def signal_names(self) -> tuple[str, ...]:
        """The names of the rankings that a query can draw on."""
        return self.search_state.signal_names

    def snapshot(self) -> Snapshot:
        """The newest state of all projections; raises ProjectionDamaged if one of them is damaged."""
        return self.search_state.snapshots.newest_snapshot()

    def read_line(
        self,
        line: str,
        *,
        parts: tuple[Part, ...] = (),
        limit: int = 40,
        offset: int = 0,
        today: date | None = None,
    ) -> Query:
        """The query that a line says: in the query language, and its bare words as a sentence.

        What was understood, and what else the words may mean, is the `reading` of the query. `parts` are
        added after the parts of the line; *last summer* is reckoned from `today`, by default the day of this
        machine. The setting `sentences` switches sentences off. Raises InvalidQuery as `parse_query` does.
        """
        return self._line_reader.read_line(line, parts=parts, limit=limit, offset=offset, today=today)

    def write_line(self, query: Query) -> str:
        """The line that `read_line` reads as this query on any day; limit, offset and cursor are not in it.

        Raises InvalidQuery for a picture that was given as bytes.
        """
        return self._line_reader.write_line(query)

    def search(self, query: Query | str, *, with_cursor: bool = False) -> Results:
        """The page of hits that the query asks for; the same query always gives the same list.

        `with_cursor`: keep the list in the library's folder, so that the answer has a cursor. The same query
        with this cursor gives the next page, and a cursor for the page after it: no image is left out and
        none comes twice, whatever others index, change or remove meanwhile. Removed images fall out. What is
        said of a hit is what the query finds now.

        A line of text is read by `read_line`, so `library.search("bus -tag:night last summer")` works;
        pictures of files and addresses are not read for a line: give them as parts of a Query.
        Raises InvalidQuery, CursorExpired, ImageNotFound for an unknown stored picture, UnreadableImage for a
        picture that cannot be decoded, and ProjectionDamaged if a projection is damaged.
        """
        asked = self._as_checked_query(query)
        return self._answer_query(
            self._start_search(asked), start_search=self._start_search, with_cursor=with_cursor
        )

    def search_many(
        self, queries: Sequence[Query | str], *, with_cursor: bool = False
    ) -> list[Results | RetrievalError]:
        """The answer to each query, in their order; in the place of one that cannot be answered, its error.

        All of them search one state of the library. Their pictures are described together, and each index,
        and the keypoints of images that several compare, are read once for all of them, so that this takes
        less time than one search after the other. The answers are those of `search`.
        """
        asked = [_attempt(self._as_checked_query, query) for query in queries]
        valid = [query for query in asked if isinstance(query, Query)]
        pictures = [part for query in valid for part in query.single_parts if isinstance(part, Picture)]
        start = partial(
            self._start_search,
            snapshot=self.snapshot(),
            described=self._feature_source.describe_pictures(pictures),
            keypoints=KeptKeypoints(),
        )
        started = [query if isinstance(query, RetrievalError) else _attempt(start, query) for query in asked]
        ask_together(search for search in started if isinstance(search, Search))
        answer = partial(self._answer_query, start_search=start, with_cursor=with_cursor)
        return [
            search if isinstance(search, RetrievalError) else _attempt(answer, search) for search in started
        ]

    def _as_checked_query(self, query: Query | str) -> Query:
        asked = self._as_query(query)
        check_signals(asked, self.signal_names)
        return asked

    def _answer_query(
        self, search: Search, *, start_search: Callable[[Query], Search], with_cursor: bool
    ) -> Results:
        asked, lists = search.query, self.search_state.kept_lists
        # A wrong cursor is refused before anything is ranked.
        walk = lists.resume_walk(asked, asked.cursor, search.seq) if asked.cursor else None
        answered = self._find_answer(asked, search, start_search)
        query, search, answer = answered.query, answered.search, answered.answer
        if walk is None:
            name = lists.keep_answer(asked, answer.ids, search.seq) if with_cursor else None
            walk = Walk(answer.ids, query.offset, name)
        with search.stopwatch.measure(LOAD):
            images, ranks, end = self._load_page(walk, query.limit)
            hits = tuple(build_hits(answer, images, search.amounts, search.find_boxes, ranks=ranks))
        return Results(
            hits,
            len(walk.ids),
            self._describe_search(answered),
            answer.folded_count,
            answered.unused_words,
            answered.did_you_mean,
            tuple(self._find_remainders(query, answer)),
            walk.cursor_at(end),
            walk.cursor_at(max(0, walk.start - query.limit)) if walk.start else None,
            search.stopwatch.seconds,
            self.load_thumbnail,
        )

    def _load_page(self, walk: Walk, limit: int) -> tuple[dict[int, Image], list[int], int]:
        """The first images of a walk that are still there, their ranks, and the place where it goes on."""
        images: dict[int, Image] = {}
        end = walk.start
        while len(images) < limit and end < len(walk.ids):
            wanted = walk.ids[end : end + limit - len(images)].tolist()
            images |= self._load_images(wanted)
            end += len(wanted)
        listed = enumerate(walk.ids[walk.start : end].tolist(), walk.start + 1)
        return images, [rank for rank, image_id in listed if image_id in images], end

    def _describe_search(self, answered: AnsweredQuery) -> tuple[str, ...]:
        """Sentences about what could not take part in a search, and why."""
        query, search, answer = answered.query, answered.search, answered.answer
        bare = [
            Remark("%(name)s: too little to compare: %(reason)s.", name=name, reason=reason)
            for name, reason in search.bare_pictures.items()
        ]
        return (
            *describe_empty_texts(query),
            *_describe_words(answered),
            *self._describe_removed_examples(query),
            *bare,
            *search.describe_groups(answer),
            *search.describe_missing_windows(answer),
            *self._query_remarks(query),
            *_page_remarks(query, answer),
        )

    def complete_line(
        self,
        line: str,
        *,
        limit: int = 10,
        show_folder: Callable[[str], str] = str,
        with_saved: bool = True,
    ) -> list[Completion]:
        """How the last term of an unfinished line may go on, at most `limit` ways; an empty list for none.

        A word goes on as words of the library, as keys, as predicted labels and categories of several words
        and as saved searches; what stands behind a key, as the library's values. Without `with_saved`,
        nothing that was saved by name is told.
        A word counts the images that had it when the words were last published, and those since then.
        `show_folder` gives what may be known of the path of a folder.
        """
        view = self.search_state.snapshots.newest_snapshot().views[WORDS]
        assert isinstance(view, WordView)
        with self.catalog.reading() as reader:
            most = min(limit, MOST_COMPLETIONS)
            return complete_line(
                line,
                view.vocabulary,
                reader,
                most,
                show_folder=show_folder,
                with_saved=with_saved,
                with_predicted=self.settings.predicted_labels,
            )

    def rank_signals(self, query: Query) -> dict[str, Ranking]:
        """Every signal's full ranking for a query with one part, and the fused one under "fused".

        Signals of weight 0 are ranked as well. If the options replace plain subjects by neighbourhoods, the
        plain subjects are ranked too, but are not part of the fusion.
        """
        return self._start_search(query).rank_by_signal()

    def signal_amounts(
        self, query: Query, ids: Int64Ids, *, fusion: str, k: float
    ) -> dict[str, Float64Scores]:
        """What each signal of a query contributes to the scores of these images at weight 1, by signal.

        `fusion` and `k` stand for the settings `fusion` and `fusion_k`. Signals without rankings of their
        own, such as `details`, are left out.
        """
        settings = replace(self.settings, fusion=fusion, fusion_k=k)
        return self._start_search(query, settings).amounts_by_signal(ids)

    def explain(self, query: Query | str, image_id: int) -> Explanation:
        """Why an image has its rank in the answer to a query, on any page.

        Raises ImageNotFound for an unknown image, ImageNotInAnswer for one that the answer does not list, and
        what `search` raises.
        """
        answered = self._find_answer(self._as_query(query))
        query, search, answer = answered.query, answered.search, answered.answer
        positions = np.flatnonzero(answer.ids == image_id)
        if not len(positions):
            self.load_image(image_id)  # raises ImageNotFound
            raise ImageNotInAnswer(image_id, _absence_reason(query, answer, image_id))
        [hit] = build_hits(
            answer,
            self._load_images([image_id]),
            search.amounts,
            search.find_boxes,
            ranks=[int(positions[0]) + 1],
        )
        state = self.search_state
        meaning = state.snapshots.newest_snapshot().views.get(MEANING)
        return Explainer(
            query,
            self._feature_source,
            state.spaces,
            state.translator,
            meaning if isinstance(meaning, BridgeView) else None,
        ).explain(hit)

    def count_facets(self, query: Query | str) -> dict[str, Facet]:
        """How many of all images in the answer to a query, on every page, have each value; by facet."""
        answered = self._find_answer(self._as_query(query))
        query, answer = answered.query, answered.answer
        everything = not (query.parts or query.examples or query.filters)
        with stage("count"):
            return self.search_state.facet_tables.count_facets(
                None if everything and len(answer.ids) == len(answer.ranked.fused) else answer.ids,
                confidence=find_confidence(query.filters),
                predicted=self.settings.predicted_labels,
            )

    def _find_answer(
        self,
        query: Query,
        search: Search | None = None,
        start_search: Callable[[Query], Search] | None = None,
    ) -> AnsweredQuery:
        """The answer to a query; where it is empty, that to what was surely meant by its misspelt words.

        `search`: the search for the query, where one was started already; `start_search` starts others.
        """
        start_search = start_search or self._start_search
        search = search or start_search(query)
        answer, meant = search.find_answer(), search.correct_query()
        unknown = search.unknown_words
        unused = tuple(word for word in unknown if not search.has_meaning(word))
        answered = AnsweredQuery(query, search, answer, unknown, unused, tuple(meant))
        if not (meant and meant[0].is_sure) or len(answer.ranked.fused):
            return answered
        reworded = replace_words(query, meant[0].words)
        other_search = start_search(reworded)
        other = other_search.find_answer()
        if not len(other.ids):
            return answered
        used = (replace(meant[0], is_used=True), *meant[1:])
        return replace(answered, query=reworded, search=other_search, answer=other, did_you_mean=used)

    def _find_remainders(self, query: Query, answer: Answer) -> list[Remainder]:
        """What would remain without each piece of a query whose answer is empty."""
        if len(answer.ranked.fused):
            return []
        return find_remainders(query, lambda other: len(self._find_answer(other).answer.ids))

    def find_ids(self, query: Query | str) -> list[int]:
        """The ids of all hits of a query, on every page, in their order. Raises what `search` raises."""
        asked = self._as_checked_query(query)
        ids: list[int] = self._find_answer(asked).answer.ids.tolist()
        return ids

    def suggest_values(self, image_id: int) -> tuple[Suggestion, ...]:
        """Tags and labels that may be so of an image, the surest first: those of its neighbours, and what is
        surely predicted; nothing that is stated or was rejected. Raises ImageNotFound.
        """
        image, query = self.load_image(image_id), Query((StoredPicture(image_id),), limit=NEIGHBOURS)
        neighbours = [hit.image for hit in self.search(query).hits]
        rejected = {one.key for one in self.load_statements(image_id) if not one.is_so}
        return suggest_values(image, neighbours, rejected)

    def load_statements(self, image_id: int) -> tuple[Statement, ...]:
        """What a person says of an image: what is so first; nothing of an unknown one."""
        with self.catalog.reading() as reader:
            return reader.load_statements([image_id])[image_id]

    def load_edits(self, image_id: int | None = None) -> list[KeptEdit]:
        """The edits that can be taken back, or those of one image, the latest first."""
        with self.catalog.reading() as reader:
            return reader.load_edits(image_id)

    def newest_image(self) -> int:
        """The highest id of an image; 0 where there is none. Later images have higher ones."""
        with self.catalog.reading() as reader:
            return reader.newest_image()

    def load_concepts(self) -> dict[str, Examples]:
        """The examples of each concept, by name."""
        with self.catalog.reading() as reader:
            return reader.load_concepts()

    def load_search(self, name: str) -> SavedSearch:
        """The saved search of this name; raises NameUnknown."""
        searches = self.load_searches()
        if name not in searches:
            raise NameUnknown("saved search", name, list(searches))
        return searches[name]

    def load_keys(self) -> list[ApiKey]:
        """The API keys that were made, the oldest first; revoked ones too."""
        with self.catalog.reading() as reader:
            return reader.load_keys()

    def load_people(self) -> list[Person]:
        """Everybody who may sign in, the oldest first."""
        with self.catalog.reading() as reader:
            return reader.load_people()

    def check_password(self, name: str, password: str) -> Person | None:
        """The person of this name, if this is the password; it takes as long if there is none."""
        with self.catalog.reading() as reader:
            found = reader.find_person(name)
        person, stored = found if found else (None, None)
        return person if is_password(password, stored) else None

    def find_signed_in(self, token: str) -> ApiKey | Person | None:
        """Who is signed in by the token that a browser holds."""
        with self.catalog.reading() as reader:
            return reader.find_signed_in(token)

    def load_deeds(self, most: int) -> list[Deed]:
        """The latest deeds in the journal, the newest first."""
        with self.catalog.reading() as reader:
            return reader.load_deeds(most)

    def find_key(self, key: str) -> ApiKey | None:
        """The API key that is written so; None for a wrong one, and for one that was revoked."""
        with self.catalog.reading() as reader:
            return reader.find_key(key)

    def load_searches(self) -> dict[str, SavedSearch]:
        """The saved searches, by name."""
        with self.catalog.reading() as reader:
            return reader.load_searches()

    def find_new(self, query: Query | str, seen_image: int, newest: int | None = None) -> NewHits:
        """The page of hits among the images whose ids are above `seen_image`, above the relevance line.

        It lists members of groups as hits of their own. Every image belongs to one look: what is added while
        this one goes on comes with the next. `newest`: that of the look which a further page belongs to.
        Without newer images nothing is searched. Raises what `search` raises.
        """
        query = self._as_query(query)
        newest = self.newest_image() if newest is None else newest
        if newest <= seen_image:
            return NewHits((), 0, newest)
        check_signals(query, self.signal_names)
        search = self._start_search(query)
        answer = search.find_answer()
        found = answer.found_ids
        new = found[(found > seen_image) & (found <= newest)]
        page = self._load_images(new[query.offset : query.offset + query.limit].tolist())
        ranks = range(query.offset + 1, query.offset + 1 + len(page))
        ungrouped = replace(answer, is_grouped=False)
        hits = build_hits(ungrouped, page, search.amounts, search.find_boxes, ranks=ranks)
        return NewHits(tuple(hits), len(new), newest)

    def count_news(self, *, seconds: float = math.inf) -> list[SavedNews]:
        """Every saved search with the number of its new hits; one that cannot be answered says why.

        What was counted is kept until something changes. With `seconds`, those that are not reached within
        this time are not counted: a later call goes on.
        """
        with self.catalog.reading() as reader:
            searches = reader.load_searches()
            lines = [(saved.name, saved.line) for saved in searches.values()]
            state = reader.last_seq(), lines, reader.load_concepts(), reader.load_recipes(), date.today()
        kept = self.search_state.kept_news
        return kept.count_all(searches.values(), state, self._count_new, seconds=seconds)

    def count_new(self, name: str) -> SavedNews:
        """One saved search with the number of its new hits; raises NameUnknown."""
        return self._count_new(self.load_search(name))

    def _count_new(self, saved: SavedSearch) -> SavedNews:
        try:
            return SavedNews(saved, self.find_new(saved.line, saved.seen_image).total)
        except (InvalidQuery, ImageNotFound) as error:
            return SavedNews(saved, problem=str(error))

    def _load_saved_query(self, name: str) -> Query:
        saved = self.load_searches()
        if name not in saved:
            nearest = suggest_name(name, saved)
            hint = f"did you mean {nearest}?" if nearest else "`pictor saved list` names them"
            raise InvalidQuery(f"saved:{name}: no saved search has this name; {hint}")
        try:
            return self.read_line(saved[name].line)
        except InvalidQuery as error:
            raise InvalidQuery(f"saved:{name}: its line cannot be read ({error}); change it") from error

    def _as_query(self, query: Query | str) -> Query:
        """The query, or the one that a line of text says; raises TypeError for anything else."""
        if isinstance(query, str):
            return self.read_line(query)
        if not isinstance(query, Query):
            raise_query_type(query)
        return query

    def _start_search(
        self,
        query: Query,
        settings: Settings | None = None,
        *,
        snapshot: Snapshot | None = None,
        described: Mapping[Picture, DescribedPicture] = NONE_DESCRIBED,
        keypoints: KeptKeypoints | None = None,
    ) -> Search:
        self.search_state.spaces.check_descriptors()
        snapshot = snapshot or self.snapshot()
        has_tower = self.search_state.spaces.text_tower
        make_search = partial(
            Search,
            catalog=self.catalog,
            snapshot=snapshot,
            backgrounds=self.search_state.backgrounds,
            features=self._make_feature_source(described, keypoints),
            map_text=self.search_state.text_mapper(snapshot),
            text_closeness=text_tower.text_closeness if has_tower else caption_bridge.bridge_closeness,
            translator=self.search_state.translator,
            load_rivals=self.search_state.rival_loader,
            knows_word=self.search_state.word_knower(snapshot),
            sort_keys=self.search_state.sort_keys,
            settings=settings or self.settings,
            picked_lists=self.search_state.picked_lists,
        )

        def find_ids(saved_query: Query) -> Int64Ids:
            return make_search(saved_query, saved_sets=saved_sets).find_answer().found_ids

        saved_sets = SavedSets(self._load_saved_query, find_ids)
        return make_search(query, saved_sets=saved_sets)

    @property
    def _feature_source(self) -> FeatureSource:
        return self._make_feature_source(NONE_DESCRIBED)

    def _make_feature_source(
        self, described: Mapping[Picture, DescribedPicture], keypoints: KeptKeypoints | None = None
    ) -> FeatureSource:
        spaces, limits = self.search_state.spaces, self.reading_limits
        return FeatureSource(self.catalog, spaces, limits, described, keypoints)

    def _describe_removed_examples(self, query: Query) -> list[str]:
        ids = (*query.examples.good, *query.examples.bad)
        images = self._load_images(ids) if ids else {}
        return [
            Remark("The example %(image)s is not in the library any more; it was left out.", image=image_id)
            for image_id in dict.fromkeys(ids)
            if image_id not in images
        ]

    def _query_remarks(self, query: Query) -> list[str]:
        pictures = any(isinstance(part, Picture | StoredPicture) for part in query.single_parts)
        untrained = any(space.configuration.get("trained") is False for space in self.spaces)
        if pictures and untrained:
            return [
                Remark(
                    "The backbone is untrained: “subject” compares textures and shapes, not what is shown."
                )
            ]
        texts = any(isinstance(part, Text) for part in query.single_parts)
        tower = self.search_state.spaces.text_tower
        return [tower.unavailable_reason] if texts and tower and tower.unavailable_reason else []

    def find_duplicates(self, tier: Tier = "picture", rule: KeepRule = LARGEST) -> Duplicates:
        """The groups of copies of one tier, and of each the copy that a rule would keep; nothing is deleted.

        They are kept until something changes. The tiers are those of `retrieval.search.duplicates`. Raises
        InvalidQuery for another one, and ProjectionDamaged.
        """
        snapshot = self.snapshot()
        found = snapshot.views.get(LIKENESS)
        view = found if isinstance(found, LikenessView) else None
        state = snapshot.seq, snapshot.pointers.get(LIKENESS), self.load_verdicts()
        make = partial(find_duplicates, self.catalog, view, tier, rule)
        return self.search_state.kept_duplicates.find_result(state, (tier, rule), make)

    def find_copies(self, image_id: int) -> tuple[NearCopy, ...]:
        """The files that are like an image, the most alike first.

        Raises ImageNotFound and ProjectionDamaged.
        """
        view = self.snapshot().views.get(LIKENESS)
        found = view if isinstance(view, LikenessView) else None
        return find_copies(self.catalog, found, self.load_image(image_id))

    def make_overview(self) -> Overview:
        """What the library consisted of at the last publication: ways in, folders, months, with pictures.

        It is made when it is first asked for, and kept until the next publication. Raises ProjectionDamaged.
        """
        pointers = self.snapshot().pointers
        return self.search_state.overviews.newest_overview(tuple(pointers.items()))

    def list_named(
        self, kind: NamedKind, *, by_name: bool = False, limit: int = 60, offset: int = 0
    ) -> WayPage:
        """A page of the people or places that are stated: the most frequent first, or by name."""
        with self.catalog.reading() as reader:
            return list_named(reader, kind, by_name=by_name, limit=limit, offset=offset)

    def make_atlas(self) -> Atlas | None:
        """The map of the images by what they show, with named clusters; None where they are too few for one.

        The places are those of the last publication. Raises ProjectionDamaged.
        """
        snapshot = self.snapshot()
        view = snapshot.views.get(LIKENESS)
        return self.search_state.atlases.find_atlas(view) if isinstance(view, LikenessView) else None

    def pick_images(self, ids: Sequence[int]) -> str:
        """The value of `among:` for these images, at least one: their ids, or a list that is kept for a week.

        Raises StorageFailed where they are too many for a line and the library cannot be written.
        """
        return self.search_state.picked_lists.write_value(np.array(ids, np.int64))

    def find_picked(self, value: str) -> Int64Ids:
        """The images of the library that a value of `among:` means. Raises InvalidQuery."""
        return self._start_search(Query(filters=Filters(among=(value,)))).find_answer().found_ids

    def find_picked_expiry(self, value: str) -> datetime | None:
        """Until when a value of `among:` is kept if nobody uses it, in UTC; None for one without an end."""
        return self.search_state.picked_lists.find_expiry(value)

    def load_verdicts(self) -> list[Verdict]:
        """What people said about which images are one picture, the oldest first."""
        with self.catalog.reading() as reader:
            return reader.load_verdicts()

    # -- showing images -------------------------------------------------------------------------

    def count_images(self) -> int:
        """How many images there are."""
        with self.catalog.reading() as reader:
            return reader.count_images()

    def load_image(self, image_id: int) -> Image:
        """One image with all that is known about it; raises ImageNotFound."""
        images = self._load_images([image_id])
        if image_id not in images:
            raise ImageNotFound(image_id)
        return images[image_id]

    def load_images(self, ids: Sequence[int]) -> dict[int, Image]:
        """These images with all that is known about them, in the same order; unknown ids are left out."""
        return self._load_images(ids)

    def _load_images(self, ids: Sequence[int]) -> dict[int, Image]:
        """Images without their predicted labels if the settings turn those off."""
        with self.catalog.reading() as reader:
            images = reader.load_images(ids)
        if self.settings.predicted_labels:
            return images
        return {image_id: image.without_predictions() for image_id, image in images.items()}

    def load_colours(self, ids: Iterable[int]) -> dict[int, str]:
        """The mean colours of images, as #rrggbb: what stands in their place until they are loaded.

        Images that were not described are left out, and all of them where features are damaged.
        """
        space = next((space for space in self.spaces if space.descriptor == COLOUR), None)
        if space is None:
            return {}
        try:
            with self.catalog.reading() as reader:
                known, features = reader.load_features(space, ids)
        except FeatureDamaged:
            return {}
        colours = mean_colours(features.astype(np.float32))
        return {
            image_id: f"#{bytes(colour).hex()}"
            for image_id, colour in zip(known.tolist(), colours, strict=True)
        }

    def stack_images(self, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Of the images of a list, such as a page of hits: those that are a copy or of the shot of an earlier
        one, by that one, in their order.

        Nothing is stacked where an image was not described, in a library without spaces, or where features
        are damaged.
        """
        if not self.search_state.spaces.vector_spaces:
            return {}
        try:
            return stack_images(self.catalog, self._feature_source, np.array(ids, np.int64))
        except (FeatureDamaged, ImageNotFound):
            return {}

    def find_things(self, picture: Picture | StoredPicture, count: int = 4) -> list[Region]:
        """At most `count` boxes of a picture of a query that most probably hold a thing of their own.

        The most salient comes first. There are none where the backbone's last map cannot be read, and where
        nothing stands out. Raises ImageNotFound and UnreadableImage.
        """
        found = self.search_state.spaces.subject_map(self._feature_source.load_pixels(picture))
        if found is None:
            return []
        last, frame = found
        return [frame.place_box(box) for box in find_salient_boxes(last, count)]

    def load_thumbnail(self, image_id: int) -> bytes:
        """The stored small rendition (WebP, long side 320 pixels); raises ImageNotFound."""
        return load_thumbnail(self.catalog, image_id)

    def read_original(self, image_id: int) -> tuple[Location, bytes]:
        """The file of an image as it is, and where it lies; raises ImageNotFound and OriginalMissing."""
        return read_file_of(self.load_image(image_id), self.reading_limits)

    def load_vectors(self, image_id: int) -> list[tuple[Space, Float32Vector]]:
        """The stored feature of an image in every space that has vectors; raises ImageNotFound."""
        source = self._feature_source
        return [
            (space, source.load_stored_features(space.descriptor, [image_id])[0])
            for space in self.search_state.spaces.vector_spaces
        ]

    def embed(
        self, part: Text | Picture | StoredPicture, signal: str = SUBJECT
    ) -> tuple[Space, Float32Vector]:
        """The vector of a text or a picture in the space of a signal, as it is compared with stored ones.

        Texts have one in the subject space alone. Raises InvalidQuery for another signal and for a text that
        says nothing to this library, ImageNotFound and UnreadableImage.
        """
        spaces = {space.descriptor: space for space in self.search_state.spaces.vector_spaces}
        if signal not in spaces or (isinstance(part, Text) and signal != SUBJECT):
            known = [SUBJECT] if isinstance(part, Text) else list(spaces)
            raise InvalidQuery(f"space {signal[:80]}: there is no such vector; there are {', '.join(known)}")
        if not isinstance(part, Text):
            return spaces[signal], self._feature_source.load_picture_features(part)[signal]
        vector = self.search_state.text_mapper(self.snapshot())(part.text)
        if vector is None:
            raise InvalidQuery(f"text: “{part.text[:80]}” has no meaning that this library knows; reword it")
        return spaces[signal], vector

    def render_heat(self, query: Query | str, image_id: int) -> bytes:
        """An image (WebP) with what in it is like the first picture of a query; raises as `explain` does, and
        InvalidQuery where nothing can be shown.
        """
        explained = self.explain(query, image_id)
        if not explained.heat:
            raise InvalidQuery(
                "there is no heat map: the query holds no picture, or the backbone does not tell places apart"
            )
        pixels = self._feature_source.load_pixels(StoredPicture(image_id))
        return encode_webp(draw_heat(pixels, explained.heat[0].image), side=max(pixels.shape[:2]))

    def render_preview(self, image_id: int, side: int = WORKING_SIDE) -> bytes:
        """A larger rendition (WebP, at most `side` pixels on its short side), decoded again from the original
        and free of metadata.

        The thumbnail is returned instead if the original cannot be read or has changed.
        """
        pixels = read_original(self.load_image(image_id), replace(self.reading_limits, side=side))
        if pixels is None:
            return self.load_thumbnail(image_id)
        return encode_webp(pixels, side=max(pixels.shape[:2]))


def _attempt(find: Callable[[Asked], Found], asked: Asked) -> Found | RetrievalError:
    """What is found, or the error in its place."""
    try:
        return find(asked)
    except RetrievalError as error:
        return error


def _describe_words(answered: AnsweredQuery) -> list[str]:
    """What is said of unknown words, unless others are searched in their place."""
    if any(rewording.is_used for rewording in answered.did_you_mean):
        return []
    return describe_unknown_words(answered.unknown_words, answered.unused_words)


def _page_remarks(query: Query, answer: Answer) -> list[str]:
    """A sentence for a page after the last one."""
    total = len(answer.ids)
    if not total or query.offset < total:
        return []
    if total == 1:
        return [Remark("The offset %(offset)s is past the end: there is only 1 hit.", offset=query.offset)]
    return [
        Remark(
            "The offset %(offset)s is past the end: there are only %(total)s hits.",
            offset=query.offset,
            total=total,
        )
    ]


def _absence_reason(query: Query, answer: Answer, image_id: int) -> str:
    """Why an image of the library is not listed in an answer."""
    best = answer.grouped.find_best(image_id)
    if answer.is_grouped and best is not None:
        return f"image {best} stands for its group; give the query group:none to list it"
    if best is not None:
        return "it is in another group; give the query no group-of: to list it"
    if image_id in answer.ranked.fused.ids:
        if query.options.min_score:
            return "it is below the relevance line or min-score; give the query weaker:yes and no min-score"
        return "it is below the relevance line; give the query weaker:yes to list it"
    stored = [part.image_id for part in query.single_parts if isinstance(part, StoredPicture)]
    if image_id in (*stored, *query.examples.good, *query.examples.bad):
        return "it is searched by; give the query include-examples:yes to list it"
    return "a condition leaves it out, or no part of the query finds it"


def view_name(restriction: Restriction) -> str:
    """The name of the folder of a restricted library, which does not say what it is restricted to."""
    return hashlib.sha256(restriction.text.encode()).hexdigest()[:32]


def limits_from_settings(settings: Settings) -> Limits:
    """The limits in the settings, and how values of more than 8 bits are scaled."""
    size = int(settings.max_image_megabytes * 1e6)
    seconds = settings.decode_seconds
    return Limits(size, settings.max_image_megapixels, seconds, settings.scaling, settings.pages)


def catalog_address(path: Path, settings: Settings) -> CatalogAddress:
    """The address of a library's catalog: that of the settings, or the SQLite file in its folder."""
    return settings.catalog_url or sqlite_url(path / CATALOG_FILE)
