"""What a search answers: Results of Hits, each with the Contributions that made its score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any, Final

from ..catalog.records import Image, SavedSearch
from ..errors import RetrievalError
from ..query.rewording import Rewording
from ..query.values import Region
from ..ranking.groups import Group
from ..ranking.relations import Relation
from .contact_sheet import Tile, draw_contact_sheet
from .remainders import Remainder
from .tables import make_frame

SHOWN_IDS = 10  # of the hits, where results are shown in short
SHOWN_TILES: Final = 100  # of the hits, on a contact sheet
_OF_IMAGE: Final = (
    "path",
    "page",
    "title",
    "caption",
    "tags",
    "labels",
    "width",
    "height",
    "format",
    "taken_at",
)
COLUMNS: Final = ("rank", "id", "score", "band", *_OF_IMAGE)  # of a table of hits; signals come behind


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one signal gave to one hit, for one part of the query.

    `rank` counts from 1 among the images that the signal ranked. `score` is that of the signal: a cosine,
    BM25F for words, or the number of agreeing positions for details. `amount` is its addend in the score of
    the hit: the amounts of a hit add up to its score. `calibrated` is the position of the score between those
    of unrelated images (0) and of identical ones (1), or for words the share of the words that the image
    holds; None where that is unknown. A later step that changed the order has the part -1, and its change of
    the score as score and as amount.

    `box`: where in the image the signal found what it looks for; None where it compares whole images,
    or where the whole fits best.
    """

    part: int
    signal: str
    rank: int
    score: float
    amount: float
    calibrated: float | None = None
    box: Region | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One image of the answer, with its rank counted from 1 over all pages.

    `band` says how far it stands out from what unrelated images score: strong, likely, weak, chance, or
    “looks like” for a weak one that holds none of the words asked for (see ranking.relevance). `group` is
    what the image stands for; None where nothing is grouped. `relation` is what it is to a picture of the
    query with which it is verified to share something.
    """

    image: Image
    rank: int
    score: float
    contributions: tuple[Contribution, ...]
    band: str | None = None
    group: Group | None = None
    relation: Relation | None = None

    @property
    def id(self) -> int:
        return self.image.id

    @property
    def box(self) -> Region | None:
        """Where in the image a part of the query was found: the box of the contribution that gives most."""
        found = [share for share in self.contributions if share.box and share.amount > 0]
        return max(found, key=lambda share: share.amount).box if found else None

    def __repr__(self) -> str:
        """In one short line: an image holds hundreds of facts, which nobody wants to read in a list."""
        band = f", {self.band}" if self.band else ""
        return f"<Hit {self.rank}: image {self.id}, {self.image.display_with_page}, {self.score:.4f}{band}>"


@dataclass(frozen=True, slots=True)
class NewHits:
    """One page of what a query finds among the images since a look, ranked among themselves.

    `total` counts them on all pages. `newest` is the highest id of an image that was looked at: what has a
    higher one comes with the next look.
    """

    hits: tuple[Hit, ...]
    total: int
    newest: int


@dataclass(frozen=True, slots=True)
class SavedNews:
    """A saved search, and how many of its hits are new since the last look.

    `new` is None where that was not counted; `problem` says in a sentence why it cannot be.
    """

    saved: SavedSearch
    new: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """One page of hits.

    `total` counts the images listed on all pages, and `weaker` those below the relevance line, which are not
    listed. `notes` say in sentences what could not take part in the search, and why.

    `unknown_words` are written about no image, as they were typed. `did_you_mean`: what was probably meant by
    misspelt ones, the most probable first. `remainders` say why nothing was found. The cursors are those of
    the next and the previous page of the same list, where there is one and the list is kept. `timings`: the
    seconds of each stage (see `stages`). `load_thumbnail` gives the small rendition of an image,
    for the contact sheet.
    """

    hits: tuple[Hit, ...]
    total: int
    notes: tuple[str, ...] = ()
    weaker: int = 0
    unknown_words: tuple[str, ...] = ()
    did_you_mean: tuple[Rewording, ...] = ()
    remainders: tuple[Remainder, ...] = ()
    next_cursor: str | None = None
    previous_cursor: str | None = None
    timings: Mapping[str, float] = field(default_factory=dict, compare=False)
    load_thumbnail: Callable[[int], bytes] | None = field(default=None, compare=False)

    @property
    def ids(self) -> list[int]:
        return [hit.id for hit in self.hits]

    def to_pandas(self) -> Any:
        """The hits as a pandas.DataFrame: a row for each, with what is known of its image, and a column for
        each signal with what it gave to the score.

        Raises ModuleNotFoundError without pandas, which comes with pictor[pandas].
        """
        return make_frame(list(map(_list_row, self.hits)), COLUMNS)

    def __getstate__(self) -> list[object]:
        """A copy of the results, or one in another process, has no library to show thumbnails of."""
        values = [getattr(self, each.name) for each in fields(self)]
        return [*values[:-1], None]

    def __setstate__(self, state: list[object]) -> None:
        for each, value in zip(fields(self), state, strict=True):
            object.__setattr__(self, each.name, value)

    def _repr_html_(self) -> str:
        """A contact sheet of at most SHOWN_TILES hits, as notebooks show it."""
        return draw_contact_sheet(
            map(self._make_tile, self.hits[:SHOWN_TILES]), f"{len(self.hits)} of {self.total} hits"
        )

    def _make_tile(self, hit: Hit) -> Tile:
        picture = None
        if self.load_thumbnail is not None:
            with suppress(RetrievalError):  # removed meanwhile, or the server is gone: its words remain
                picture = self.load_thumbnail(hit.id)
        name = hit.image.title or hit.image.path.rpartition("/")[2]
        band = f", {hit.band}" if hit.band else ""
        return Tile(picture, hit.image.caption or name, f"{hit.rank}. {name} ({hit.score:.3f}{band})")

    def __repr__(self) -> str:
        """In one short line, with the first ids only."""
        shown = ", ".join(str(image_id) for image_id in self.ids[:SHOWN_IDS])
        more = ", …" if len(self.hits) > SHOWN_IDS else ""
        images = f": images {shown}{more}" if self.hits else ""
        return f"<Results: {len(self.hits)} of {self.total} hits{images}>"


def _list_row(hit: Hit) -> dict[str, object]:
    values = (hit.rank, hit.id, hit.score, hit.band, *(getattr(hit.image, name) for name in _OF_IMAGE))
    gave: dict[str, float] = {}
    for share in hit.contributions:
        gave[share.signal] = gave.get(share.signal, 0.0) + share.amount
    return {**dict(zip(COLUMNS, values, strict=True)), **gave}
