"""Rows as a table of pandas, which is an extra. The only home of pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

INSTALL = "pandas is not installed; install it with `uv pip install 'pictor[pandas]'`"


def make_frame(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> Any:
    """A pandas.DataFrame with these columns first; raises ModuleNotFoundError, with what to install."""
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(INSTALL, name="pandas") from error
    others = dict.fromkeys(name for row in rows for name in row if name not in columns)
    return pandas.DataFrame(rows, columns=[*columns, *others])
