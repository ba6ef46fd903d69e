"""Verdicts: what people said about which images are one picture, and what follows from it. Pure.

That two images are one picture is transitive: of A and B, and of B and C, it follows for A and C. So is that
they are not: where A and B are one picture and B is not C, neither is A.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final, Literal, TypeAlias, final

VerdictKind: TypeAlias = Literal["same", "different"]
SAME: Final = "same"
DIFFERENT: Final = "different"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said at one time: these images are all one picture, or no two of them are.

    Of one image alone, DIFFERENT says that its files shall be several. Ids rise with the time.
    """

    id: int
    kind: VerdictKind
    images: tuple[int, ...]


@final
class Partition:
    """Images that are put together, and classes of them that stay apart; it grows while groups are formed."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}
        self._apart: dict[int, set[int]] = {}  # by root: the roots of the classes that it is no part of

    def find_root(self, image_id: int) -> int:
        """The image that names the class of an image; the image itself where it is alone."""
        root = image_id
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        self._parents[image_id] = root  # a shorter way for the next time
        return root

    def join(self, first: int, second: int) -> bool:
        """Put the classes of two images together; False where they have to stay apart."""
        kept, gone = sorted((self.find_root(first), self.find_root(second)))
        if gone in self._apart.get(kept, ()):
            return False
        if kept != gone:
            self._parents[gone] = kept
            for other in self._apart.pop(gone, set()):
                self._apart[other].discard(gone)
                self._keep_apart(kept, other)
        return True

    def part(self, first: int, second: int) -> bool:
        """Keep the classes of two images apart; False where they are one class."""
        one, other = self.find_root(first), self.find_root(second)
        if one == other:
            return False
        self._keep_apart(one, other)
        return True

    def list_classes(self) -> list[tuple[int, ...]]:
        """The classes of two images and more; ids in rising order, classes by their first."""
        classes: dict[int, list[int]] = {}
        for image_id in sorted(self._parents):
            classes.setdefault(self.find_root(image_id), []).append(image_id)
        return sorted(tuple(members) for members in classes.values() if len(members) > 1)

    def _keep_apart(self, one: int, other: int) -> None:
        self._apart.setdefault(one, set()).add(other)
        self._apart.setdefault(other, set()).add(one)


def settle_verdicts(verdicts: Iterable[Verdict]) -> Partition:
    """The classes that follow from all verdicts; where two contradict each other, the later one counts.

    An earlier one is not lost: it counts again once the later one is withdrawn.
    """
    partition = Partition()
    for verdict in sorted(verdicts, key=lambda verdict: -verdict.id):
        if verdict.kind == SAME:
            for pair in pairwise(verdict.images):
                partition.join(*pair)
        else:
            for pair in combinations(verdict.images, 2):
                partition.part(*pair)
    return partition


def list_meant(verdicts: Iterable[Verdict]) -> frozenset[int]:
    """The images whose files shall be several."""
    return frozenset(
        verdict.images[0] for verdict in verdicts if verdict.kind == DIFFERENT and len(verdict.images) == 1
    )


def group_pairs(pairs: Iterable[Sequence[int]], verdicts: Sequence[Verdict]) -> list[tuple[int, ...]]:
    """Groups of images that are probably alike: those of pairs that hang together, the most alike pair first.

    Images that people put together are, and classes that they told apart are in different groups, even where
    another image is like both: it goes to the one that it is more like. A group in which people put all
    images together already is left out.
    """
    settled, grown = settle_verdicts(verdicts), settle_verdicts(verdicts)
    for first, second in pairs:
        grown.join(first, second)
    return [
        members
        for members in grown.list_classes()
        if len({settled.find_root(image_id) for image_id in members}) > 1
    ]
