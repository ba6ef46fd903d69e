"""The projection of the caption bridge: learned at each publication, stored as plain bytes.

A generation is one line of JSON (what it was learned from, the words, the gains, the share, the reason why it
is off), followed by the directions and the sample as little-endian float16.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import final

import numpy as np

from ..catalog import Image, Projection, Space
from ..catalog.reader import Reader
from ..durable import write_file
from ..errors import ProjectionDamaged, StorageFailed
from ..ranking.arrays import Float16Matrix, Float32Vector, Int64Ids
from ..ranking.caption_bridge import Bridge, Gain, learn_bridge
from ..ranking.ranking import Ranking
from ..ranking.tokens import analyse_text, parse_terms
from ..ranking.word_fit import CaptionTokens
from ..ranking.word_tower import TextEncoder
from ..signals import MEANING
from . import generations
from .base import AbstractProjection, AbstractView, Tail
from .frozen import Made
from .rowfile import RowFile
from .word_entries import ENTRIES_VERSION
from .words import CHUNK, load_entries

STATED_FIELDS = (
    "title",
    "tag",
    "label",
    "caption",
)  # stated facts; the names of files say too little
MAX_LEARNED = 100_000  # captioned images, evenly chosen; more of them did not improve the bridge
BRIDGE_VERSION = 3  # of retrieval.ranking.caption_bridge and STATED_FIELDS; raise it when either changes
DIRECTION_DTYPE = np.dtype("<f2")


@final
class BridgeView(AbstractView[str]):
    """Turns texts into vectors of the subject space; the subject's view is then searched with the vector."""

    def __init__(self, bridge: Bridge, tower: TextEncoder | None = None) -> None:
        self.bridge, self.tower = bridge, tower

    def query_vector(self, text: str, english: str | None = None) -> Float32Vector | None:
        """The vector to search the subject with, from the bridge and the word tower together.

        `english`: the text in English, for the word tower, where it was typed in another language; a text of
        several words that are all English is taken as it is. None if neither of them knows any of the words.
        """
        known = _encode_text(self.tower, text, english) if self.tower else None
        return self.bridge.blend_vectors(self.bridge.text_vector(parse_terms(text)), known)

    def search(self, query: str, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        """An empty ranking: the bridge holds words, not images."""
        return Ranking.from_scores([], [])


def _encode_text(tower: TextEncoder, text: str, english: str | None) -> Float32Vector | None:
    return tower.encode_text(text if english is None or tower.is_english(text) else english)


@final
class BridgeProjection(AbstractProjection[Bridge, str]):
    """What the words of a library mean in its subject space.

    It holds nothing about single images, so neither additions nor removals make it wrong. The tail is
    searched through the subject's view; only new words have to wait for the next publication.
    """

    kind = "bridge"
    signal = MEANING

    def __init__(self, space: Space, tower: TextEncoder | None = None) -> None:
        """`space`: that of the subject; `tower`: the word tower of its backbone, if there is one."""
        self._space, self._tower = space, tower
        self.space_id = space.id
        self.versions = f"bridge {BRIDGE_VERSION}, entries {ENTRIES_VERSION}, space {space.fingerprint}"
        self.versions += f", tower {tower.identity[:16]}" if tower else ""

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        if previous is not None and _is_current(reader, root / previous.generation):
            return replace(previous, seq=seq)
        name = generations.new_name(f"bridge-{self._space.id}", seq)
        end = Made.of_library(reader).end
        root.mkdir(parents=True, exist_ok=True)
        try:
            with open_captioned(reader, self._space, root, end) as (words, features):
                bridge = self._learn_bridge(words, features)
        except OSError as error:
            raise StorageFailed(root / name, error.strerror or error) from error
        sealed = write_file(root, name, bridge_to_bytes(bridge, end, seq))
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def _learn_bridge(self, words: list[CaptionTokens], features: Float16Matrix) -> Bridge:
        return learn_bridge(words, features, self._tower.encode_words if self._tower else None)

    def load_generation(self, root: Path, pointer: Projection | None) -> Bridge:
        if pointer is None:
            return Bridge.without_words("nothing has been published", self._space.dimension)
        path = generations.verify_generation(root, pointer, self.versions)
        with generations.translating_read_errors(pointer):
            bridge = bridge_from_bytes(path.read_bytes())
        if bridge.directions.shape[1] != self._space.dimension:
            raise ProjectionDamaged(
                pointer.generation, f"holds directions of dimension {bridge.directions.shape[1]}"
            )
        return bridge

    def make_view(self, loaded: Bridge, reader: Reader, tail: Tail) -> BridgeView:
        return BridgeView(loaded, self._tower)


def _is_current(reader: Reader, path: Path) -> bool:
    """Whether a bridge was learned from what is frozen now, and hardly any of these images have changed."""
    with path.open("rb") as file:
        head = json.loads(file.readline())
    if "end" not in head:  # of an older release
        return False
    return Made(head["end"], reader.count_changed(head["seq"], head["end"])).is_current(reader)


@contextmanager
def open_captioned(
    reader: Reader, space: Space, folder: Path, end: int
) -> Iterator[tuple[list[CaptionTokens], Float16Matrix]]:
    """The stated words and the feature of each captioned image up to the id `end`, by rising id.

    The features are on the disk, in `folder`, as long as the context is open.
    """
    captioned = [image_id for image_id in reader.ids_with(STATED_FIELDS) if image_id <= end]
    chosen = captioned[:: max(1, math.ceil(len(captioned) / MAX_LEARNED))]
    words: list[CaptionTokens] = []

    def load_blocks() -> Iterator[Float16Matrix]:
        for start in range(0, len(chosen), CHUNK):
            images = load_entries(reader, chosen[start : start + CHUNK])
            stated = {image.id: tokens for image in images if (tokens := stated_tokens(image))}
            ids, features = reader.load_features(space, stated)
            words.extend(stated[image_id] for image_id in ids.tolist())
            yield features

    with RowFile(folder, load_blocks(), space.dimension) as rows:
        yield words, rows.map_rows()


def stated_tokens(image: Image) -> CaptionTokens:
    """The tokens of all stated texts about an image; predicted ones are left out."""
    return frozenset(_split_texts(value for field in STATED_FIELDS for value in image.field_values(field)))


def _split_texts(texts: Iterable[str]) -> Iterable[str]:
    return (token for text in texts for position in analyse_text(text) for token in position)


def bridge_to_bytes(bridge: Bridge, end: int = 0, seq: int = 0) -> bytes:
    """The same bytes for the same bridge, always; it was learned from images up to `end`, at `seq`."""
    head = {
        "end": end,
        "seq": seq,
        "words": list(bridge.rows),
        "dimension": bridge.directions.shape[1],
        "reason": bridge.reason,
        "seen": asdict(bridge.seen) if bridge.seen else None,
        "unseen": asdict(bridge.unseen) if bridge.unseen else None,
        "share": bridge.share,
    }
    matrices = [bridge.directions] if bridge.sample is None else [bridge.directions, bridge.sample]
    rows = b"".join(matrix.astype(DIRECTION_DTYPE).tobytes() for matrix in matrices)
    return json.dumps(head).encode() + b"\n" + rows


def bridge_from_bytes(data: bytes) -> Bridge:
    """The inverse of bridge_to_bytes; the bytes must have been verified before."""
    line, _, rest = data.partition(b"\n")
    head = json.loads(line)
    seen, unseen = (Gain(**head[name]) if head[name] else None for name in ("seen", "unseen"))
    rows = {word: row for row, word in enumerate(head["words"])}
    matrix = np.frombuffer(rest, DIRECTION_DTYPE).reshape(-1, head["dimension"])
    directions, sample = matrix[: len(rows)], matrix[len(rows) :]
    sample_or_none = sample if len(sample) else None
    return Bridge(rows, directions, head["reason"], seen, unseen, head["share"], sample_or_none)
