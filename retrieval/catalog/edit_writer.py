"""Writes what a person says of images, and nothing else of the catalog, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from . import edits
from .clock import utc_now
from .reader import Reader
from .statements import Edit


class EditWriter(Reader):
    """Says things of images and takes them back; facts and change log follow in the same transaction."""

    def begin_edit(self, edit: Edit) -> int:
        """Add an edit to the journal, which has changed nothing yet; gives its number."""
        return edits.begin_edit(self._connection, edit, utc_now())

    def edit_images(self, number: int, edit: Edit, image_ids: Sequence[int]) -> int:
        """Make an edit of the journal on at most CHUNK images, each once; how many it changed."""
        return edits.edit_images(self._connection, number, edit, image_ids)

    def take_back(self, number: int, most: int) -> list[int]:
        """Take an edit back from at most so many images; their ids, none when it is taken back from all."""
        return edits.take_back_images(self._connection, number, most)

    def forget_edit(self, number: int) -> None:
        """Take an edit out of the journal."""
        edits.forget_edit(self._connection, number)
