"""Many queries in one request, and answers with those fields alone that are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field

from retrieval import Query, answers

from .errors import InvalidParameter
from .parameters import AnswerParameters

Json: TypeAlias = dict[str, Any]
MOST_SEARCHES: Final = 100
MOST_HITS: Final = 5_000  # that all queries of a batch list together


class SearchBatch(answers.StrictModel):
    """Queries, each as POST /search takes it."""

    searches: Annotated[
        list[Annotated[Any, Field(json_schema_extra={"x-ref": "#/components/schemas/Query"})]],
        Field(min_length=1, max_length=MOST_SEARCHES),
    ]


def check_batch(queries: Sequence[Query]) -> None:
    """Refuse queries that list more hits together than one answer may hold."""
    hits = sum(query.limit for query in queries)
    if hits > MOST_HITS:
        raise InvalidParameter(
            f"searches: their limits are {hits:,} hits together; a batch lists {MOST_HITS:,} at most"
        )


def keep_fields(page: Json, shown: AnswerParameters) -> Json:
    """A page of hits with the wanted fields of each hit."""
    if not shown.fields:
        return page
    wanted = {"id", *shown.fields}
    hits = [{name: value for name, value in hit.items() if name in wanted} for hit in page["hits"]]
    return page | {"hits": hits}
