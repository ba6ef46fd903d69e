"""Which settings go from a backup into the library that is restored from it.

A backup may come from somebody else. So its settings may say how the collection is described and ranked, but
not where the catalog lies, and they may not widen what pictures, or those who search, can do to this machine.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from retrieval import InvalidSetting, Settings

from ..errors import BackupImpossible

MAX_BYTES = 1 << 20  # of a settings file
# What a larger value would do. All other settings only concern what is found, and how fast.
WIDENING: Final = {
    "catalog_url": "the library would use another catalog than the restored one",
    "url_queries": "who searches could make this machine fetch pictures",
    "max_image_megapixels": "larger pictures would be decoded",
    "max_image_megabytes": "larger files would be read",
    "decode_seconds": "pictures could take longer to decode",
    "decode_threads": "more processes would decode at once",
}


def take_out(path: Path, is_unwanted: Callable[[str, Any], bool], *, shown: Path) -> dict[str, Any]:
    """Take settings out of a settings file, by name and value; the names and values that were taken out.

    A file that holds none of them stays as it is. Raises BackupImpossible, which names the file as `shown`,
    for one that cannot be read or whose values do not fit.
    """
    values = _read_values(path, shown)
    left_out = {name: value for name, value in values.items() if is_unwanted(name, value)}
    if left_out:
        kept = [format_setting(name, values[name]) for name in values if name not in left_out]
        path.write_text("".join(f"{line}\n" for line in kept), "utf-8")
    return left_out


def widens(name: str, value: Any) -> bool:
    """Whether a value allows more than the default does; the address of a catalog always does."""
    if name in ("catalog_url", "url_queries", "webhook_addresses"):
        return str(value) not in ("", "auto", "never", "public")
    return name in WIDENING and float(value) > getattr(Settings(), name)


def format_setting(name: str, value: Any) -> str:
    """A line of a settings file."""
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"


def _read_values(path: Path, shown: Path) -> Mapping[str, Any]:
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES:,} bytes")
        values = tomllib.loads(path.read_text("utf-8"))
        Settings.resolve(path.parent, {})  # refuses unknown names and values
        return values
    except (ValueError, InvalidSetting) as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise BackupImpossible(f"{shown}: its settings cannot be used ({reason}); correct them") from error
