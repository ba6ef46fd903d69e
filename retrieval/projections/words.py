"""The word projection: BM25F over the texts about images. The only home of whoosh."""

from __future__ import annotations

import fnmatch
import threading
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

import numpy as np

from ..catalog import Change, Image, Projection
from ..catalog.reader import Reader
from ..durable import share_file, write_folder
from ..errors import InvalidQuery
from ..ranking.arrays import Int64Ids
from ..ranking.ranking import Ranking, round_scores, union_ids
from ..ranking.segment_tiers import choose_merged
from ..ranking.spelling import Vocabulary
from ..ranking.tokens import (
    Prefix,
    Terms,
    Unit,
    stem_word,
)
from ..signals import WORDS
from . import generations
from .base import AbstractProjection, AbstractView, Tail
from .memory_postings import MemoryPostings
from .sealed_folder import SealedFile, SealedFolder
from .spelled_words import FILES as SPELLED_FILES
from .spelled_words import SpelledWords
from .word_entries import (
    ENTRIES_VERSION,
    FIELDS,
    FIELDS_HELD,
    PREDICTED,
    SPELLED,
    SPELLED_PREDICTED,
    Entry,
    split_positions,
)
from .word_postings import SegmentPostings, write_frequent
from .word_scores import Segment, WordScores
from .word_segments import SegmentImages, count_tokens, write_segment_files
from .word_storage import open_storage

INDEX_NAME = "MAIN"  # as Whoosh calls the only index of a folder
MAX_WORDS = 200  # that one prefix stands for; each is a question to the index
MAX_RECENT = 8  # texts whose matches are kept
CHUNK = 1000  # images read from the catalog at a time
POSTINGS_MEMORY = 16.0  # MB of postings before Whoosh writes to the disk; more memory does not make it faster


@final
class WordIndex:
    """The segments of an index, and how the words of its images are spelled."""

    def __init__(
        self,
        segments: list[Segment],
        load_spelled: Callable[[], SpelledWords] = SpelledWords,
        sealed: SealedFolder | None = None,
    ) -> None:
        """`load_spelled` is called when the words are first asked for; `sealed`: that of a generation."""
        self.segments, self._load_spelled, self.sealed = segments, load_spelled, sealed
        self._tail: dict[int, tuple[int, Entry]] = {}  # by image: its change, and its entry then

    @classmethod
    def open(cls, folder: SealedFolder) -> WordIndex:
        """Open a generation, of which only what a search needs is read."""
        from whoosh.index import FileIndex

        readers = _segment_readers(FileIndex(open_storage(folder), indexname=INDEX_NAME))
        segments: list[Segment] = [SegmentPostings(reader, folder) for reader in readers]
        # Opened now, since the folder may be superseded and gone before they are read.
        spelled = [folder.open_file(name) for name in fnmatch.filter(folder.names, SPELLED_FILES)]
        return cls(segments, partial(_load_spelled, spelled), folder)

    @cached_property
    def spelled(self) -> SpelledWords:
        """How the words of the images are spelled."""
        return self._load_spelled()

    def index_tail(self, reader: Reader, tail: Tail) -> WordIndex:
        """An index of the images that changed since; only those that changed since the last call are read."""
        changes = dict(zip(tail.put.tolist(), tail.put_changes.tolist(), strict=True))
        kept = {image_id: self._tail[image_id] for image_id in changes.keys() & self._tail.keys()}
        kept = {image_id: known for image_id, known in kept.items() if known[0] == changes[image_id]}
        new = sorted(changes.keys() - kept.keys())
        for image in load_entries(reader, new):
            kept[image.id] = changes[image.id], Entry.of_image(image)
        self._tail = kept
        return WordIndex.build_in_memory([kept[image_id][1] for image_id in sorted(kept)])

    @classmethod
    def build_in_memory(cls, entries: Sequence[Entry]) -> WordIndex:
        """Index a few images without touching the disk."""
        spelled = SpelledWords()
        for entry in entries:
            spelled.add_image(entry.stated, entry.predicted)
        return cls([MemoryPostings(entries)] if entries else [], lambda: spelled)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The images with one word, phrase, compound or translation, and what it adds to their scores."""

    words: Unit
    ranking: Ranking


@final
class WordView(AbstractView[Terms]):
    """A generation and its tail as one index, so that both share the same word statistics."""

    def __init__(
        self, published: WordIndex, tail: WordIndex, hidden: Int64Ids, *, fields: Mapping[str, float]
    ) -> None:
        """`fields`: those that are searched, with their weights."""
        self._fields = fields
        self._spelled_by = (published, tail)
        segments = [segment for segment in published.segments + tail.segments if segment.size]
        self._segments = segments
        in_tail = np.array([segment in tail.segments for segment in segments], bool)
        self._image_ids = np.concatenate([_no_ids(), *(segment.image_ids for segment in segments)])
        is_old = np.repeat(~in_tail, [segment.size for segment in segments])
        self._counts = ~(is_old & np.isin(self._image_ids, hidden))
        starts = np.cumsum([0, *(segment.size for segment in segments)]).tolist()
        for start, segment in zip(starts, segments, strict=False):
            self._counts[start + segment.hidden] = False
        self._scores = WordScores(segments, ~self._counts, held=FIELDS_HELD, predicted=PREDICTED)
        # Whoosh's readers keep a position in their files, so only one search runs at a time.
        self._searching = threading.Lock()
        # Ranking, judging, remarking and explaining search for the same words, one after the other, for each
        # text of a query. The first is the one that was asked first.
        self._recent: dict[Terms, tuple[Matches, ...]] = {}

    def search(self, query: Terms, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        rankings = [matches.ranking for matches in self.find_matches(query)]
        ids = union_ids(*(ranking.ids for ranking in rankings))
        scores = np.zeros(len(ids))
        for ranking in rankings:
            scores[np.searchsorted(ids, ranking.ids)] += ranking.scores
        keep = np.isin(ids, allowed) if allowed is not None else np.ones(len(ids), bool)
        return Ranking.from_scores(ids[keep], round_scores(scores[keep])).top(limit)

    def find_matches(self, query: Terms) -> tuple[Matches, ...]:
        """The images with each word and each phrase; an image's score is the sum over all of them."""
        if not self._segments:
            return ()
        with self._searching:
            if query not in self._recent:
                found = tuple(Matches(unit, self._match_words(unit)) for unit in query.units)
                kept = list(self._recent.items())[1 - MAX_RECENT :]
                self._recent = dict([*kept, (query, found)])
            return self._recent[query]

    def count_images(self) -> int:
        """How many images are searched."""
        return int(self._counts.sum())

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of all images as they are written. Those of images that were removed or changed since the
        generation was made are among them, so that a word may find nothing."""
        has_predicted = PREDICTED in self._fields
        return Vocabulary.from_counts(self._join_spelled().count_words(predicted=has_predicted))

    def _join_spelled(self) -> SpelledWords:
        return SpelledWords.join(index.spelled for index in self._spelled_by)

    def _match_words(self, words: Unit) -> Ranking:
        tokens = self._expand_prefix(words) if isinstance(words, Prefix) else ()
        documents, scores = self._scores.score_unit(words, self._fields, tokens)
        keep = self._counts[documents]
        return Ranking.from_scores(self._image_ids[documents][keep], scores[keep])

    def _expand_prefix(self, prefix: Prefix) -> tuple[str, ...]:
        """The tokens of all words that begin so. Raises InvalidQuery for more than MAX_WORDS words."""
        fields = (SPELLED, SPELLED_PREDICTED) if PREDICTED in self._fields else (SPELLED,)
        words: set[str] = set()
        first = 0
        for segment in self._segments:
            counts = self._counts[first : first + segment.size]
            words.update(word for name in fields for word in segment.list_words(name, prefix.start, counts))
            first += segment.size
        if len(words) > MAX_WORDS:
            raise InvalidQuery(
                f"{prefix.start}*: {len(words)} words of the library begin so; the limit is {MAX_WORDS}: "
                "write more letters before the star"
            )
        return tuple(dict.fromkeys(map(stem_word, sorted(words))))


@final
class WordProjection(AbstractProjection[WordIndex, Terms]):
    """Titles, captions, tags, labels, places, creators, names of files and folders, and predicted labels.

    A generation always holds the predicted labels; `predicted` is whether they are searched.
    """

    kind = "words"
    signal = WORDS
    space_id = None

    def __init__(self, *, predicted: bool) -> None:
        self._fields = {name: boost for name, boost in FIELDS.items() if predicted or name != PREDICTED}
        self.versions = (
            f"whoosh-reloaded {whoosh_version()}, entries {ENTRIES_VERSION}, {generations.SEALING}"
        )

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        before = root / previous.generation if previous else None
        if before is not None and not _is_extensible(before):
            before = None

        def fill(folder: Path) -> None:
            if previous is None or before is None:
                _create_index(folder, load_entries(reader))
            else:
                _extend_index(before, folder, reader, reader.changes_since(previous.seq))

        name = generations.new_name("words", seq)
        sealed = write_folder(root, name, fill, before=before)
        return Projection(self.kind, None, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def load_generation(self, root: Path, pointer: Projection | None) -> WordIndex:
        if pointer is None:
            return WordIndex([])
        with generations.translating_read_errors(pointer):
            return WordIndex.open(generations.open_generation(root, pointer, self.versions))

    def make_view(self, loaded: WordIndex, reader: Reader, tail: Tail) -> WordView:
        return WordView(loaded, loaded.index_tail(reader, tail), tail.hidden, fields=self._fields)


def load_entries(reader: Reader, ids: Iterable[int] | None = None) -> Iterator[Image]:
    """The images to index: all, or those with `ids`. Rebuilding, publishing and the tail all use this."""
    entry_ids = [int(image_id) for image_id in (reader.find_ids() if ids is None else ids)]
    for start in range(0, len(entry_ids), CHUNK):
        yield from reader.load_images(entry_ids[start : start + CHUNK]).values()


@cache
def whoosh_version() -> str:
    """The installed release."""
    return version("whoosh-reloaded")


class PositionTokenizer:
    """Reads the fields of entries; Whoosh keeps it, by its name, in the schema of an index."""

    def __call__(self, value: str, *, mode: str = "", **_: Any) -> Iterator[Any]:
        from whoosh.analysis import Token

        token = Token(positions=True, mode=mode)
        for number, text, worth in split_positions(value):
            token.text, token.pos, token.boost, token.stopped = text, number, worth, False
            yield token


@cache
def _make_schema() -> Any:
    from whoosh.fields import KEYWORD, NUMERIC, TEXT, Schema

    columns: dict[str, Any] = {name: TEXT(analyzer=PositionTokenizer(), phrase=True) for name in FIELDS}
    columns |= {name: KEYWORD() for name in (FIELDS_HELD, SPELLED, SPELLED_PREDICTED)}
    return Schema(id=NUMERIC(int, bits=64, sortable=True, stored=False), **columns)


def _create_index(folder: Path, images: Iterable[Image]) -> None:
    from whoosh.index import create_in

    _add_segment(create_in(str(folder), _make_schema()), folder, images)


def _is_extensible(folder: Path) -> bool:
    """Whether the images of all segments are known, as they were not of old."""
    return len(list(folder.glob("images-*.npy"))) == len(list(folder.glob("*.seg")))


def _extend_index(before: Path, folder: Path, reader: Reader, changes: Sequence[Change]) -> None:
    """Hide what changed where it was, and write it to a new segment, with that of segments that are merged.

    The files of all other segments are shared. Whoosh itself is told of no deletion: it would go on counting
    what is deleted in its statistics.
    """
    from whoosh.index import open_dir

    for path in before.glob("*.toc"):
        share_file(path, folder / path.name)
    index = open_dir(str(folder))
    names = [segment.segment_id() for segment in index._segments()]
    changed = np.array(sorted(change.image_id for change in changes), np.int64)
    put = np.array(sorted(change.image_id for change in changes if change.operation == "put"), np.int64)
    segments = [SegmentImages.load(before, name).hide(changed) for name in names]
    visible, sizes = [len(one.visible) for one in segments], [len(one.ids) for one in segments]
    merged = choose_merged(visible, sizes, len(put))
    kept = [one for place, one in enumerate(segments) if place not in merged]
    for segment in kept:
        segment.share(before, folder)
    written = np.union1d(put, np.concatenate([_no_ids(), *(segments[place].visible for place in merged)]))
    if len(written) or merged:
        _add_segment(index, folder, load_entries(reader, written.tolist()), {one.name for one in kept})


def _add_segment(
    index: Any, folder: Path, images: Iterable[Image], kept: Collection[str] = frozenset()
) -> None:
    """Write the images to a new segment, with the files beside it; `kept`: the names of those that stay.

    Segments are never merged by Whoosh, which would add up lengths that it stores only approximately, so that
    scores would differ from those of a rebuilt index.
    """
    writer, spelled = index.writer(limitmb=POSTINGS_MEMORY), SpelledWords()
    ids, lengths = array("q"), array("i")
    try:
        for image in images:
            entry = Entry.of_image(image)
            writer.add_document(id=image.id, **entry.fields)
            spelled.add_image(entry.stated, entry.predicted)
            ids.append(image.id)
            lengths.extend(count_tokens(entry))
    except BaseException:
        writer.cancel()
        raise
    name = writer.newsegment.segment_id()
    writer.commit(mergetype=lambda _, segments: [one for one in segments if one.segment_id() in kept])
    if ids:
        spelled.write(folder, name)
        write_segment_files(folder, name, ids, lengths)
        write_frequent(_open_segment(index, name), folder, (*FIELDS, FIELDS_HELD))
    _remove_lock_files(folder)


def _open_segment(index: Any, name: str) -> Any:
    """The reader of one segment; the others are not opened."""
    from whoosh.reading import SegmentReader

    [segment] = [one for one in index._segments() if one.segment_id() == name]
    return SegmentReader(index.storage, index.schema, segment)


def _remove_lock_files(folder: Path) -> None:
    """Remove Whoosh's lock file, which it leaves behind; a finished generation is never written again."""
    for path in folder.glob("*_WRITELOCK"):
        with suppress(FileNotFoundError):
            path.unlink()


def _segment_readers(index: Any) -> list[Any]:
    """The readers of the segments of an index."""
    reader = index.reader()
    return [reader] if reader.is_atomic() else list(reader.readers)


def _load_spelled(files: Iterable[SealedFile]) -> SpelledWords:
    return SpelledWords.parse(bytes(file.read_all()) for file in files)


def _no_ids() -> Int64Ids:
    return np.empty(0, np.int64)
