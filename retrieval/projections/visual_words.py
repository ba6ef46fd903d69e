"""The projection of visual words: which images share keypoints with a picture, over the whole library.

It names candidates; that they share anything is decided by their keypoints themselves, see
`ranking.verification`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, final

import numpy as np
import numpy.typing as npt

from ..catalog import Projection, Space
from ..catalog.reader import Reader
from ..durable import share_file, write_folder
from ..ranking.arrays import Float64Scores, Int64Ids, Int64Vector
from ..ranking.keypoints import Keypoints, decode_keypoints
from ..ranking.ranking import Ranking, round_scores
from ..ranking.visual_words import Signatures, Vocabulary
from . import generations
from .base import AbstractProjection, AbstractView, Tail
from .postings import Postings, merge_postings
from .segments import SEGMENT_SIZE, changed_segments

VISUAL_WORDS: Final = "visual words"
VERSION: Final = "visual words 1"
WORDS_ASKED: Final = 3  # the nearest words of a keypoint of a query; those of the library have one
BRANCHES_ASKED: Final = 1  # among whose words these are looked for: more find hardly more
MOST_APART: Final = 10  # bits of a signature: keypoints that differ in more are not alike
WIDTH: Final = 6.0  # bits: the weight of two alike keypoints is exp(-(apart / WIDTH)²)
_PATTERN: Final = "segment-*.postings"
_BLOCK: Final = 256  # images at a time, to limit memory

Stored: TypeAlias = dict[int, bytes]  # keypoints as they are stored, by image


@final
class VisualWordView(AbstractView[Keypoints]):
    """A generation and its tail, searched as one, by the keypoints of a picture."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        published: Sequence[Postings],
        tail: Sequence[Postings],
        hidden: Int64Ids,
    ) -> None:
        self._vocabulary, self._hidden = vocabulary, hidden
        self._segments, self._published = [*published, *tail], len(published)

    def search(self, query: Keypoints, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        """The images with most alike keypoints, by their votes.

        A keypoint of the query has one vote for each image with a keypoint alike to it, of the weight of the
        nearest one; keypoints that are alike to those of many images count less (the logarithm of the share,
        as for words of texts).
        """
        words, signatures = self._vocabulary.find_words(query.descriptors, WORDS_ASKED, BRANCHES_ASKED)
        asked = words.ravel(), signatures.ravel()
        votes = [_find_votes(segment, *asked) for segment in self._segments]
        rarity = self._weigh_keypoints(votes, len(query))
        found = [
            _rank_segment(segment, each, rarity, self._hidden if number < self._published else None, allowed)
            for number, (segment, each) in enumerate(zip(self._segments, votes, strict=True))
        ]
        ids = np.concatenate([np.empty(0, np.int64), *(ids for ids, _ in found)])
        scores = np.concatenate([np.empty(0), *(scores for _, scores in found)])
        return Ranking.from_scores(ids, round_scores(scores)).top(limit)

    def _weigh_keypoints(self, votes: Sequence[Votes], count: int) -> Float64Scores:
        """How much each keypoint of the query counts: log(1 + images / images with a keypoint alike)."""
        found = sum(np.bincount(each.keypoints, minlength=count) for each in votes)
        images = sum(len(segment.ids) for segment in self._segments)
        weights: Float64Scores = np.log1p(images / np.maximum(found, 1))
        return weights


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Which keypoints of a query are alike to one of an image, each pair once: all (vote,)."""

    keypoints: Int64Vector
    places: Int64Vector
    weights: Float64Scores


def _find_votes(segment: Postings, words: Int64Vector, signatures: Signatures) -> Votes:
    """The votes for the images of a segment; each keypoint asks WORDS_ASKED words, one after the other."""
    asked, places, apart = segment.find_alike(words, signatures, MOST_APART)
    keypoints = asked // WORDS_ASKED
    order = np.lexsort((apart, places, keypoints))
    pairs = keypoints[order] * (len(segment.ids) + 1) + places[order]
    nearest = order[np.diff(pairs, prepend=-1) != 0]
    return Votes(keypoints[nearest], places[nearest], np.exp(-((apart[nearest] / WIDTH) ** 2)))


def _rank_segment(
    segment: Postings,
    votes: Votes,
    rarity: Float64Scores,
    hidden: Int64Ids | None,
    allowed: Int64Ids | None,
) -> tuple[Int64Ids, Float64Scores]:
    """The images of a segment with votes, without hidden ones, and the sums of their votes."""
    amounts = votes.weights * rarity[votes.keypoints]
    scores: Float64Scores = np.bincount(votes.places, amounts, len(segment.ids)).astype(np.float64)
    kept = scores > 0
    if hidden is not None and len(hidden):
        kept &= ~np.isin(segment.ids, hidden)
    if allowed is not None:
        kept &= np.isin(segment.ids, allowed)
    return segment.ids[kept], scores[kept]


@final
@dataclass(frozen=True, slots=True, eq=False)
class VisualWordIndex:
    """A generation: its segments. `remembered`: by segment, the postings of the last tail, and the change of
    each image that they were made of.
    """

    segments: tuple[Postings, ...]
    remembered: dict[int, tuple[dict[int, int], Postings]] = field(default_factory=dict)


@final
class VisualWordProjection(AbstractProjection[VisualWordIndex, Keypoints]):
    """The visual words of a space of keypoints, in segments of consecutive image ids."""

    features_only = True
    kind = "visual-words"
    signal = VISUAL_WORDS

    def __init__(self, space: Space, vocabulary: Vocabulary) -> None:
        self._space, self._vocabulary = space, vocabulary
        self.space_id = space.id
        self.versions = f"{VERSION}, vocabulary {vocabulary.checksum}, space {space.fingerprint}"

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        name = generations.new_name(f"{self.kind}-{self._space.id}", seq)

        def write(folder: Path) -> None:
            if previous is None:
                self._write_segments(folder, reader)
            else:
                self._rewrite_segments(folder, reader, root / previous.generation, previous)

        before = root / previous.generation if previous else None
        sealed = write_folder(root, name, write, before=before)
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def _write_segments(self, folder: Path, reader: Reader) -> None:
        ids = reader.described_ids(self._space)
        for number in np.unique(ids // SEGMENT_SIZE).tolist():
            self._index_images(reader, ids[ids // SEGMENT_SIZE == number]).save(_segment_path(folder, number))

    def _rewrite_segments(self, folder: Path, reader: Reader, before: Path, previous: Projection) -> None:
        """Share the segments in which nothing changed; in the others index only what changed."""
        stale, ids = changed_segments(reader, previous), reader.described_ids(self._space)
        for path in sorted(before.glob(_PATTERN)):
            if _segment_number(path) not in stale:
                share_file(path, folder / path.name)
        changed = np.array([change.image_id for change in reader.changes_since(previous.seq)], np.int64)
        for number in sorted(stale):
            held, path = ids[ids // SEGMENT_SIZE == number], _segment_path(before, number)
            old = Postings.load(path) if path.exists() else self._index_images(reader, held[:0])
            kept = old.keep_images(np.isin(old.ids, np.setdiff1d(held, changed)))
            fresh = self._index_images(reader, np.setdiff1d(held, kept.ids))
            if len(held):
                merge_postings([kept, fresh]).save(_segment_path(folder, number))

    def _index_images(self, reader: Reader, ids: Int64Ids) -> Postings:
        """The postings of these images, a few of which are in memory at a time."""
        blocks = (
            reader.load_blobs(self._space, ids[start : start + _BLOCK].tolist())
            for start in range(0, len(ids), _BLOCK)
        )
        return index_keypoints(self._vocabulary, ids, blocks)

    def load_generation(self, root: Path, pointer: Projection | None) -> VisualWordIndex:
        if pointer is None:
            return VisualWordIndex(())
        path = generations.verify_generation(root, pointer, self.versions)
        with generations.translating_read_errors(pointer):
            return VisualWordIndex(tuple(map(Postings.load, sorted(path.glob(_PATTERN)))))

    def make_view(self, loaded: VisualWordIndex, reader: Reader, tail: Tail) -> VisualWordView:
        tails = tuple(self._index_tail(loaded, reader, tail))
        return VisualWordView(self._vocabulary, loaded.segments, tails, tail.hidden)

    def _index_tail(self, loaded: VisualWordIndex, reader: Reader, tail: Tail) -> Iterator[Postings]:
        """The postings of the tail by segment; images that an earlier view indexed are not indexed again."""
        before = dict(loaded.remembered)
        loaded.remembered.clear()
        for number in np.unique(tail.put // SEGMENT_SIZE).tolist():
            is_in = tail.put // SEGMENT_SIZE == number
            ids, changes = tail.put[is_in], tail.put_changes[is_in]
            known, postings = before.get(number, ({}, self._index_images(reader, ids[:0])))
            same = [known.get(image_id) == change for image_id, change in zip(ids, changes, strict=True)]
            kept = postings.keep_images(np.isin(postings.ids, ids[np.array(same, bool)]))
            described = np.intersect1d(ids, reader.described_ids(self._space))
            fresh = self._index_images(reader, np.setdiff1d(described, kept.ids))
            made = merge_postings([kept, fresh])
            loaded.remembered[number] = dict(zip(ids.tolist(), changes.tolist(), strict=True)), made
            yield made


def index_keypoints(vocabulary: Vocabulary, ids: Int64Ids, blocks: Iterable[Stored]) -> Postings:
    """The postings of these images, whose keypoints come in blocks, by rising id."""
    quantized = [_quantize_images(vocabulary, ids, block) for block in blocks]
    kinds = (np.uint16, np.int64, np.uint32)
    empty = [tuple(np.empty(0, kind) for kind in kinds)]
    places, words, signatures = (np.concatenate(column) for column in zip(*empty, *quantized, strict=True))
    return Postings.build(ids, places, words, signatures, len(vocabulary))


def _quantize_images(
    vocabulary: Vocabulary, ids: Int64Ids, stored: Stored
) -> tuple[npt.NDArray[np.uint16], Int64Vector, Signatures]:
    """The place of its image in `ids`, the word and the signature of each keypoint of some images."""
    descriptors = [decode_keypoints(blob).descriptors for blob in stored.values()]
    places = np.searchsorted(ids, np.fromiter(stored, np.int64, len(stored))).astype(np.uint16)
    counts = [len(rows) for rows in descriptors]
    return np.repeat(places, counts), *vocabulary.quantize_descriptors(np.concatenate(descriptors))


def _segment_path(folder: Path, number: int) -> Path:
    return folder / _PATTERN.replace("*", f"{number:08}")


def _segment_number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])
