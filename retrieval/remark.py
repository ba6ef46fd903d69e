"""Sentences about an answer that can be said in other languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final


@final
class Remark(str):
    """An English sentence, with the pattern that it was made of and the values in it.

    `Remark("There is only %(count)s.", count=3)` is the text "There is only 3.".
    """

    pattern: str
    values: Mapping[str, object]

    def __new__(cls, pattern: str, **values: object) -> Remark:
        made = super().__new__(cls, pattern % values)
        made.pattern, made.values = pattern, values
        return made

    def __getnewargs_ex__(
        self,
    ) -> tuple[tuple[str], dict[str, object]]:  # copies and pickles are remarks, too
        return (self.pattern,), dict(self.values)
