"""An edit as the API takes it: lists of tags, labels and people; a title, a caption, a rating."""

from __future__ import annotations

from typing import Any, Final

from ..catalog import ANY, SINGLE, Edit
from ..errors import InvalidEdit

_LISTS: Final = {"tag": "tags", "label": "labels", "person": "people"}
_ACTIONS: Final = ("add", "remove", "unsay")


def write_edit(edit: Edit) -> dict[str, Any]:
    """The edit as JSON values; raises InvalidEdit for what the API cannot say."""
    body: dict[str, Any] = {}
    for action in _ACTIONS:
        for field, value in getattr(edit, action):
            if field in _LISTS:
                body.setdefault(_LISTS[field], {}).setdefault(action, []).append(value)
            elif field in SINGLE and field not in body:
                body[field] = _write_single(field, action, value)
            else:
                raise InvalidEdit(
                    f"{field}: a server takes {', '.join(SINGLE)} once each, and {', '.join(_LISTS)}"
                )
    return body


def _write_single(field: str, action: str, value: str) -> str | int | None:
    """A value replaces what was said, an empty one says that there is none, and null takes back."""
    if (action == "add") == (value == ANY):
        raise InvalidEdit(f"{field}: give a value to say that it is so, and none to reject or unsay all")
    if action == "unsay":
        return None
    if field != "rating":
        return value
    if value and not value.isdecimal():
        raise InvalidEdit(f"rating {value[:40]}: choose from 1 to 5")
    return int(value or 0)
