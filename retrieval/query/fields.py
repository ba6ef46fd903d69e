"""The fields that the keys of a query line set, from its terms and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

from ..errors import InvalidQuery
from .conditions import Filters
from .keys import KEYS, Key
from .terms import Term, format_term
from .values import Examples, Options, Query

Fields: TypeAlias = dict[str, Any]  # values by the names of the fields
Owner: TypeAlias = Filters | Examples | Options | Query
# Of each class, the value without any field set.
_DEFAULTS: Final[dict[type[Any], Any]] = {owner: owner() for owner in (Filters, Examples, Options, Query)}


def build_checked(term: Term, make: Callable[..., Any], *values: Any, **fields: Any) -> Any:
    """Call `make`, and add the column of the term to the error that it may raise."""
    try:
        return make(*values, **fields)
    except InvalidQuery as error:
        raise term.make_error(error) from error
    except ValueError as error:
        raise term.make_error(f"{term.key}:{term.value[:80]}: {error}") from error


def collect_fields(terms: Iterable[Term]) -> dict[type[Any], Fields]:
    """The fields that the terms set, by the class that they belong to; terms without such a key set none.

    Raises InvalidQuery with the column of a term whose value is wrong, or that is given twice.
    """
    collected: dict[type[Any], Fields] = {owner: {} for owner in (Filters, Examples, Options, Query)}
    for term in terms:
        if key := KEYS.get(term.key or ""):
            fields = collected[key.owner]
            for name, value in _read_fields(term, key).items():
                if name in fields and not key.is_list:
                    raise term.make_error(f"{term.key}: is given twice; keep one")
                fields[name] = (*fields.get(name, ()), value) if key.is_list else value
            build_checked(term, key.owner, **fields)  # now, so that an error has the column of this term
    return collected


def _read_fields(term: Term, key: Key) -> Fields:
    """The fields that one term sets, with their values."""
    if term.weight is not None:
        raise term.make_error(f"{term.key}: cannot have a weight; leave the number out")
    if term.is_negated and not key.negated_field:
        raise term.make_error(
            f"-{term.key}: cannot be excluded{'; ' + key.alternative if key.alternative else ''}"
        )
    value = build_checked(term, key.kind.parse, term.value)
    names = (key.negated_field,) if term.is_negated else key.field_names
    values = zip(names, value if len(names) > 1 else (value,), strict=True)
    return {name: single for name, single in values if single is not None}  # an open end sets nothing


def format_fields(value: Owner, left_out: tuple[str, ...] = ()) -> Iterator[str]:
    """The terms that set the fields of a value which are not at their defaults, without these keys."""
    for key, entry in KEYS.items():
        if isinstance(value, entry.owner) and not entry.is_alias and key not in left_out:
            yield from _format_field(value, key, entry, entry.field_names)
            if entry.negated_field:
                yield from _format_field(value, f"-{key}", entry, (entry.negated_field,))


def _format_field(value: object, key: str, entry: Key, names: tuple[str, ...]) -> Iterator[str]:
    """Nothing for a default value, one term for each value of a list, or else one term."""
    defaults = _DEFAULTS[entry.owner]
    values = [getattr(value, name) for name in names]
    if values != [getattr(defaults, name) for name in names]:
        term_values = values[0] if entry.is_list else [values[0] if len(values) == 1 else tuple(values)]
        yield from (format_term(key, entry.kind.format(term_value)) for term_value in term_values)
