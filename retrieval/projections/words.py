"""The word projection: BM25F over what is written about images. The only home of whoosh."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, final

import numpy as np

from ..catalog import Image, Projection
from ..catalog.reader import Reader
from ..durable import share_file, write_folder
from ..ranking.ranking import Ids, Ranking, rounded, union
from ..ranking.tokens import Terms, tokens
from ..signals import WORDS
from . import generations
from .base import AbstractProjection, AbstractView, Tail

# What a match in a field is worth: words that a person chose for the picture before words of its place.
# Words that nobody chose come last.
FIELDS = {
    "title": 2.0,
    "tag": 2.0,
    "label": 2.0,
    "caption": 1.5,
    "place": 1.5,
    "creator": 1.0,
    "name": 0.7,
    "predicted": 0.5,
}
# What cameras and telephones call pictures, beside numbers; it says nothing of them.
BY_CAMERA = frozenset([
    "cimg", "dcim", "dji", "dsc", "dscf", "dscn", "gopr", "hdr", "image", "img", "imgp", "kif", "mg", "mvimg",
    "p", "pano", "photo", "pic", "pict", "picture", "pxl", "sam", "screenshot", "wp",
])  # fmt: skip
SEARCHABLE = 0.5  # confidence from which on a predicted label is searched: it is rather right than wrong
HOLDS = "holds"  # the Whoosh field with the names of the fields in which an image has any words
ENTRIES_VERSION = 3  # of the fields and of retrieval.ranking.tokens; raise it when either changes
GAP = " | "  # between values: no token is written so, hence no phrase reaches across
CHUNK = 1000  # images read from the catalog at a time
MOST_SEGMENTS = 8  # every one costs each search a little; at so many, the index is built anew
MEMORY = 16.0  # MB of postings before Whoosh writes a run to the disk; with more of them it is no faster


@final
class WordIndex:
    """Whoosh readers over the same schema, with the image id of each of their documents."""

    def __init__(self, readers: list[Any]) -> None:
        self.readers = readers

    @classmethod
    def open(cls, folder: Path) -> WordIndex:
        """Open a verified generation."""
        from whoosh.index import IndexError as NoIndex
        from whoosh.index import open_dir

        try:
            return cls(_parts(open_dir(str(folder), readonly=True).reader()))
        except NoIndex as error:  # Whoosh's word for files that went away since they were verified
            raise FileNotFoundError(str(error)) from error

    @classmethod
    def in_memory(cls, images: Iterable[Image]) -> WordIndex:
        """Index a few images without touching the disk."""
        index = _memory().create_index(_schema())
        _add(index, images, memory=math.inf)  # Whoosh cannot write runs to a storage that is in memory
        return cls(_parts(index.reader()))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The images that hold one word, or one phrase, with what it adds to their scores."""

    words: str | tuple[str, ...]
    ranking: Ranking


@final
class WordView(AbstractView[Terms]):
    """A generation and its tail as one index, so that both share one set of word statistics."""

    def __init__(
        self, published: WordIndex, tail: WordIndex, hidden: Ids, *, fields: Mapping[str, float]
    ) -> None:
        """`fields`: those that are searched, each with what a match in it is worth."""
        self._fields = fields
        self._readers = [each for each in published.readers + tail.readers if each.doc_count_all()]
        in_tail = np.array([each in tail.readers for each in self._readers], bool)
        sizes = [each.doc_count_all() for each in self._readers]
        self._image_ids = np.concatenate([_image_ids(each) for each in self._readers] or [_no_ids()])
        is_old = np.repeat(~in_tail, sizes)
        self._counts = ~(is_old & np.isin(self._image_ids, hidden))
        # Whoosh's readers keep a position in their files, so one search at a time.
        self._searching = threading.Lock()
        # Ranking, judging and explaining ask for the same words, one after the other.
        self._recent: dict[Terms, tuple[Matches, ...]] = {}

    def search(self, query: Terms, *, limit: int, allowed: Ids | None) -> Ranking:
        found = [matches.ranking for matches in self.matches(query)]
        ids = union(*(each.ids for each in found))
        scores = np.zeros(len(ids))
        for each in found:
            scores[np.searchsorted(ids, each.ids)] += each.scores
        keep = np.isin(ids, allowed) if allowed is not None else np.ones(len(ids), bool)
        return Ranking.of(ids[keep], rounded(scores[keep])).top(limit)

    def matches(self, query: Terms) -> tuple[Matches, ...]:
        """The images that hold each word and each phrase; an image's score is the sum over all of them."""
        if not self._readers:
            return ()
        with self._searching:
            if query not in self._recent:
                words: list[str | tuple[str, ...]] = [*query.words, *query.phrases]
                self._recent = {query: tuple(Matches(each, self._matching(each)) for each in words)}
            return self._recent[query]

    def count(self) -> int:
        """How many images are searched."""
        return int(self._counts.sum())

    def _matching(self, words: str | tuple[str, ...]) -> Ranking:
        searcher = _searcher(self._readers, hidden=np.flatnonzero(~self._counts))
        found = list(searcher.search(_query(words, self._fields), limit=None, optimize=False).items())
        documents = np.array([document for document, _ in found], np.int64)
        scores = np.array([score for _, score in found], np.float64)
        keep = self._counts[documents]
        return Ranking.of(self._image_ids[documents][keep], scores[keep])


@final
class WordProjection(AbstractProjection[WordIndex, Terms]):
    """Titles, captions, tags, labels, places, creators, names of files and folders, and predicted labels.

    A generation always holds the predicted ones; `predicted` says whether they are searched.
    """

    kind = "words"
    signal = WORDS
    space_id = None

    def __init__(self, *, predicted: bool) -> None:
        self._fields = {name: boost for name, boost in FIELDS.items() if predicted or name != "predicted"}
        self.versions = f"whoosh-reloaded {whoosh_version()}, entries {ENTRIES_VERSION}"

    def write(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        added = self._only_additions(reader, root, previous)

        def fill(folder: Path) -> None:
            if previous is not None and added is not None:
                _extend(root / previous.generation, folder, entries(reader, added))
            else:
                _create(folder, entries(reader))

        name = generations.new_name("words", seq)
        sealed = write_folder(root, name, fill)
        return Projection(self.kind, None, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def load(self, root: Path, pointer: Projection | None) -> WordIndex:
        if pointer is None:
            return WordIndex([])
        path = generations.verified(root, pointer, self.versions)
        with generations.readable(pointer):
            return WordIndex.open(path)

    def view(self, loaded: WordIndex, reader: Reader, tail: Tail) -> WordView:
        fresh = WordIndex.in_memory(entries(reader, tail.put)) if len(tail.put) else WordIndex([])
        return WordView(loaded, fresh, tail.hidden, fields=self._fields)

    def _only_additions(self, reader: Reader, root: Path, previous: Projection | None) -> list[int] | None:
        """The images added since a generation; None where it is better built anew.

        Whoosh counts deleted documents in its statistics until it merges them away, so a generation
        with deletions would score unlike a rebuilt one.
        """
        if previous is None or previous.library_versions != self.versions:
            return None
        if len(list((root / previous.generation).glob("*.seg"))) >= MOST_SEGMENTS:
            return None
        changes = reader.changes_since(previous.seq)
        newest = reader.newest_image_at(previous.seq)
        ids = [change.image_id for change in changes]
        pure = all(change.operation == "put" and change.image_id > newest for change in changes)
        return sorted(ids) if pure else None


def entries(reader: Reader, ids: Iterable[int] | None = None) -> Iterator[Image]:
    """The images that the index holds an entry of, all or some: one source for rebuild, publish and tail."""
    wanted = [int(each) for each in (reader.ids() if ids is None else ids)]
    for start in range(0, len(wanted), CHUNK):
        yield from reader.images(wanted[start : start + CHUNK]).values()


@cache
def whoosh_version() -> str:
    """The installed release."""
    return version("whoosh-reloaded")


def fields_of(image: Image) -> dict[str, str]:
    """What is indexed about an image: tokens, parted by blanks, by field."""
    fields = {
        name: GAP.join(" ".join(tokens(value)) for value in values)
        for name, values in texts_of(image).items()
    }
    return fields | {HOLDS: " ".join(name for name, words in fields.items() if words.strip(GAP))}


def texts_of(image: Image) -> dict[str, tuple[str, ...]]:
    """What words are looked for in, by field, as people wrote it."""
    texts = {name: image.values(name) for name in FIELDS}
    texts["place"] = tuple(each for each in texts["place"] if any(map(str.isalpha, each)))  # no coordinates
    texts["name"] = tuple(
        dict.fromkeys(words for place in image.locations for words in _names(place.display))
    )
    sure = [label for label in image.predicted if label.confidence >= SEARCHABLE]
    texts["predicted"] = tuple(words for label in sure for words in label.names)
    return texts


def _names(path: str) -> tuple[str, ...]:
    """File name without its ending, and the folder around it; folders further up say little."""
    pure = PurePosixPath(path)
    return (pure.parent.name,) if _is_by_camera(pure.stem) else (pure.parent.name, pure.stem)


def _is_by_camera(name: str) -> bool:
    """Whether a name is but a number, or one behind what cameras write: DSC01234, IMG_1234."""
    words = tokens(name)
    rest = [word for word in words if not word.isdecimal()]
    return len(rest) < len(words) and BY_CAMERA.issuperset(rest)


@cache
def _schema() -> Any:
    from whoosh.analysis import SpaceSeparatedTokenizer
    from whoosh.fields import KEYWORD, NUMERIC, TEXT, Schema

    columns: dict[str, Any] = {name: TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=True) for name in FIELDS}
    columns[HOLDS] = KEYWORD()
    return Schema(id=NUMERIC(int, bits=64, sortable=True, stored=False), **columns)


def _memory() -> Any:
    """A storage that is in memory altogether: Whoosh's own keeps its temporary files in one folder on disk,
    of the same name in every process, and whoever is done first removes the others' files."""
    from whoosh.filedb.filestore import RamStorage

    class Memory(RamStorage):  # type: ignore[misc]  # Whoosh has no types
        def temp_storage(self, name: str | None = None) -> Any:
            return Memory()

    return Memory()


def _create(folder: Path, images: Iterable[Image]) -> None:
    from whoosh.index import create_in

    _add(create_in(str(folder), _schema()), images, memory=MEMORY)
    _drop_lock(folder)


def _extend(previous: Path, folder: Path, images: Iterable[Image]) -> None:
    """Share the finished segments, which Whoosh never changes, and add to them."""
    from whoosh.index import open_dir

    for path in previous.iterdir():
        share_file(path, folder / path.name)
    _add(open_dir(str(folder)), images, memory=MEMORY)
    _drop_lock(folder)


def _add(index: Any, images: Iterable[Image], *, memory: float) -> None:
    """Write the images as segments of their own, with no more than so many MB of postings at a time.

    Segments are never merged: Whoosh then sums up lengths that it stores only roughly, and the scores
    would no longer be those of an index built anew.
    """
    writer = index.writer(limitmb=memory)
    try:
        for image in images:
            writer.add_document(id=image.id, **fields_of(image))
    except BaseException:
        writer.cancel()
        raise
    writer.commit(merge=False)


def _drop_lock(folder: Path) -> None:
    """Whoosh leaves its lock file behind; a finished generation is never written again."""
    for path in folder.glob("*_WRITELOCK"):
        with suppress(FileNotFoundError):
            path.unlink()


def _query(words: str | tuple[str, ...], fields: Mapping[str, float]) -> Any:
    from whoosh.query import Or, Phrase, Term

    if isinstance(words, str):
        return Or([Term(name, words, boost=boost) for name, boost in fields.items()])
    return Or([Phrase(name, list(words), boost=boost) for name, boost in fields.items()])


def _searcher(readers: list[Any], *, hidden: Ids) -> Any:
    """A searcher over all readers whose statistics leave the hidden documents out."""
    from whoosh.reading import MultiReader
    from whoosh.searching import Searcher

    gone = set(hidden.tolist())

    class Counting(Searcher):  # type: ignore[misc]  # Whoosh has no types
        def idf(self, fieldname: str, text: str) -> float:
            # Whoosh's own formula, of BM25F's inverse document frequency.
            return float(np.log((self._doccount - len(gone)) / (self._matching(fieldname, text) + 1)) + 1)

        def avg_field_length(self, fieldname: str) -> float:
            # Over the images that have the field, as Lucene does it. Over all of them, the label of the only
            # image that was labelled by hand would seem long, and weigh less than predicted ones do.
            length = self.field_length(fieldname)
            length -= sum(self.doc_field_length(number, fieldname, 0) or 0 for number in gone)
            return float(length / max(1, self._matching(HOLDS, fieldname)))

        def _matching(self, fieldname: str, text: str) -> int:
            matching = int(self.ixreader.doc_frequency(fieldname, text))
            if gone and matching:
                matching -= len(gone.intersection(self.ixreader.postings(fieldname, text).all_ids()))
            return matching

    return Counting(MultiReader(readers), closereader=False)


def _parts(reader: Any) -> list[Any]:
    """The readers of the single segments that a reader consists of."""
    return [reader] if reader.is_atomic() else list(reader.readers)


def _image_ids(reader: Any) -> Ids:
    column = reader.column_reader("id")
    return np.fromiter((column[document] for document in range(reader.doc_count_all())), np.int64)


def _no_ids() -> Ids:
    return np.empty(0, np.int64)
