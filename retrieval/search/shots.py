"""Which images of a ranking are one shot: by their files, and by their looks where the files do not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..catalog import Catalog
from ..ranking.arrays import Int64Ids
from ..ranking.copies import Looks, find_same_scenes
from ..ranking.groups import GroupedRanking, group_by_number
from ..ranking.ranking import Ranking
from ..ranking.shots import LEAST_PREFERRED, ShotFile, ShotPair, find_shot_pairs, join_pairs, parse_shot_name

MAX_IMAGES = 10_000  # the first ones of a ranking, among which shots are looked for
CHUNK = 100  # pairs whose looks are compared at a time

LoadLooks = Callable[[Int64Ids], Looks]


def group_by_shot(ranking: Ranking, catalog: Catalog, load_looks: LoadLooks) -> GroupedRanking:
    """The ranking with one image of each shot; see `ranking.shots`."""
    ids = ranking.ids[:MAX_IMAGES]
    with catalog.reading() as reader:
        files = _ImageFiles.from_pairs(ids, reader.load_shot_files(ids.tolist()))
    pairs = files.find_image_pairs()
    sure = [pair for pair in pairs if pair.is_sure]
    alike = _keep_alike([pair for pair in pairs if not pair.is_sure], ids, load_looks)
    return group_by_number(ranking, join_pairs([*sure, *alike], len(ids)), files.preferences(len(ids)))


@dataclass(frozen=True, slots=True)
class _ImageFiles:
    """Files, and for each of them the place of its image in a ranking."""

    files: Sequence[ShotFile]
    places: Sequence[int]

    @classmethod
    def from_pairs(cls, ids: Int64Ids, pairs: Sequence[tuple[int, ShotFile]]) -> _ImageFiles:
        places = {image_id: place for place, image_id in enumerate(ids.tolist())}
        return cls([file for _, file in pairs], [places[image_id] for image_id, _ in pairs])

    def find_image_pairs(self) -> list[ShotPair]:
        """The pairs of files as pairs of images; each once, for sure if one of its files says so."""
        sure: dict[tuple[int, int], bool] = {}
        for one, other, is_sure in find_shot_pairs(self.files):
            first, second = sorted((self.places[one], self.places[other]))
            if first != second:
                sure[first, second] = sure.get((first, second), False) or is_sure
        return [ShotPair(*pair, is_sure) for pair, is_sure in sure.items()]

    def preferences(self, count: int) -> list[int]:
        """The preference of each image: the smallest one of its files."""
        preferences = [LEAST_PREFERRED] * count
        for place, file in zip(self.places, self.files, strict=True):
            preferences[place] = min(preferences[place], parse_shot_name(file.name).preference)
        return preferences


def _keep_alike(pairs: Sequence[ShotPair], ids: Int64Ids, load_looks: LoadLooks) -> Iterator[ShotPair]:
    """Those pairs of images that show one scene."""
    for start in range(0, len(pairs), CHUNK):
        chunk = pairs[start : start + CHUNK]
        places = sorted({place for one, other, _ in chunk for place in (one, other)})
        same = find_same_scenes(load_looks(ids[places]))
        yield from (pair for pair in chunk if same[places.index(pair.one), places.index(pair.other)])
