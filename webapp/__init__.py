"""The search page and the HTTP interface of one library.

from retrieval import Library
from webapp import create_app, create_server

with Library.open("holiday") as library:
    create_server(create_app(library), port=8000).run()
"""

from .app import create_app, tell_news, warm_up
from .security import LOOPBACK
from .server import Server, create_server

__all__ = ["LOOPBACK", "Server", "create_app", "create_server", "tell_news", "warm_up"]
