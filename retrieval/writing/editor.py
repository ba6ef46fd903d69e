"""The editor of what people say of images: tags, labels, people, title, caption and rating.

It needs no writer's lock: images can be edited while others are indexed (decision 29).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, Protocol, TypeAlias, TypeVar, final, overload

from ..catalog import ANY, EDITABLE, Edit, KeptEdit, SavedCatalog
from ..errors import EditUnknown, ImageNotFound, InvalidEdit
from ..library import Library, catalog_address
from ..pictures.metadata.facts import MAX_VALUE_BYTES, clean_line, name_person
from ..pictures.metadata.keywords import split_keyword

TURN: Final = 500  # images in one transaction: a run that adds images waits for it
RATINGS: Final = ("1", "2", "3", "4", "5")
Pair: TypeAlias = tuple[str, str]


class RemoteEditor(Protocol):
    """What edits the images of a library elsewhere, with the methods of an Editor: a Client."""

    def edit_images(self, ids: Iterable[int], edit: Edit) -> KeptEdit | None: ...
    def take_back(self, number: int) -> KeptEdit: ...


AnyEditor = TypeVar("AnyEditor", bound=RemoteEditor)


@overload
def open_editor(library: Library) -> AbstractContextManager[Editor]: ...
@overload
def open_editor(library: AnyEditor) -> AbstractContextManager[AnyEditor]: ...
def open_editor(library: Library | AnyEditor) -> AbstractContextManager[Editor | AnyEditor]:
    """The editor of a library; a client is its own. Each of its methods is acknowledged when it returns.

    Raises SchemaOutOfDate, and StorageFailed where the library is read-only. Its methods raise LibraryBusy
    where another process writes to the catalog for many seconds without a pause.
    """
    return _open_editor(library) if isinstance(library, Library) else nullcontext(library)


@contextmanager
def _open_editor(library: Library) -> Iterator[Editor]:
    if not library.is_whole:
        raise ValueError("a restricted library is for reading alone")
    catalog = SavedCatalog.open(catalog_address(library.path, library.settings))
    try:
        yield Editor(catalog)
    finally:
        catalog.close()


@final
class Editor:
    """Says things of images, and takes them back. `open_editor` makes one."""

    def __init__(self, catalog: SavedCatalog) -> None:
        self._catalog = catalog

    def edit_images(self, ids: Iterable[int], edit: Edit) -> KeptEdit | None:
        """Say this of these images; None where it was all said already, and nothing changed.

        Words, conditions and counts find what is said as soon as this returns. Many images are edited in
        several transactions: where one fails, taking the edit back restores those before it. Raises
        InvalidEdit before anything is written, and ImageNotFound.
        """
        checked, images = check_edit(edit), list(dict.fromkeys(ids))
        self._check_images(images)
        with self._catalog.editing() as writer:
            number = writer.begin_edit(checked)
            changed = writer.edit_images(number, checked, images[:TURN])
        for start in range(TURN, len(images), TURN):
            with self._catalog.editing() as writer:
                changed += writer.edit_images(number, checked, images[start : start + TURN])
        if changed:
            return next(kept for kept in self.load_edits() if kept.id == number)
        with self._catalog.editing() as writer:
            writer.forget_edit(number)
        return None

    def take_back(self, number: int) -> KeptEdit:
        """Take an edit back: of each of its images, what was said before is said again.

        What somebody has said about the same values since then stays. Raises EditUnknown.
        """
        kept = next((one for one in self.load_edits() if one.id == number), None)
        if kept is None:
            raise EditUnknown(number)
        taken: Sequence[int] = [0]
        while taken:
            with self._catalog.editing() as writer:
                taken = writer.take_back(number, TURN)
                if not taken:
                    writer.forget_edit(number)
        return kept

    def load_edits(self, image_id: int | None = None) -> list[KeptEdit]:
        """The edits that can be taken back, or those of one image, the latest first."""
        with self._catalog.reading() as reader:
            return reader.load_edits(image_id)

    def _check_images(self, ids: Sequence[int]) -> None:
        with self._catalog.reading() as reader:
            known = set(reader.find_ids().tolist())
        for image_id in ids:
            if image_id not in known:
                raise ImageNotFound(image_id)


def check_edit(edit: Edit) -> Edit:
    """The edit with its values as they are stored: on one line, keywords split, people as tags, too.

    Raises InvalidEdit.
    """
    checked = Edit(
        _check_pairs(edit.add, is_added=True),
        _check_pairs(edit.remove),
        _check_pairs(edit.unsay),
    )
    if not checked:
        raise InvalidEdit("nothing is to be said; give a tag, label, person, title, caption or rating")
    return checked


def _check_pairs(pairs: Iterable[Pair], *, is_added: bool = False) -> tuple[Pair, ...]:
    checked = (stored for field, value in pairs for stored in _check_pair(field, value, is_added))
    return tuple(dict.fromkeys(checked))


def _check_pair(field: str, value: str, is_added: bool) -> Iterator[Pair]:
    if field not in EDITABLE:
        raise InvalidEdit(f"{field[:80]}: nothing can be said about it; there are {', '.join(EDITABLE)}")
    line = clean_line(value)
    if len(line.encode()) > MAX_VALUE_BYTES:
        raise InvalidEdit(f"{field}: {len(line.encode())} bytes; the limit is {MAX_VALUE_BYTES}; write less")
    if line == ANY:
        if is_added:
            raise InvalidEdit(f"{field}: the value is empty; write one, or remove the {field}")
        yield field, ANY
    else:
        yield from _stored_pairs(field, line)


def _stored_pairs(field: str, line: str) -> Iterator[Pair]:
    """As files state them: a keyword that is a path is each of its levels, and a person is a tag, too."""
    if field == "rating" and line not in RATINGS:
        raise InvalidEdit(f"rating: “{line[:40]}” is no number of stars; write 1 to 5, or remove the rating")
    if field == "tag":
        yield from (("tag", level) for level in split_keyword(line))
    elif field == "person":
        yield from name_person(line)
    else:
        yield field, line
