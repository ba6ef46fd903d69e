"""Pictor's engine: describes pictures once into a catalog, and finds them again by words and by example.

from pathlib import Path
from retrieval import Library, Picture, Query, Text

with Library.open("holiday") as library:
    results = library.search(Query((Text("harbour"), Picture(Path("boat.jpg")))))
    for hit in results.hits:
        print(hit.rank, hit.image.path, hit.score)
"""

import lazy_loader

# The names stand in __init__.pyi. A module is loaded when one of its names is used: `import retrieval` stays
# fast, and the process that decodes hostile files loads no more than it needs.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
