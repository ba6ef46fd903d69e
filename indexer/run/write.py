"""Writes one batch: contents, places, facts and problems in one transaction, which acknowledges them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from retrieval import Annotation, Description, Library, LibraryWriter, NewImage, Problem

from .captions import CAPTIONS_SOURCE, Captions, annotations_by_image
from .decode import FilePage, Outcome
from .retrying import retry_after_loss

EXIF = "exif"  # the source that names the camera


@dataclass(frozen=True, slots=True)
class Written:
    """What one batch did: how many contents it added, and how many that the library had it described again;
    what it met `again` (the path, and the image that the library had before it), and the problems."""

    added: int
    described_again: int
    again: tuple[tuple[bytes, int], ...]
    problems: tuple[Problem, ...]


def write_batch(
    library: LibraryWriter, batch: Sequence[Outcome], captions: Captions, *, anew: bool = False
) -> Written:
    """Describe what is new and write everything; after it returns, no crash loses any of it.

    With `anew` what was decoded is described again where the library has it.
    Where the database's server goes away meanwhile, the same is written again when it is back.
    """
    reads = [each for each in batch if isinstance(each, FilePage)]
    described = _described(library, reads)
    return retry_after_loss(lambda: _write(library, batch, reads, described, captions, anew=anew))


def _write(
    library: LibraryWriter,
    batch: Sequence[Outcome],
    reads: Sequence[FilePage],
    described: Sequence[NewImage],
    captions: Captions,
    *,
    anew: bool,
) -> Written:
    """One transaction; contents that the library has are known by their SHA-256, places by their paths."""
    with library.catalog.writing() as writer:
        ids = writer.ids_by_sha256(each.sha256 for each in reads)
        new = [image for image in described if image.sha256 not in ids]
        known = [image for image in described if anew and image.sha256 in ids]
        for image in known:
            writer.describe_again(ids[image.sha256], image)
        added = dict(zip((image.sha256 for image in new), writer.add_images(new), strict=True))
        ids |= added
        held = [each for each in reads if each.sha256 in ids]
        for each in held:
            path, mtime, size = each.file.path, each.file.mtime, each.file.size
            writer.place(path, ids[each.sha256], mtime=mtime, size=size, page=each.page)
        for pages, paths in _by_pages(reads).items():
            writer.forget_pages(paths, after=pages)
        # What captions say of a file is said of its first page.
        placed = [(each.file.path, ids[each.sha256]) for each in held if each.page == 1]
        # Others may have places, and so captions, outside this batch: the end of the run sees them all.
        fresh = [place for place in placed if place[1] in added.values()]
        for image_id, facts in annotations_by_image(captions, fresh).items():
            writer.annotate(image_id, CAPTIONS_SOURCE, facts)
        problems = [each for each in batch if isinstance(each, Problem)]
        problems += [_featureless(each) for each in reads if each.sha256 not in ids]
        writer.forget_problems(each.file.path for each in held)
        for problem in problems:
            writer.report(problem)
    return Written(len(new), len(known), tuple(_again(placed, set(added.values()))), tuple(problems))


def _by_pages(reads: Sequence[FilePage]) -> dict[int, list[bytes]]:
    """The files that were read to their end, by their number of pages; the first page comes last."""
    paths: dict[int, list[bytes]] = {}
    for each in reads:
        if each.page == 1:
            paths.setdefault(each.pages, []).append(each.file.path)
    return paths


def _again(placed: Iterable[tuple[bytes, int]], fresh: set[int]) -> Iterator[tuple[bytes, int]]:
    """The places but for the first one of every image that is new."""
    for path, image_id in placed:
        if image_id not in fresh:
            yield path, image_id
        fresh.discard(image_id)


def _said(read: FilePage) -> Iterator[Annotation]:
    """What a decoded file says about its picture."""
    for source, field, value in read.metadata.facts:
        yield Annotation(field, value, source)
    if read.decoded and read.decoded.camera:
        yield Annotation("camera", read.decoded.camera, EXIF)


def _described(library: Library, reads: Sequence[FilePage]) -> list[NewImage]:
    """The decoded contents, each once, that every space has a feature for."""
    fresh = list({each.sha256: each for each in reads if each.decoded}.values())
    if not fresh:
        return []
    described = library.describe_and_predict([each.decoded.pixels for each in fresh if each.decoded])
    return [
        _new_image(each, description)
        for each, description in zip(fresh, described, strict=True)
        if all(row.any() for row in description.features.values())
    ]


def _new_image(each: FilePage, description: Description) -> NewImage:
    decoded = each.decoded
    assert decoded is not None, "only decoded contents are described"
    return NewImage(
        sha256=each.sha256,
        perceptual_hash=each.perceptual_hash,
        width=decoded.width,
        height=decoded.height,
        format=decoded.format,
        bytes=each.size,
        taken_at=decoded.taken_at,
        thumbnail=each.thumbnail,
        features=description.features,
        annotations=(*description.predicted, *_said(each)),
        keypoints=description.keypoints,
    )


def _featureless(each: FilePage) -> Problem:
    what = "it" if each.pages == 1 else f"page {each.page}"
    reason = f"a descriptor found no direction in {what} (a feature of zeros); it cannot be compared"
    return Problem(each.file.path, "degenerate-feature", reason)
