"""What a search answers: Results of Hits, each with the Contributions that made its score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..catalog.records import Image, SavedSearch
from ..query.rewording import Rewording
from ..ranking.groups import Group
from .remainders import Remainder

SHOWN_IDS = 10  # of the hits, where results are shown in short


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one signal gave to one hit, for one part of the query.

    `rank` counts from 1 among the images that the signal ranked. `score` is that of the signal: a cosine,
    BM25F for words, or the number of agreeing positions for details. `amount` is its addend in the score of
    the hit: the amounts of a hit add up to its score. `calibrated` is the position of the score between those
    of unrelated images (0) and of identical ones (1), or for words the share of the words that the image
    holds; None where that is unknown. A later step that changed the order has the part -1, and its change of
    the score as score and as amount.
    """

    part: int
    signal: str
    rank: int
    score: float
    amount: float
    calibrated: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One image of the answer, with its rank counted from 1 over all pages.

    `band` says how far it stands out from what unrelated images score: strong, likely, weak, chance, or
    “looks like” for a weak one that holds none of the words asked for (see ranking.relevance). `group` is
    what the image stands for; None where nothing is grouped.
    """

    image: Image
    rank: int
    score: float
    contributions: tuple[Contribution, ...]
    band: str | None = None
    group: Group | None = None

    @property
    def id(self) -> int:
        return self.image.id

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
    seconds of each stage (see `stages`).
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

    @property
    def ids(self) -> list[int]:
        return [hit.id for hit in self.hits]

    def __repr__(self) -> str:
        """In one short line, with the first ids only."""
        shown = ", ".join(str(image_id) for image_id in self.ids[:SHOWN_IDS])
        more = ", …" if len(self.hits) > SHOWN_IDS else ""
        images = f": images {shown}{more}" if self.hits else ""
        return f"<Results: {len(self.hits)} of {self.total} hits{images}>"
