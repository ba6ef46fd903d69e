"""Recognises pictures that the library has: by the bytes of their files, or by their pixels where a file was
rewritten, as when a keyword is added; and finds the places from which they are gone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from retrieval import DecodedPage, Library, find_digests, find_turned_digests

from .decode import FilePage


@dataclass(frozen=True, slots=True)
class Recognition:
    """Which pages show images that the library has.

    `images`: the id of the image by SHA-256 of the page. `turned`: SHA-256 of the pages that show their image
    turned or mirrored. `vanished`: further paths of these images, where there is no file any more.
    """

    images: Mapping[str, int]
    turned: frozenset[str]
    vanished: tuple[bytes, ...]


def recognise_pages(
    library: Library, pages: Sequence[FilePage], is_walked: Callable[[bytes], bool]
) -> Recognition:
    """Compare the pages with the catalog; nothing is written.

    A file whose pixels are those of several images, as older libraries may have them, shows the image that
    was at its path, or else the oldest. A file whose picture was turned shows the image that was at its path.
    Paths for which `is_walked` is true are not looked at: the run knows whether there is a file.
    """
    with library.catalog.reading() as reader:
        images = reader.ids_by_sha256(page.sha256 for page in pages)
        fresh = [page for page in pages if page.decoded and page.sha256 not in images]
        places = reader.images_at(page.file.path for page in fresh)
        own = {page.sha256: places.get((page.file.path, page.page_number), 0) for page in fresh}
        for sha256, ids in _find_candidates(fresh, find_digests, reader.ids_by_pixels):
            images[sha256] = own[sha256] if own[sha256] in ids else min(ids)
        rest = [page for page in fresh if page.sha256 not in images and own[page.sha256]]
        found = _find_candidates(rest, find_turned_digests, reader.ids_by_pixels)
        turned = frozenset(sha256 for sha256, ids in found if own[sha256] in ids)
        images |= {sha256: own[sha256] for sha256 in turned}
        paths = reader.present_paths(sorted(set(images.values())))
    read = [(page.file.path, images[page.sha256]) for page in pages if page.sha256 in images]
    vanished = sorted(set(_find_vanished(read, paths, is_walked)))
    return Recognition(images, turned, tuple(vanished))


def _find_candidates(
    pages: Iterable[FilePage],
    find: Callable[[DecodedPage], Iterable[str]],
    load_ids: Callable[[Iterable[str]], Mapping[str, Sequence[int]]],
) -> list[tuple[str, list[int]]]:
    """The images that have one of the digests that `find` gives, by SHA-256; without pages that have none."""
    digests = [(page.sha256, find(page.decoded)) for page in pages if page.decoded]
    ids = load_ids(digest for _, some in digests for digest in some)
    candidates = [
        (sha256, [image for digest in some for image in ids.get(digest, ())]) for sha256, some in digests
    ]
    return [(sha256, images) for sha256, images in candidates if images]


def _find_vanished(
    read: Iterable[tuple[bytes, int]],
    paths: Mapping[int, Sequence[bytes]],
    is_walked: Callable[[bytes], bool],
) -> Iterator[bytes]:
    """The other paths of images that were read, where there is no file any more."""
    others = {image: [path for path in known if not is_walked(path)] for image, known in paths.items()}
    for path, image in read:
        yield from (other for other in others.get(image, ()) if other != path and _has_vanished(other, path))


def _has_vanished(path: bytes, found: bytes) -> bool:
    """Whether there is surely no file at a path, or only because it spells the path `found` otherwise.

    A place that cannot be looked at, such as a failing disk, is left as it is.
    """
    try:
        status = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - Path cannot hold bytes
        is_same_spelling = _unify_letters(path) == _unify_letters(found)
        return is_same_spelling and os.path.samestat(status, os.lstat(found))
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def _unify_letters(path: bytes) -> str:
    """A path as file systems compare it that do not tell upper from lower case, or forms of letters apart."""
    return normalize("NFC", os.fsdecode(path)).casefold()
