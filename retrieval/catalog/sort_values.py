"""What images are sorted by: when they were taken and added, the size and the name of their file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Select, Text, bindparam, select, type_coerce

from ..query.sort import ADDED, DATE, NAME, SIZE
from ..ranking.arrays import Int64Ids
from ..ranking.order import NO_VALUE, natural_key
from .schema import ImageRow, LocationRow

# Distinct images by rising id, and what each is sorted by: numbers, or the natural keys of names.
SortValues: TypeAlias = tuple[Int64Ids, npt.NDArray[Any]]
MAX_NAMED: Final = 5000  # images that one statement names; for more of them, all images are as quick


def load_sort_values(connection: Connection, by: str, ids: Sequence[int] | None = None) -> SortValues:
    """The values of all images, or of these, by one of DATE, ADDED, NAME and SIZE; in the order of their ids.

    Times are microseconds, with NO_VALUE for none, and sizes are bytes. A name is the text that
    `ranking.order.natural_key` makes of it; images without any file have none, and are left out. `ids` are at
    most MAX_NAMED.
    """
    known, values = _LOADERS[by](connection, ids)
    order = np.argsort(known)
    return known[order], values[order]


def _load_times(column: Any, connection: Connection, ids: Sequence[int] | None) -> SortValues:
    # As texts, where the database stores them so: dates in Python take three times as long.
    query = select(ImageRow.id, type_coerce(column, Text))
    rows = connection.execute(_limit_query(query, ImageRow.id, ids)).all()
    times = np.array([time for _, time in rows], "datetime64[us]")
    values = np.where(np.isnat(times), NO_VALUE, times.astype(np.int64))
    return np.array([image_id for image_id, _ in rows], np.int64), values


def _load_sizes(connection: Connection, ids: Sequence[int] | None) -> SortValues:
    rows = connection.execute(_limit_query(select(ImageRow.id, ImageRow.bytes), ImageRow.id, ids)).all()
    pairs = np.array([tuple(row) for row in rows], np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _load_names(connection: Connection, ids: Sequence[int] | None) -> SortValues:
    """Of an image with several files, the first by path counts; of the pages of a file, the earlier one is
    before the others.
    """
    query = select(LocationRow.image_id, LocationRow.display, LocationRow.page)
    last_first = query.order_by(LocationRow.path.desc(), LocationRow.page.desc())
    rows = connection.execute(_limit_query(last_first, LocationRow.image_id, ids))
    names = {image_id: f"{path.rpartition('/')[2]} {page}" for image_id, path, page in rows}
    keys = np.array(list(map(natural_key, names.values())), object)
    return np.fromiter(names, np.int64, len(names)), keys


def _limit_query(query: Select[Any, *tuple[Any, ...]], column: Any, ids: Sequence[int] | None) -> Any:
    if ids is None:
        return query
    # As part of the SQL text: a statement may hold more numbers than parameters.
    return query.where(column.in_(bindparam("ids", list(ids), expanding=True, literal_execute=True)))


_LOADERS: Final[dict[str, Callable[[Connection, Sequence[int] | None], SortValues]]] = {
    DATE: partial(_load_times, ImageRow.taken_at),
    ADDED: partial(_load_times, ImageRow.added_at),
    NAME: _load_names,
    SIZE: _load_sizes,
}
