"""A library on another machine: the same methods and values as a Library, over the HTTP API.

It loads nothing of the engine but its values: no network, no index, no database. The only home of httpx2.
"""

from .client import Client

__all__ = ["Client"]
