"""The projection of the caption bridge: learned at each publication, stored as plain bytes.

A generation is one line of JSON (the words, the gains, the reason why it is off), followed by the directions
as little-endian float16.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import final

import numpy as np

from ..catalog import Image, Projection, Space
from ..catalog.reader import Reader
from ..durable import write_file
from ..errors import ProjectionDamaged
from ..ranking.arrays import Float16Matrix, Float32Vector, Int64Ids
from ..ranking.caption_bridge import Bridge, Gain, learn_bridge
from ..ranking.ranking import Ranking
from ..ranking.tokens import Terms, analyse_text
from ..ranking.word_fit import CaptionTokens
from ..signals import MEANING
from . import generations
from .base import AbstractProjection, AbstractView, Tail
from .words import ENTRIES_VERSION, load_entries

STATED_FIELDS = (
    "title",
    "tag",
    "label",
    "caption",
)  # stated facts; the names of files say too little
MAX_LEARNED = 100_000  # captioned images, evenly chosen; more of them did not improve the bridge
BRIDGE_VERSION = 1  # of retrieval.ranking.caption_bridge and STATED_FIELDS; raise it when either changes
DIRECTION_DTYPE = np.dtype("<f2")


@final
class BridgeView(AbstractView[Terms]):
    """Turns words into vectors of the subject space; the subject's view is then searched with the vector."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge

    def query_vector(self, query: Terms) -> Float32Vector | None:
        """The vector to search the subject with; None if the bridge is off or knows none of the words."""
        return self.bridge.text_vector(query)

    def search(self, query: Terms, *, limit: int, allowed: Int64Ids | None) -> Ranking:
        """An empty ranking: the bridge holds words, not images."""
        return Ranking.from_scores([], [])


@final
class BridgeProjection(AbstractProjection[Bridge, Terms]):
    """What the words of a library mean in its subject space.

    It holds nothing about single images, so neither additions nor removals make it wrong. The tail is
    searched through the subject's view; only new words have to wait for the next publication.
    """

    kind = "bridge"
    signal = MEANING

    def __init__(self, space: Space) -> None:
        """`space`: that of the subject."""
        self._space = space
        self.space_id = space.id
        self.versions = f"bridge {BRIDGE_VERSION}, entries {ENTRIES_VERSION}, space {space.fingerprint}"

    def write_generation(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        words, features = load_captioned(reader, self._space)
        name = generations.new_name(f"bridge-{self._space.id}", seq)
        sealed = write_file(root, name, bridge_to_bytes(learn_bridge(words, features)))
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

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
        return BridgeView(loaded)


def load_captioned(reader: Reader, space: Space) -> tuple[list[CaptionTokens], Float16Matrix]:
    """The stated words and the feature of each captioned image in the space, by rising image id."""
    words = {image.id: stated for image in load_entries(reader) if (stated := stated_tokens(image))}
    chosen = islice(words, 0, None, max(1, math.ceil(len(words) / MAX_LEARNED)))
    ids, features = reader.load_features(space, chosen)
    return [words[image_id] for image_id in ids.tolist()], features


def stated_tokens(image: Image) -> CaptionTokens:
    """The tokens of all stated texts about an image; predicted ones are left out."""
    return frozenset(_split_texts(value for field in STATED_FIELDS for value in image.field_values(field)))


def _split_texts(texts: Iterable[str]) -> Iterable[str]:
    return (token for text in texts for position in analyse_text(text) for token in position)


def bridge_to_bytes(bridge: Bridge) -> bytes:
    """The same bytes for the same bridge, always."""
    head = {
        "words": list(bridge.rows),
        "dimension": bridge.directions.shape[1],
        "reason": bridge.reason,
        "seen": asdict(bridge.seen) if bridge.seen else None,
        "unseen": asdict(bridge.unseen) if bridge.unseen else None,
    }
    return json.dumps(head).encode() + b"\n" + bridge.directions.astype(DIRECTION_DTYPE).tobytes()


def bridge_from_bytes(data: bytes) -> Bridge:
    """The inverse of bridge_to_bytes; the bytes must have been verified before."""
    line, _, rest = data.partition(b"\n")
    head = json.loads(line)
    seen, unseen = (Gain(**head[name]) if head[name] else None for name in ("seen", "unseen"))
    rows = {word: row for row, word in enumerate(head["words"])}
    directions = np.frombuffer(rest, DIRECTION_DTYPE).reshape(len(rows), head["dimension"])
    return Bridge(rows, directions, head["reason"], seen, unseen)
