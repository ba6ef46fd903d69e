"""Groups of what a search lists: by shot, day, folder or looks, as the options say."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..catalog import Catalog
from ..ranking.arrays import Int64Ids
from ..ranking.copies import Looks, find_same_pictures, find_same_scenes
from ..ranking.groups import GroupedRanking, group_by_likeness, group_by_name
from ..ranking.ranking import Ranking
from ..signals import COLOUR, SUBJECT
from .context import SearchContext
from .features import FeatureSource
from .shots import group_by_shot

MAX_COMPARED = 1000  # the first images of a ranking, among which copies and scenes are looked for


def group_images(context: SearchContext, ranking: Ranking) -> GroupedRanking:
    """The ranking with the best image of each group alone, and the groups."""
    grouping = context.options.group
    if grouping == "none" or not len(ranking):
        return GroupedRanking(ranking, examined=len(ranking))
    if grouping == "shot":
        return group_by_shot(ranking, context.catalog, partial(load_looks, context.catalog, context.features))
    if grouping in ("day", "folder"):
        return group_by_name(ranking, _load_names(context, grouping, ranking.ids))
    looks = load_looks(context.catalog, context.features, ranking.ids[:MAX_COMPARED])
    same = find_same_pictures(looks) if grouping == "copies" else find_same_scenes(looks)
    return group_by_likeness(ranking, same)


def stack_images(catalog: Catalog, features: FeatureSource, ids: Int64Ids) -> dict[int, tuple[int, ...]]:
    """Of the images of a list: those that are a copy or of the shot of an earlier one, by that one.

    The list stays as it is, and so does its number of images: this is for showing it.
    """
    ranking = Ranking(ids, -np.arange(len(ids), dtype=np.float64))
    shots = group_by_shot(ranking, catalog, partial(load_looks, catalog, features))
    remaining = shots.ranking.ids
    copies = group_by_likeness(shots.ranking, find_same_pictures(load_looks(catalog, features, remaining)))
    place = {image_id: position for position, image_id in enumerate(ids.tolist())}
    stacks: dict[int, tuple[int, ...]] = {}
    for best in copies.ranking.ids.tolist():
        alike = (best, *copies.group_of(best).members)
        members = {member for image_id in alike for member in (image_id, *shots.group_of(image_id).members)}
        if len(members) > 1:
            stacks[best] = tuple(sorted(members - {best}, key=place.__getitem__))
    return stacks


def describe_groups(context: SearchContext, grouped: GroupedRanking, listed: int) -> list[str]:
    """A sentence where groups were looked for among some of the images alone, or where the one that was asked
    for is not there. `listed`: how many images the answer lists.
    """
    options = context.options
    if options.group_of is not None and not listed:
        return [f"No group of this answer holds image {options.group_of}."]
    found = len(grouped.ranking) + len(grouped.list_members())
    if options.group == "none" or found <= grouped.examined:
        return []
    groups = (options.group if options.group == "copies" else f"{options.group}s").capitalize()
    return [f"{groups} were looked for among the first {grouped.examined:,} of {found:,} images."]


def _load_names(context: SearchContext, grouping: str, ids: Int64Ids) -> list[str]:
    """The day on which each image was taken, or its folder; "" where there is none."""
    with context.catalog.reading() as reader:
        load = reader.load_days if grouping == "day" else reader.load_folders
        names = load(ids.tolist())
    return [names.get(image_id, "") for image_id in ids.tolist()]


def load_looks(catalog: Catalog, features: FeatureSource, ids: Int64Ids) -> Looks:
    """The looks of images, in their order; raises ImageNotFound for one that was not described."""
    with catalog.reading() as reader:
        hashes = np.array(reader.perceptual_hashes(ids.tolist()), np.int64)
    load = features.load_stored_features
    subjects, colours = (load(signal, ids.tolist()) for signal in (SUBJECT, COLOUR))
    return Looks(hashes, subjects, colours)
