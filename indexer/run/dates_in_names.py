"""The date that cameras, phones and messengers write into the name of a file. Pure."""

from __future__ import annotations

import os
import re
from datetime import datetime

# IMG-20190617-WA0001, PXL_20210101_123456789, Screenshot 2019-06-17 at 12.00.00, WP_20150617_12_00_00_Pro,
# signal-2019-06-17-120000: a day as a number of its own, and behind it the time if it is there.
_DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<mark>[-_. ]?)(?P<month>0[1-9]|1[0-2])(?P=mark)"
    r"(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:(?:[-_ T.]|, | at |@)?(?P<hour>[01]\d|2[0-3])(?P<colon>[-_.:h]?)(?P<minute>[0-5]\d)(?P=colon)"
    r"(?P<second>[0-5]\d)(?:[-_.]?\d{3})?(?!\d))?(?!\d)",
    re.ASCII,
)


def find_date_in_name(path: bytes) -> datetime | None:
    """The first date in the name of a file, of which the day at least must be whole; None without one."""
    name = os.fsdecode(path.rpartition(b"/")[2])
    for match in _DATE.finditer(name):
        year, month, day, hour, minute, second = (
            int(match[part] or 0) for part in ("year", "month", "day", "hour", "minute", "second")
        )
        try:
            return datetime(year, month, day, hour, minute, second)
        except ValueError:  # such as the 31st of June
            continue
    return None
