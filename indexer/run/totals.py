"""The counts of a whole run, added up over its batches. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from retrieval import Location, Problem

from .plan import Plan
from .write import BatchResult

Locations: TypeAlias = Mapping[bytes, tuple[int, Location]]  # by path: image id and location


@dataclass(frozen=True, slots=True)
class EarlierLocations:
    """Where images were before a run.

    `paths` by image id. `gone`: paths where there is no file any more. `compared`: paths of files that look
    unchanged and are read all the same. `missing`: those of `gone` that are gone since the run before.
    `gone` grows while the run finds further paths without a file.
    """

    locations: Locations
    paths: Mapping[int, set[bytes]]
    gone: set[bytes]
    compared: set[bytes]
    missing: frozenset[bytes] = frozenset()

    @classmethod
    def from_plan(cls, locations: Locations, plan: Plan) -> EarlierLocations:
        paths: dict[int, set[bytes]] = {}
        for path, (image_id, _) in locations.items():
            paths.setdefault(image_id, set()).add(path)
        gone = {path for path, (_, location) in locations.items() if location.missing_since}
        compared = {file.path for file in plan.compared}
        return cls(locations, paths, gone.union(plan.missing), compared, frozenset(plan.missing))

    def is_gone(self, image_id: int) -> bool:
        """Whether an image had paths and has none of them any more: then a new path of it is a move."""
        return image_id in self.paths and self.paths[image_id] <= self.gone

    def count_moved_away(self, arrivals: Mapping[int, int]) -> int:
        """How many of the missing paths are accounted for: their images lie at that many other paths now."""
        return sum(min(count, len(self.paths[image] & self.missing)) for image, count in arrivals.items())

    def has_arrived(self, path: bytes, image_id: int) -> bool:
        """Whether an image that had lost all its paths lies at this one, and did not before."""
        before = self.locations.get(path)
        return self.is_gone(image_id) and (before is None or before[0] != image_id)

    def is_same(self, path: bytes, sha256: str) -> bool:
        """Whether a compared file still has the content that it had."""
        return path in self.compared and self.locations[path][1].sha256 == sha256


@dataclass(frozen=True, slots=True)
class BatchTotals:
    """What all batches of a run did; the counts are those of Report.

    `moved_away`: missing paths whose images were found at other paths, so that nothing is lost.
    """

    added: int
    described_again: int
    copies: int
    moved: int
    returned: int
    unchanged: int
    problems: tuple[Problem, ...]
    moved_away: int = 0


def sum_batches(batches: Iterable[BatchResult], earlier: EarlierLocations) -> BatchTotals:
    """Add up the batches one by one and keep none of them, so that memory use does not grow with a run."""
    added = described_again = copies = moved = returned = unchanged = 0
    problems: list[Problem] = []
    arrivals: Counter[int] = Counter()
    for batch in batches:
        added, described_again = added + batch.added, described_again + batch.described_again
        earlier.gone.update(batch.vanished)
        new_paths = [image for path, image, _ in batch.repeated_paths if path not in earlier.locations]
        moves = sum(earlier.is_gone(image) for image in new_paths)
        copies, moved = copies + len(new_paths) - moves, moved + moves
        arrivals.update(image for path, image, _ in batch.repeated_paths if earlier.has_arrived(path, image))
        same = [
            earlier.locations[path][1]
            for path, _, sha256 in batch.repeated_paths
            if earlier.is_same(path, sha256)
        ]
        returns = sum(location.missing_since is not None for location in same)
        returned, unchanged = returned + returns, unchanged + len(same) - returns
        problems += batch.problems
    return BatchTotals(
        added, described_again, copies, moved, returned, unchanged, tuple(problems),
        moved_away=earlier.count_moved_away(arrivals),
    )  # fmt: skip
