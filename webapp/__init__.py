"""The search page and the HTTP interface onto one library.

from retrieval import Library
from webapp import create_app, server

with Library.open("holiday") as library:
    server(create_app(library), port=8000).run()
"""

from .app import create_app
from .security import LOOPBACK
from .server import MAX_THREADS, server

__all__ = ["LOOPBACK", "MAX_THREADS", "create_app", "server"]
