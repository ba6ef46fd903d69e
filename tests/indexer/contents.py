"""All that a library holds, without timestamps: equal for two libraries of the same pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from retrieval import Image, Library, Options, Query, StoredPicture, parse_query, path_bytes
from retrieval.catalog import Space
from retrieval.catalog.reader import Reader
from retrieval.projections.publications import live_pointers


def contents(path: Path) -> dict[str, Any]:
    """Images by SHA-256 with id, facts, features' bytes and thumbnail; the problems; the pointers."""
    with Library.open(path) as library, library.catalog.reading() as reader:
        images = reader.load_images(reader.find_ids().tolist()).values()
        features = {space.descriptor: stored_features(reader, space) for space in library.spaces}
        return {
            "images": {
                image.sha256: {
                    "id": image.id,
                    "facts": (image.width, image.height, image.format, image.bytes, image.perceptual_hash),
                    "taken_at": image.taken_at,
                    "places": [
                        (location.path, location.size, location.missing_since is None)
                        for location in image.locations
                    ],
                    "said": image.annotations,
                    "features": {name: rows.get(image.id) for name, rows in features.items()},
                    "thumbnail": hashlib.sha256(library.load_thumbnail(image.id)).hexdigest(),
                }
                for image in images
            },
            "problems": [(problem.path, problem.code) for problem in reader.load_problems()],
            "projections": sorted(
                (projection.kind, projection.space_id, projection.library_versions)
                for projection in live_pointers(reader, library.generations_folder)
            ),
        }


def stored_features(reader: Reader, space: Space) -> dict[int, bytes]:
    """The bytes of every feature of a space, by image id."""
    if not space.dimension:
        return reader.load_blobs(space, reader.find_ids().tolist())
    return {int(image_id): row.tobytes() for image_id, row in zip(*reader.load_features(space), strict=True)}


def differences(path: Path, other: Path) -> list[str]:
    """How the contents of two libraries differ, in sentences; empty when they are equal."""
    first, second = contents(path), contents(other)
    found = [name for name in ("problems", "projections") if first[name] != second[name]]
    for digest in sorted(first["images"].keys() | second["images"].keys()):
        one, two = first["images"].get(digest), second["images"].get(digest)
        if one is None or two is None:
            found.append(f"image {digest} is in one of them only")
        else:
            found += [
                f"{name} of image {one['id']}: {one[name]} {two[name]}"
                for name in one
                if one[name] != two[name]
            ]
    return found


def answers(path: Path, *lines: str) -> dict[str, list[tuple[int, float]]]:
    """Ids and scores of every hit: for the query lines, and for the first, middle and last image as example."""
    with Library.open(path) as library:
        with library.catalog.reading() as reader:
            ids = reader.find_ids().tolist()
        queries = {line: parse_query(line, limit=1000) for line in lines}
        queries |= {
            f"like {image_id}": Query((StoredPicture(image_id),), limit=1000, options=Options(weaker=True))
            for image_id in {ids[0], ids[len(ids) // 2], ids[-1]}
        }
        return {
            name: [(hit.id, hit.score) for hit in library.search(query).hits]
            for name, query in queries.items()
        }


def last_change(path: Path) -> int:
    """The newest line of the change log."""
    with Library.open(path) as library, library.catalog.reading() as reader:
        return reader.last_seq()


def generations(path: Path) -> list[str]:
    """The names of the entries in the folder of projections."""
    return sorted(entry.name for entry in (path / "projections").iterdir())


def image_at(library: Path, path: Path) -> Image:
    """The image that the library has at a path."""
    with Library.open(library) as opened:
        with opened.catalog.reading() as reader:
            image_id, _ = reader.load_locations()[path_bytes(path)]
        return opened.load_image(image_id)
