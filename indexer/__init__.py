"""The write side: walks folders, describes pictures, writes them to a library; and the `pictor` command.

What the web application may use of it are the guarded ways to a picture: by its address, and out of bytes
that may be anything.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import DecodingImpossible, PictureUnreachable
    from .fetch import Fetcher
    from .workers import DECODER, Workers

__all__ = ["DECODER", "DecodingImpossible", "Fetcher", "PictureUnreachable", "Workers"]


def __getattr__(name: str) -> Any:
    """Load what is asked for, and nothing before: `pictor --help` needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import errors, fetch, workers

    return next(getattr(each, name) for each in (fetch, workers, errors) if hasattr(each, name))
