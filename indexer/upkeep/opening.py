"""Opens a library for writing, under the lock, and makes the spaces of a new one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from data import BACKBONE
from retrieval import (
    Backbone,
    InvalidSetting,
    Library,
    LibraryWriter,
    OnBusy,
    Preprocessing,
    Settings,
    WriterLock,
    fetch_backbone,
    images,
    refuse_busy,
    write_library,
)

REFERENCE_STEP = 5  # every fifth picture of the sample collection is a reference picture; there are 62


@dataclass(frozen=True, slots=True)
class LibrarySpec:
    """What a new library is made with; by default the bundled backbone, and timm's weights for another one.

    `text_tower`: that of a CLIP backbone, as fetch_backbone takes it.
    """

    backbone: str | None = None
    weights: str | None = None
    preprocessing: Mapping[str, str] = field(default_factory=dict)
    catalog_url: str | None = None
    text_tower: str | None = None


@contextmanager
def open_or_create(
    path: Path, spec: LibrarySpec = LibrarySpec(), on_busy: OnBusy = refuse_busy
) -> Iterator[LibraryWriter]:
    """The library at `path`, locked and open for writing; if there is none, it is made by `spec`.

    Raises LibraryBusy if another process writes and `on_busy` raises it. Raises InvalidSetting if `spec` or
    the setting `scaling` would give features that cannot be compared with those in the library. Raises
    BackboneUnavailable before anything is made.
    If the library's copy of its weights is missing or damaged, it is restored from the weights in `spec`.
    """
    with WriterLock(path, on_busy) as lock:
        _check_catalog_url(path, spec)
        settings = Settings.resolve(path, catalog_url=spec.catalog_url)
        # The backbone comes first: if it is not available, no library is made.
        backbone = None if Library.has_library(path, settings) else _fetch_backbone(spec)
        with LibraryWriter.create(lock, settings) as library:
            if spec.catalog_url:
                library.remember_catalog()
            if library.spaces:
                _check_spec(library, spec)
                library.add_parts()
            else:
                library.make_spaces(
                    fetched := backbone or _fetch_backbone(spec), _reference_pictures(spec, fetched)
                )
            library.note_scaling()
            library.check_scaling()
            yield library


@contextmanager
def open_existing(path: Path, on_busy: OnBusy = refuse_busy) -> Iterator[LibraryWriter]:
    """An existing library, locked and open for writing; raises LibraryNotFound if there is none."""
    with Library.open(path):
        pass
    with write_library(path, on_busy=on_busy) as library:
        yield library


def _check_catalog_url(path: Path, spec: LibrarySpec) -> None:
    """Raise InvalidSetting if the library's settings file names another catalog: a library has only one."""
    remembered = Settings.resolve(path, {}).catalog_url
    if spec.catalog_url and remembered not in ("", spec.catalog_url):
        raise InvalidSetting(
            f"{path}: its settings file names another catalog already; "
            "leave --catalog-url out, or take another --library"
        )


def _fetch_backbone(spec: LibrarySpec) -> Backbone:
    if spec.backbone:
        weights = spec.weights or "pretrained"
        return fetch_backbone(spec.backbone, weights, text_tower=spec.text_tower, **spec.preprocessing)
    for name, value in (("weights", spec.weights), ("text tower", spec.text_tower)):
        if value:
            raise InvalidSetting(f"{name} {value}: name the timm CNN that it belongs to with --backbone")
    return fetch_backbone(BACKBONE.name.partition(".")[0], str(BACKBONE), **spec.preprocessing)


def _reference_pictures(spec: LibrarySpec, backbone: Backbone) -> list[images.RGB]:
    """Drawn pictures, for a trained backbone that the user chose; the bundled one has figures of its own."""
    if not (spec.backbone and backbone.trained):
        return []
    from data.sample import draw_collection  # its scenes take as long to load as a search

    return [sample.pixels for sample in draw_collection(step=REFERENCE_STEP)]


def _check_spec(library: LibraryWriter, spec: LibrarySpec) -> None:
    """Raise InvalidSetting if the library was made with another backbone, preprocessing or weights.

    Features of the two could not be compared.
    """
    made = next((space.configuration for space in library.spaces if space.descriptor == "subject"), {})
    if spec.backbone and spec.backbone != made.get("backbone"):
        raise InvalidSetting(
            f"{library.path}: made with the backbone {made.get('backbone')}, not {spec.backbone}; "
            "leave --backbone out, or index into another --library"
        )
    if spec.text_tower and "text_tower" not in made:
        raise InvalidSetting(
            f"{library.path}: made without a text tower; "
            "leave --text-tower out, or index into another --library"
        )
    prepared = Preprocessing.from_json(made)
    if made and prepared.with_overrides(spec.preprocessing) != prepared:
        raise InvalidSetting(
            f"{library.path}: made with the preprocessing {prepared.as_json()}; "
            "leave --preprocessing out, or index into another --library"
        )
    file = Path(spec.weights or "")
    if file.is_file():
        weights = file.read_bytes()
        if hashlib.sha256(weights).hexdigest() != made.get("weights_sha256"):
            raise InvalidSetting(
                f"{library.path}: made with other weights than {file}; "
                "leave --weights out, or index into another --library"
            )
        library.restore_weights(weights)
