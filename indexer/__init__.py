"""The write side: walks folders, describes pictures, writes them to a library; and the `pictor` command.

What the web application may use of it is the guarded way to a picture by its address.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import PictureUnreachable
    from .fetch import Fetcher

__all__ = ["Fetcher", "PictureUnreachable"]


def __getattr__(name: str) -> Any:
    """Load what is asked for, and nothing before: `pictor --help` needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import errors, fetch

    return getattr(fetch, name, None) or getattr(errors, name)
