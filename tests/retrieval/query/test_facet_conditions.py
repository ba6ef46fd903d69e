"""From the values of facets to narrower queries."""

from __future__ import annotations

from datetime import date

import pytest

from retrieval import Filters, InvalidQuery, Query, Text, narrow_query
from retrieval.query.conditions import AllOf, Condition

SEA = Filters(tags=("sea",))
IN_2019 = Filters(after=date(2019, 1, 1), before=date(2020, 1, 1))


@pytest.mark.parametrize(
    ("before", "facet", "value", "after"),
    [
        (Filters(), "year", "2019", IN_2019),
        (IN_2019, "month", "2019-12", Filters(after=date(2019, 12, 1), before=date(2020, 1, 1))),
        (Filters(), "year", "9999", Filters(after=date(9999, 1, 1))),
        (SEA, "tag", "boat", Filters(tags=("sea", "boat"))),
        (SEA, "label", "pier", Filters(tags=("sea",), labels=("pier",))),
        (SEA, "tag", "sea", SEA),
        (Filters(folders=("/a",)), "subfolder", "/a/b", Filters(folders=("/a/b",))),
        (
            Filters(folders=("a",)),
            "subfolder",
            "/a/b",
            AllOf((Filters(folders=("a",)), Filters(folders=("/a/b",)))),
        ),
        (Filters(labels=("x",)), "label", "y", AllOf((Filters(labels=("x",)), Filters(labels=("y",))))),
        (~SEA, "label", "y", ~SEA & Filters(labels=("y",))),
        (SEA | IN_2019, "captioned", "no", (SEA | IN_2019) & Filters(captioned=False)),
        (
            Filters(confidence=0.8),
            "shows",
            "dog",
            Filters(confidence=0.8, shows=("dog",)),
        ),
    ],
)
def test_a_query_is_narrowed_to_what_a_facet_counted(
    before: Condition, facet: str, value: str, after: Condition
) -> None:
    query = Query((Text("red"),), before, offset=40)
    narrowed = narrow_query(query, facet, value)
    assert narrowed == Query((Text("red"),), after)
    assert narrow_query(narrowed, facet, value) == narrowed


def test_an_unknown_facet_is_refused() -> None:
    with pytest.raises(InvalidQuery, match="there is no such facet"):
        narrow_query(Query(), "mood", "glad")
