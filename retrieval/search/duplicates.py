"""Duplicates: images and files of which one may be enough, in tiers, with the copy that a rule would keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ..catalog import Catalog, Image
from ..catalog.reader import Reader
from ..errors import InvalidQuery
from ..projections.likeness import LikenessView
from ..ranking.copies import PICTURE, SCENE
from ..ranking.duplicate_groups import TIERS, DuplicateGroup, Duplicates, NearCopy, Tier
from ..ranking.keep_rules import Copy, KeepRule, list_differences
from ..ranking.verdicts import Verdict, group_pairs, list_meant, settle_verdicts

LARGEST: Final = KeepRule()


def check_tier(tier: str) -> None:
    """Raise InvalidQuery for a tier that does not exist."""
    if tier not in TIERS:
        raise InvalidQuery(f"tier: “{tier[:40]}” is none; give {', '.join(TIERS[:-1])} or {TIERS[-1]}")


def find_duplicates(
    catalog: Catalog, view: LikenessView | None, tier: Tier = "picture", rule: KeepRule = LARGEST
) -> Duplicates:
    """The groups of one tier.

    bytes: files of one image that hold the same bytes. picture: images that are probably one picture, and
    images whose files hold the same pixels in different bytes. scene: images that probably show one scene.
    confirmed: images that people said are one picture. What people said is no duplicate is in no group; what
    they confirmed is in the last tier alone. Without a view, nothing is compared. Raises InvalidQuery.
    """
    check_tier(tier)
    with catalog.reading() as reader:
        verdicts = reader.load_verdicts()
        groups = _group_images(reader, view, tier, verdicts)
        copies = reader.load_copies(sorted({image_id for members in groups for image_id in members}))
    made = (_make_group(members, copies, rule, tier) for members in groups)
    listed = [group for group in made if group is not None]
    listed.sort(key=lambda group: (-group.spare_bytes, group.images))
    is_compared = view is not None and tier in ("picture", "scene")
    return Duplicates(tuple(listed), len(view.uncompared) if view and is_compared else 0)


def _group_images(
    reader: Reader, view: LikenessView | None, tier: Tier, verdicts: Sequence[Verdict]
) -> list[tuple[int, ...]]:
    meant = list_meant(verdicts)
    if tier == "confirmed":
        return settle_verdicts(verdicts).list_classes()
    if tier == "bytes":
        return [(image_id,) for image_id in reader.find_same_bytes() if image_id not in meant]
    pictures = group_pairs(_list_pairs(view, PICTURE), verdicts)
    if tier == "scene":
        known = set(pictures)
        return [group for group in group_pairs(_list_pairs(view, SCENE), verdicts) if group not in known]
    grouped = {image_id for members in pictures for image_id in members} | meant
    alone = [(image_id,) for image_id in reader.find_same_pixels() if image_id not in grouped]
    return [*pictures, *alone]


def _list_pairs(view: LikenessView | None, least: int) -> Iterable[Sequence[int]]:
    return view.list_pairs(least).tolist() if view else ()


def _make_group(
    members: tuple[int, ...], copies: dict[int, list[Copy]], rule: KeepRule, tier: Tier
) -> DuplicateGroup | None:
    """The group of these images; None where fewer than two of their files, or images, are there."""
    images = tuple(image_id for image_id in members if image_id in copies)
    found = tuple(copy for image_id in images for copy in copies[image_id])
    if tier == "bytes":
        found = tuple(_repeated(found))
    if len(found) < 2 or len(images) < min(2, len(members)):
        return None
    return DuplicateGroup(images, found, rule.choose_copy(found), list_differences(found))


def _repeated(copies: Sequence[Copy]) -> Iterable[Copy]:
    """The copies whose bytes another one holds, too."""
    digests = [copy.sha256 for copy in copies]
    return (copy for copy in copies if digests.count(copy.sha256) > 1)


def find_copies(catalog: Catalog, view: LikenessView | None, image: Image) -> tuple[NearCopy, ...]:
    """The other files of an image, and those of images that are like it, the most alike first.

    What people said counts: images that they put together are one picture; those told apart from it, or
    from a more alike one, are left out.
    """
    with catalog.reading() as reader:
        tiers = _rate_others(reader, view, image.id)
        copies = reader.load_copies([image.id, *tiers])
    shown = image.location
    near = [
        NearCopy("bytes" if copy.sha256 == shown.sha256 else "picture", copy)
        for copy in copies.get(image.id, ())
        if shown and copy.path != shown.path
    ]
    near += [NearCopy(tier, copy) for other, tier in tiers.items() for copy in copies.get(other, ())]
    return tuple(sorted(near, key=lambda found: TIERS.index(found.tier)))


def _rate_others(reader: Reader, view: LikenessView | None, image_id: int) -> dict[int, Tier]:
    """The images that are like an image, each with how much."""
    settled = settle_verdicts(reader.load_verdicts())
    classes = (members for members in settled.list_classes() if image_id in members)
    rated: dict[int, Tier] = {other: "picture" for other in next(classes, ()) if other != image_id}
    for other, alike in view.list_alike(image_id).tolist() if view else ():
        if other not in rated and settled.join(image_id, other):
            rated[other] = "picture" if alike >= PICTURE else "scene"
    return rated
