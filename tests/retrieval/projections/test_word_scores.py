"""Scores of words from arrays: those that Whoosh itself gives, for every kind of question and every history."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from whoosh.index import open_dir

from retrieval import Annotation, Library, LibraryWriter, write_library
from retrieval.projections import word_postings
from retrieval.projections import words as projection
from retrieval.projections.word_entries import FIELDS, FIELDS_HELD, PREDICTED
from retrieval.projections.words import WordView
from retrieval.ranking.ranking import Ranking, round_scores
from retrieval.ranking.tokens import Compound, Prefix, Terms, Translation, Unit
from tests.wording import add_words, remove_images, replace_words

Scores: TypeAlias = dict[int, float]  # by number of a document

WORDS = ("boat", "red", "river", "stone", "lantern", "harbour", "GoPro", "oak", "walk", "red-boat", "night")
LABELS = ("fishing boat, boat", "red fox, fox", "lantern", "stone wall, wall, rock")
UNITS: tuple[Unit, ...] = (
    *("boat", "red", "river", "lantern", "gopro", "nothing"),
    *(("red", "boat"), ("boat", "boat"), ("river", "stone", "red"), ("red", "nothing")),
    *(Compound("gopro", ("go", "pro")), Compound("redboat", ("red", "boat"))),
    *(Prefix("r"), Prefix("bo"), Prefix("zz")),
    Translation("rouge", ("rouge",), (("red", "fox"), ("boat",), ("nothing",))),
)


@pytest.fixture(params=["frequent", "rare"])
def words(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LibraryWriter]:
    """A library of which every token counts as frequent, or none."""
    monkeypatch.setattr(word_postings, "LEAST", 1 if request.param == "frequent" else 10**6)
    with write_library(tmp_path / "library") as library:
        yield library


def add_random(library: LibraryWriter, chance: random.Random, count: int, *, publish: bool) -> list[int]:
    """Images with random titles, captions and tags, and labels that were predicted more or less surely."""
    return [_add_image(library, chance, publish=publish and left == 1) for left in range(count, 0, -1)]


def _add_image(library: LibraryWriter, chance: random.Random, *, publish: bool) -> int:
    def draw(most: int) -> str:
        return " ".join(chance.choices(WORDS, range(len(WORDS), 0, -1), k=chance.randint(0, most)))

    image_id = add_words(library, title=draw(3), caption=draw(60), tag=";".join(draw(2).split()))
    guesses = [
        Annotation("label", label, "predicted", chance.uniform(0.3, 1)) for label in chance.sample(LABELS, 2)
    ]
    with library.catalog.writing() as writer:
        writer.replace_annotations(image_id, "predicted", guesses)
    if publish:
        library.publish()
    return image_id


def view_of(library: Library) -> WordView:
    view = library.snapshot().views["words"]
    assert isinstance(view, WordView)
    return view


def open_readers(library: Library, folder: Path) -> list[Any]:
    """Whoosh's readers of the segments of the newest view; what is in memory is indexed by Whoosh, too."""
    segments = view_of(library)._segments
    published = [one.reader for one in segments if isinstance(one, word_postings.SegmentPostings)]
    for segment in segments[len(published) :]:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        projection._create_index(folder, library.load_images(segment.image_ids.tolist()).values())
        published += projection._segment_readers(open_dir(str(folder)))
    return published


def rank_by_whoosh(view: WordView, readers: list[Any], unit: Unit) -> Ranking:
    """The answer of Whoosh's own searcher over the same segments, with the statistics that are promised."""
    tokens = view._expand_prefix(unit) if isinstance(unit, Prefix) else ()
    searcher = _make_searcher(readers, np.flatnonzero(~view._counts).tolist())
    scores = _score_unit(searcher, unit, FIELDS, tokens)
    kept = {document: score for document, score in scores.items() if view._counts[document]}
    ids = view._image_ids[list(kept)] if kept else np.empty(0, np.int64)
    return Ranking.from_scores(ids, round_scores(list(kept.values())))


def _score_unit(
    searcher: Any, unit: Unit, fields: Mapping[str, float], tokens: tuple[str, ...] = ()
) -> Scores:
    """By document. What is best is chosen here: Whoosh's DisjunctionMax takes scores of other documents."""
    from whoosh.query import Phrase, Term

    def search(query: Any) -> Scores:
        return dict(searcher.search(query, limit=None, optimize=False).items())

    def score_in(field: str, boost: float) -> Scores:
        if isinstance(unit, str):
            return search(Term(field, unit, boost=boost))
        if isinstance(unit, tuple):
            return search(Phrase(field, list(unit), boost=boost))
        assert isinstance(unit, Compound)
        alternatives = Term(field, unit.whole, boost=boost), Phrase(field, list(unit.parts), boost=boost)
        return _combine(max, map(search, alternatives))

    if isinstance(unit, Prefix):
        return _combine(max, (_score_unit(searcher, token, fields) for token in tokens))
    if isinstance(unit, Translation):
        labels = {PREDICTED: fields[PREDICTED]}
        names = [name[0] if len(name) == 1 else name for name in unit.names]
        return _combine(max, (_score_unit(searcher, name, labels) for name in names))
    return _combine(sum, (score_in(field, boost) for field, boost in fields.items()))


def _combine(combine: Callable[[list[float]], float], found: Iterable[Scores]) -> Scores:
    collected: dict[int, list[float]] = {}
    for scores in found:
        for document, score in scores.items():
            collected.setdefault(document, []).append(score)
    return {document: combine(scores) for document, scores in collected.items()}


def _make_searcher(readers: list[Any], hidden: list[int]) -> Any:
    from whoosh.reading import MultiReader
    from whoosh.scoring import BM25F
    from whoosh.searching import Searcher

    gone = set(hidden)

    class Counting(Searcher):  # type: ignore[misc]  # Whoosh has no types
        def idf(self, fieldname: str, text: str) -> float:
            return float(np.log((self._doccount - len(gone)) / (self._matching(fieldname, text) + 1)) + 1)

        def avg_field_length(self, fieldname: str) -> float:
            length = self.field_length(fieldname)
            length -= sum(_count_tokens(self.ixreader, fieldname, gone))
            return float(length / max(1, self._matching(FIELDS_HELD, fieldname)))

        def _matching(self, fieldname: str, text: str) -> int:
            matching = int(self.ixreader.doc_frequency(fieldname, text))
            if gone and matching:
                matching -= len(gone.intersection(self.ixreader.postings(fieldname, text).all_ids()))
            return matching

    return Counting(MultiReader(readers), closereader=False, weighting=BM25F(**{f"{PREDICTED}_B": 0.0}))


def _count_tokens(reader: Any, field: str, documents: set[int]) -> Iterator[int]:
    """How many tokens these documents have in a field, exactly: Whoosh's own lengths are rounded."""
    for token in reader.lexicon(field) if documents else ():
        matcher = reader.postings(field, token)
        while matcher.is_active():
            if matcher.id() in documents:
                yield len(matcher.value_as("positions"))
            matcher.next()


def assert_equal_rankings(library: Library) -> None:
    view, readers = view_of(library), open_readers(library, library.path / "whoosh")
    for unit in UNITS:
        expected, [found] = rank_by_whoosh(view, readers, unit), view.find_matches(_terms(unit))
        own = Ranking.from_scores(found.ranking.ids, round_scores(found.ranking.scores))
        assert own.ids.tolist() == expected.ids.tolist(), unit
        assert own.scores.tolist() == expected.scores.tolist(), unit


def _terms(unit: Unit) -> Terms:
    return Terms(
        (unit,) if isinstance(unit, str) else (),
        (unit,) if isinstance(unit, tuple) else (),
        (unit,) if isinstance(unit, Compound) else (),
        (unit,) if isinstance(unit, Translation) else (),
        (unit,) if isinstance(unit, Prefix) else (),
    )


def test_they_are_those_of_whoosh_in_segments_in_the_tail_and_beside_hidden_documents(
    words: LibraryWriter,
) -> None:
    chance = random.Random(7)
    first = add_random(words, chance, 40, publish=True)
    assert_equal_rankings(words)
    added = add_random(words, chance, 20, publish=True)  # a second segment
    add_random(words, chance, 10, publish=False)  # the tail
    assert_equal_rankings(words)
    remove_images(words, *first[:5])
    replace_words(words, first[7], caption="red boat by the river")
    replace_words(words, added[0], title="lantern")
    assert_equal_rankings(words)
    assert len(view_of(words)._segments) == 3


def test_postings_are_the_same_from_files_and_from_whoosh(words: LibraryWriter) -> None:
    add_random(words, random.Random(3), 12, publish=True)
    [segment] = view_of(words)._segments
    assert isinstance(segment, word_postings.SegmentPostings)
    plain = word_postings.SegmentPostings(segment.reader)
    assert segment.image_ids.tolist() == list(range(1, 13))
    for field, token in [("caption", "boat"), ("predicted", "fox"), ("tag", "red")]:
        own, other = segment.find_postings(field, token), plain.find_postings(field, token)
        assert own
        assert other
        assert len(own.documents) == segment.count_documents(field, token) > 0
        assert own.documents.tolist() == other.documents.tolist()
        assert own.weights.tolist() == other.weights.tolist()
        assert own.find_places().tolist() == other.find_places().tolist()


def test_an_index_without_arrays_is_searched_and_the_next_segment_has_them(
    words: LibraryWriter,
) -> None:
    chance = random.Random(3)
    add_random(words, chance, 5, publish=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projection, "write_frequent", lambda *_: None)
        words.publish(anew=True)
    assert not list(words.generations_folder.glob("words-*/frequent-*"))
    assert_equal_rankings(words)
    add_random(words, chance, 1, publish=True)
    assert len(list(words.generations_folder.glob("words-*/frequent-*.npy"))) == 1
    assert_equal_rankings(words)
