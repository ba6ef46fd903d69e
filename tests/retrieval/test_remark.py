"""A remark is an English text that still knows what it was made of."""

from __future__ import annotations

import pickle
from copy import deepcopy

from retrieval import Remark


def test_a_remark_is_its_text_and_knows_its_pattern() -> None:
    remark = Remark("%(name)s: %(count)s of 3.", name="100%", count=2)
    assert remark == "100%: 2 of 3."
    assert (remark.pattern, remark.values) == ("%(name)s: %(count)s of 3.", {"name": "100%", "count": 2})
    for copied in (deepcopy(remark), pickle.loads(pickle.dumps(remark))):
        assert (copied, copied.values) == (remark, remark.values)
    assert Remark("Nothing.") == "Nothing."
