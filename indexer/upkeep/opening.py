"""Opens a library for writing, under the lock, and gives a new one its spaces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from data import BACKBONE
from data.sample import draw_collection
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

REFERENCE_STEP = 5  # every fifth picture of the sample collection is a reference: 62 of them


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a new library is made with; without a backbone it is the bundled one, without weights timm's.

    `text_tower`: of a CLIP-family backbone, as fetch_backbone takes it.
    """

    backbone: str | None = None
    weights: str | None = None
    preprocessing: Mapping[str, str] = field(default_factory=dict)
    catalog_url: str | None = None
    text_tower: str | None = None


@contextmanager
def writing(path: Path, recipe: Recipe = Recipe(), on_busy: OnBusy = refuse_busy) -> Iterator[LibraryWriter]:
    """The library at `path`, locked and open for writing; made by the recipe where there is none.

    Raises LibraryBusy when another process writes and `on_busy` does, InvalidSetting when the recipe or the
    setting `scaling` asks for features that do not compare with those that the library holds, and
    BackboneUnavailable before anything is made.
    Weights that it was made with are put back where its own copy is gone or damaged.
    """
    with WriterLock(path, on_busy) as lock:
        _check_address(path, recipe)
        settings = Settings.resolve(path, catalog_url=recipe.catalog_url)
        # A new library's backbone comes first: when it cannot be had, no library is made.
        backbone = None if Library.is_at(path, settings) else _fetched(recipe)
        with LibraryWriter.create(lock, settings) as library:
            if recipe.catalog_url:
                library.remember_catalog()
            if library.spaces:
                _check(library, recipe)
            else:
                library.make_spaces(fetched := backbone or _fetched(recipe), _reference(recipe, fetched))
            library.note_scaling()
            library.check_scaling()
            yield library


@contextmanager
def changing(path: Path, on_busy: OnBusy = refuse_busy) -> Iterator[LibraryWriter]:
    """A library that is there already, locked and open for writing; raises LibraryNotFound and makes none."""
    with Library.open(path):
        pass
    with write_library(path, on_busy=on_busy) as library:
        yield library


def _check_address(path: Path, recipe: Recipe) -> None:
    """A library has one catalog: refuse another address than the one that its settings file names."""
    remembered = Settings.resolve(path, {}).catalog_url
    if recipe.catalog_url and remembered not in ("", recipe.catalog_url):
        raise InvalidSetting(
            f"{path}: its settings file names another catalog already; "
            "leave --catalog-url out, or take another --library"
        )


def _fetched(recipe: Recipe) -> Backbone:
    if recipe.backbone:
        weights = recipe.weights or "pretrained"
        return fetch_backbone(recipe.backbone, weights, text_tower=recipe.text_tower, **recipe.preprocessing)
    for name, given in (("weights", recipe.weights), ("text tower", recipe.text_tower)):
        if given:
            raise InvalidSetting(f"{name} {given}: say with --backbone which timm CNN that belongs to")
    return fetch_backbone(BACKBONE.name.partition(".")[0], str(BACKBONE), **recipe.preprocessing)


def _reference(recipe: Recipe, backbone: Backbone) -> list[images.RGB]:
    """Drawn pictures for a trained backbone of the user's own; the bundled one is known well enough."""
    if not (recipe.backbone and backbone.trained):
        return []
    return [sample.pixels for place, sample in enumerate(draw_collection()) if place % REFERENCE_STEP == 0]


def _check(library: LibraryWriter, recipe: Recipe) -> None:
    """Refuse a recipe that the library was not made by: its features would not be comparable."""
    made = next((space.configuration for space in library.spaces if space.descriptor == "subject"), {})
    if recipe.backbone and recipe.backbone != made.get("backbone"):
        raise InvalidSetting(
            f"{library.path}: made with the backbone {made.get('backbone')}, not {recipe.backbone}; "
            "leave --backbone out, or index into another --library"
        )
    if recipe.text_tower and "text_tower" not in made:
        raise InvalidSetting(
            f"{library.path}: made without a text tower; "
            "leave --text-tower out, or index into another --library"
        )
    prepared = Preprocessing.from_json(made)
    if made and prepared.with_overrides(recipe.preprocessing) != prepared:
        raise InvalidSetting(
            f"{library.path}: made with the preprocessing {prepared.as_json()}; "
            "leave --preprocessing out, or index into another --library"
        )
    file = Path(recipe.weights or "")
    if file.is_file():
        weights = file.read_bytes()
        if hashlib.sha256(weights).hexdigest() != made.get("weights_sha256"):
            raise InvalidSetting(
                f"{library.path}: made with other weights than {file}; "
                "leave --weights out, or index into another --library"
            )
        library.restore_weights(weights)
