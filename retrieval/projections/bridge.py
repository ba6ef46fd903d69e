"""The projection of the caption bridge: learned whenever it is published, kept as plain bytes.

A generation is a line of JSON (the words, the gains, the reason why it is off) and behind it the directions
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
from ..ranking.caption_bridge import Bridge, Features, Gain, Said, learn
from ..ranking.ranking import Ids, Ranking
from ..ranking.tokens import Terms, tokens
from ..signals import MEANING
from . import generations
from .base import AbstractProjection, AbstractView, Tail
from .vectors import Vector
from .words import ENTRIES_VERSION, entries

GIVEN = ("title", "tag", "label", "caption")  # what somebody said of a picture; names of files say too little
MOST_LEARNED = 100_000  # captioned images, evenly chosen: with more of them nothing new is learned
BRIDGE_VERSION = 1  # of retrieval.ranking.caption_bridge and GIVEN; raise it when either changes
STORED = np.dtype("<f2")


@final
class BridgeView(AbstractView[Terms]):
    """What words mean to the subject. It ranks nothing itself: the subject's view is asked its `question`."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge

    def question(self, query: Terms) -> Vector | None:
        """The vector to search the subject with; None where the bridge is off or knows none of the words."""
        return self.bridge.vector(query)

    def search(self, query: Terms, *, limit: int, allowed: Ids | None) -> Ranking:
        """No image: the bridge holds words."""
        return Ranking.of([], [])


@final
class BridgeProjection(AbstractProjection[Bridge, Terms]):
    """What the words of a library mean in its subject space.

    It knows nothing of single images, so that neither additions nor removals make it wrong: the tail is
    searched through the subject's view, and only words that are new wait for the next publication.
    """

    kind = "bridge"
    signal = MEANING

    def __init__(self, space: Space) -> None:
        """`space`: the subject's."""
        self._space = space
        self.space_id = space.id
        self.versions = f"bridge {BRIDGE_VERSION}, entries {ENTRIES_VERSION}, space {space.fingerprint}"

    def write(self, reader: Reader, root: Path, previous: Projection | None) -> Projection:
        seq = reader.last_seq()
        said, features = captioned(reader, self._space)
        name = generations.new_name(f"bridge-{self._space.id}", seq)
        sealed = write_file(root, name, to_bytes(learn(said, features)))
        return Projection(self.kind, self.space_id, seq, name, sealed.bytes, sealed.sha256, self.versions)

    def load(self, root: Path, pointer: Projection | None) -> Bridge:
        if pointer is None:
            return Bridge.off("nothing has been published", self._space.dimension)
        path = generations.verified(root, pointer, self.versions)
        with generations.readable(pointer):
            bridge = from_bytes(path.read_bytes())
        if bridge.directions.shape[1] != self._space.dimension:
            raise ProjectionDamaged(
                pointer.generation, f"holds directions of dimension {bridge.directions.shape[1]}"
            )
        return bridge

    def view(self, loaded: Bridge, reader: Reader, tail: Tail) -> BridgeView:
        return BridgeView(loaded)


def captioned(reader: Reader, space: Space) -> tuple[list[Said], Features]:
    """What is said of each captioned image that the space holds, and its feature, in the order of ids."""
    words = {image.id: said for image in entries(reader) if (said := said_of(image))}
    chosen = islice(words, 0, None, max(1, math.ceil(len(words) / MOST_LEARNED)))
    ids, features = reader.features(space, chosen)
    return [words[each] for each in ids.tolist()], features


def said_of(image: Image) -> Said:
    """The tokens of all that was given in words about an image; nothing that was predicted."""
    return frozenset(_tokens(value for field in GIVEN for value in image.values(field)))


def _tokens(texts: Iterable[str]) -> Iterable[str]:
    return (token for text in texts for token in tokens(text))


def to_bytes(bridge: Bridge) -> bytes:
    """The same bytes for the same bridge, always."""
    head = {
        "words": list(bridge.rows),
        "dimension": bridge.directions.shape[1],
        "reason": bridge.reason,
        "seen": asdict(bridge.seen) if bridge.seen else None,
        "unseen": asdict(bridge.unseen) if bridge.unseen else None,
    }
    return json.dumps(head).encode() + b"\n" + bridge.directions.astype(STORED).tobytes()


def from_bytes(data: bytes) -> Bridge:
    """The inverse of to_bytes; the bytes must have been verified before."""
    line, _, rest = data.partition(b"\n")
    head = json.loads(line)
    seen, unseen = (Gain(**head[name]) if head[name] else None for name in ("seen", "unseen"))
    rows = {word: row for row, word in enumerate(head["words"])}
    directions = np.frombuffer(rest, STORED).reshape(len(rows), head["dimension"])
    return Bridge(rows, directions, head["reason"], seen, unseen)
