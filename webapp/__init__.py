"""The search page and the HTTP interface onto one library.

from retrieval import Library
from webapp import create_app, serve

with Library.open("holiday") as library:
    serve(create_app(library), port=8000)
"""

from .app import create_app
from .security import LOOPBACK
from .server import MAX_THREADS, serve, server

__all__ = ["LOOPBACK", "MAX_THREADS", "create_app", "serve", "server"]
