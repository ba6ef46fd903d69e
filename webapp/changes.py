"""The addresses of a search with one thing changed: a part, a condition, or what was put aside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from flask import url_for

from retrieval import Examples, InvalidQuery, Library, Part, Picture, Query, Reference, Sort, StoredPicture

from .addresses import address_values
from .parameters import PageSearchParameters

FIRST_PAGE: Final[dict[str, Any]] = {"offset": 0, "cursor": ""}


@dataclass(frozen=True, slots=True)
class AskedSearch:
    """What a page searches for: the parameters of its address, and the query that they mean."""

    library: Library
    parameters: PageSearchParameters
    query: Query

    def address(self, **changes: Any) -> str:
        """The address of the first page of this search with other parameters."""
        return url_for("pages.search", **address_values(self.parameters, **FIRST_PAGE, **changes))

    def changed_address(self, changed: Query, old: str = "", new: str = "", **changes: Any) -> str | None:
        """The address of the search for another query; None for one that no address can mean.

        The line stays as it was typed where it holds nothing that was changed, or where it is enough to write
        `new` in the place of `old` there.
        """
        if self._is_same_line(changed):
            rest = changed.parts[self._line_length :]
            return self.address(**_picture_values(rest), **changes)
        words = tuple(part for part in changed.parts if not _is_plain(part))
        pictures = tuple(part for part in changed.parts if _is_plain(part))
        try:
            line = self._write_line(self._leave_to_parameters(replace(changed, parts=words)), old, new)
        except InvalidQuery:
            return None
        return self.address(q=line, **_picture_values(pictures), **changes)

    @property
    def _line_length(self) -> int:
        """How many of the parts of the query stand in its line; the others are pictures behind it."""
        return len(self.query.parts) - len(self.parameters.image) - len(self.parameters.picture)

    def _is_same_line(self, changed: Query) -> bool:
        length = self._line_length
        first_page = replace(changed, offset=self.query.offset, cursor=self.query.cursor)
        return (
            changed.parts[:length] == self.query.parts[:length]
            and all(map(_is_plain, changed.parts[length:]))
            and replace(first_page, parts=self.query.parts) == self.query
        )

    def _leave_to_parameters(self, query: Query) -> Query:
        """The query without the order and the examples that other parameters say."""
        good, bad = (
            ids[: len(ids) - len(told)]
            for ids, told in (
                (query.examples.good, self.parameters.like),
                (query.examples.bad, self.parameters.unlike),
            )
        )
        return replace(query, sort=Sort(), examples=Examples(good, bad))

    def _write_line(self, query: Query, old: str, new: str) -> str:
        first_page = replace(query, limit=1, offset=0, cursor=None)
        if old:
            line = " ".join(self.parameters.q.replace(old, new).split())
            try:
                if self.library.read_line(line, limit=1) == first_page:
                    return line
            except InvalidQuery:
                pass
        return self.library.write_line(first_page)


def _is_plain(part: Part) -> bool:
    """Whether it is a picture that a parameter of the address can say."""
    if isinstance(part, StoredPicture):
        return part == StoredPicture(part.image_id)
    return isinstance(part, Picture) and part == Picture(part.source) and upload_token(part) is not None


def upload_token(part: Picture) -> str | None:
    """The token of an uploaded picture; None for any other."""
    source = part.source
    return source.value if isinstance(source, Reference) and source.kind == "upload" else None


def _picture_values(parts: tuple[Part, ...]) -> dict[str, Any]:
    return {
        "image": tuple(part.image_id for part in parts if isinstance(part, StoredPicture)),
        "picture": tuple(upload_token(part) for part in parts if isinstance(part, Picture)),
    }
