"""Writes what a run has read to the catalog: one batch of pictures, or what the walk itself tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from retrieval import (
    NAME_SOURCE,
    Annotation,
    Content,
    DecodedPage,
    Library,
    LibraryWriter,
    NewImage,
    PictureDescription,
    Problem,
)

from .captions import CAPTIONS_SOURCE, Captions, annotations_by_image, find_spelling
from .dates_in_names import find_date_in_name
from .decode import FilePage, Outcome
from .plan import Plan
from .recognition import Recognition, recognise_pages
from .retrying import retry_after_loss
from .sources import Walk

EXIF_SOURCE = "exif"  # the source of the camera's name
TIME_FIELDS = ("taken", "modified")
INCOMPLETE = "incomplete"  # code of a problem: the picture is in the library, but some of it is missing
USUAL_DAYS = 30  # used where the setting forget_missing_days is 0: nothing is forgotten


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What the writing of one batch did.

    `added`: how many images are new to the library. `described_again`: how many it had already, and are
    described again. `repeated_paths`: further paths of images that it has, each with the id of the image and
    the SHA-256 of the file. `vanished`: paths of these images where there is no file any more.
    """

    added: int
    described_again: int
    repeated_paths: tuple[tuple[bytes, int, str], ...]
    problems: tuple[Problem, ...]
    vanished: tuple[bytes, ...] = ()


def write_batch(
    library: LibraryWriter,
    batch: Sequence[Outcome],
    captions: Captions,
    *,
    is_walked: Callable[[bytes], bool],
    anew: bool = False,
) -> BatchResult:
    """Describe what is new and write everything; once it returns, no crash loses any of it.

    A picture that the library has is not described, unless it was turned. With `anew`, all decoded ones are.
    `is_walked` says of which paths the run knows whether there is a file; see `recognise_pages`.
    When the database's server goes away meanwhile, the same is written again once it is back.
    """
    pages = [outcome for outcome in batch if isinstance(outcome, FilePage)]
    problems = [outcome for outcome in batch if isinstance(outcome, Problem)]
    recognition = retry_after_loss(lambda: recognise_pages(library, pages, is_walked))
    undescribed = recognition.images.keys() - recognition.turned
    described = _describe_pages(library, (page for page in pages if anew or page.sha256 not in undescribed))
    return retry_after_loss(
        lambda: _write_pages(library, pages, problems, described, recognition, captions, anew=anew)
    )


def write_walk(library: LibraryWriter, captions: Captions, walk: Walk, plan: Plan) -> tuple[int, int]:
    """Write what needs no file to be opened: missing and returned files, problems and captions.

    Two counts: captions that name a picture of the library, and captions that do not.
    """
    with library.catalog.writing() as writer:
        writer.follow_clock(_max_gap(library))
        writer.mark_missing(plan.missing)
        for file in plan.returned:
            writer.mark_present(file.path)
        writer.forget_moved()
        writer.forget_unlocated()
        solved = _solved_problems(writer.load_problems(), walk)
        # A picture that is incomplete stays so while its file is missing.
        incomplete = {problem.path for problem in solved if problem.code == INCOMPLETE}
        kept = incomplete.intersection(writer.load_locations()) if incomplete else set[bytes]()
        writer.forget_problems({problem.path for problem in solved} - kept)
        for problem in walk.problems:
            writer.report_problem(problem)
        locations = writer.load_locations() if captions else {}
        spellings = [find_spelling(path, locations) for path in sorted(captions)]
        captioned = [(path, locations[path][0]) for path in spellings if path is not None]
        for image_id, annotations in annotations_by_image(captions, captioned).items():
            writer.replace_annotations(image_id, CAPTIONS_SOURCE, annotations)
    return len(captioned), len(captions) - len(captioned)


def _max_gap(library: Library) -> timedelta:
    """The longest time that may have passed between two runs; a clock that shows more has jumped.

    It is half of the time after which missing files are forgotten, so that one jump forgets none.
    """
    return timedelta(days=(library.settings.forget_missing_days or USUAL_DAYS) / 2)


def _solved_problems(problems: Iterable[Problem], walk: Walk) -> list[Problem]:
    """Problems of paths that the walk looked at, and where there is no file and no problem any more."""
    present = {file.path for file in walk.files + walk.sidecars}
    present |= {problem.path for problem in walk.problems}
    return [problem for problem in problems if problem.path not in present and walk.is_covered(problem.path)]


def _write_pages(
    library: LibraryWriter,
    pages: Sequence[FilePage],
    problems: Sequence[Problem],
    described: Sequence[NewImage],
    recognition: Recognition,
    captions: Captions,
    *,
    anew: bool,
) -> BatchResult:
    """Write a batch in one transaction."""
    with library.catalog.writing() as writer:
        # After a lost connection, what was new may be there.
        ids = {**recognition.images, **writer.ids_by_sha256(page.sha256 for page in pages)}
        new = [image for image in described if image.sha256 not in ids]
        known = [image for image in described if image.sha256 in ids]
        again = [image for image in known if anew or image.sha256 in recognition.turned]
        for image in again:
            writer.describe_again(ids[image.sha256], image)
        added = dict(zip((image.sha256 for image in new), writer.add_images(new), strict=True))
        ids |= added
        ids |= dict(_ids_of_equal_pixels(pages, ids, new, added))
        stored = [page for page in pages if page.sha256 in ids]
        for page in stored:
            if page.decoded:
                writer.put_content(ids[page.sha256], _page_content(page, page.decoded))
                writer.identify_pixels(ids[page.sha256], page.decoded.pixel_digest)
            path, mtime, size = page.file.path, page.file.mtime, page.file.size
            writer.add_location(
                path, ids[page.sha256], mtime=mtime, size=size, page=page.page_number, sha256=page.sha256
            )
            if page.sha256 not in added and (named := _name_annotation(page)):
                writer.state_name_time(ids[page.sha256], named)
        writer.mark_missing(recognition.vanished)
        for page_count, paths in _paths_by_page_count(pages).items():
            writer.forget_pages(paths, after=page_count)
        # The captions of a file belong to its first page.
        first_pages = [page for page in stored if page.is_first]
        image_paths = [(page.file.path, ids[page.sha256]) for page in first_pages]
        # Other images may have paths with captions outside this batch: write_walk sees them all.
        new_paths = [(path, image_id) for path, image_id in image_paths if image_id in added.values()]
        for image_id, annotations in annotations_by_image(captions, new_paths).items():
            writer.replace_annotations(image_id, CAPTIONS_SOURCE, annotations)
        incomplete = list(_incomplete_problems(stored))
        writer.forget_problems({page.file.path for page in stored} - {problem.path for problem in incomplete})
        zeros = (_zero_feature_problem(page) for page in pages if page.sha256 not in ids)
        all_problems = [*problems, *incomplete, *zeros]
        for problem in all_problems:
            writer.report_problem(problem)
    repeated = tuple(_repeated_paths(first_pages, ids, set(added.values())))
    return BatchResult(len(new), len(again), repeated, tuple(all_problems), recognition.vanished)


def _ids_of_equal_pixels(
    pages: Iterable[FilePage], ids: Mapping[str, int], new: Iterable[NewImage], added: Mapping[str, int]
) -> Iterator[tuple[str, int]]:
    """Pages whose pixels are those of an image that is new in the same batch, by SHA-256."""
    by_pixels = {image.pixel_digest: added[image.sha256] for image in new if image.pixel_digest}
    for page in pages:
        if page.decoded and page.sha256 not in ids and page.decoded.pixel_digest in by_pixels:
            yield page.sha256, by_pixels[page.decoded.pixel_digest]


def _paths_by_page_count(pages: Iterable[FilePage]) -> dict[int, list[bytes]]:
    """The files that were read completely, by their number of pages; the first page is read last."""
    paths: dict[int, list[bytes]] = {}
    for page in pages:
        if page.is_first:
            paths.setdefault(page.page_count, []).append(page.file.path)
    return paths


def _repeated_paths(
    pages: Iterable[FilePage], ids: Mapping[str, int], new_ids: set[int]
) -> Iterator[tuple[bytes, int, str]]:
    """All paths but the first one of every new image."""
    for page in pages:
        image_id = ids[page.sha256]
        if image_id not in new_ids:
            yield page.file.path, image_id, page.sha256
        new_ids.discard(image_id)


def _describe_pages(library: Library, pages: Iterable[FilePage]) -> list[NewImage]:
    """The decoded pictures, each once, that have a feature in every space."""
    contents: dict[str, tuple[FilePage, DecodedPage]] = {}
    for page in pages:
        if page.decoded:
            contents.setdefault(page.decoded.pixel_digest or page.sha256, (page, page.decoded))
    if not contents:
        return []
    descriptions = library.describe_and_predict([decoded.image.pixels for _, decoded in contents.values()])
    return [
        _new_image(page, decoded, description)
        for (page, decoded), description in zip(contents.values(), descriptions, strict=True)
        if all(feature.any() for feature in description.features.values())
    ]


def _new_image(page: FilePage, decoded: DecodedPage, description: PictureDescription) -> NewImage:
    image = decoded.image
    return NewImage(
        sha256=page.sha256,
        perceptual_hash=decoded.perceptual_hash,
        width=image.width,
        height=image.height,
        format=image.format,
        bytes=page.size,
        taken_at=image.taken_at,
        thumbnail=decoded.thumbnail,
        features=description.features,
        annotations=(*description.predicted, *_file_annotations(page, decoded)),
        blobs=description.blobs,
        pixel_digest=decoded.pixel_digest,
    )


def _page_content(page: FilePage, decoded: DecodedPage) -> Content:
    facts = tuple(_embedded_annotations(decoded))
    return Content(page.sha256, page.size, decoded.image.format, decoded.image.taken_at, facts)


def _file_annotations(page: FilePage, decoded: DecodedPage) -> Iterator[Annotation]:
    """What a file says about its picture. The date in its name counts where the file has none."""
    yield from _embedded_annotations(decoded)
    has_time = decoded.image.taken_at or any(fact.field in TIME_FIELDS for fact in decoded.metadata.facts)
    if not has_time and (named := _name_annotation(page)):
        yield named


def _embedded_annotations(decoded: DecodedPage) -> Iterator[Annotation]:
    for source, field, value in decoded.metadata.facts:
        yield Annotation(field, value, source)
    if decoded.image.camera:
        yield Annotation("camera", decoded.image.camera, EXIF_SOURCE)


def _name_annotation(page: FilePage) -> Annotation | None:
    moment = find_date_in_name(page.file.path)
    return Annotation("taken", moment.isoformat(" "), NAME_SOURCE) if moment else None


def _incomplete_problems(pages: Iterable[FilePage]) -> Iterator[Problem]:
    """A problem for each picture of which only a part is in its file."""
    for page in pages:
        if page.decoded and page.decoded.image.incomplete:
            yield Problem(page.file.path, INCOMPLETE, page.decoded.image.incomplete)


def _zero_feature_problem(page: FilePage) -> Problem:
    subject = "it" if page.page_count == 1 else f"page {page.page_number}"
    reason = f"a descriptor gave a feature of zeros for {subject}, which cannot be compared"
    return Problem(page.file.path, "degenerate-feature", reason)
