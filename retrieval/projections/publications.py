"""Which of a catalog's publications is that of a library's folder.

A publication is all pointers that one publishing wrote to the catalog, under a name that no other has. Where
several folders share one catalog, each has a publication of its own, so that none moves the pointers of
another. The folder's file holds the names of the last publication and of the one before: the new name is
written before the pointers are, and then one transaction exchanges the pointers. So exactly one of the names
has pointers, whenever a process is killed. If none has (the catalog is older than the folder, or the folder
was copied and the original has published since), nothing counts as published: searches are right, but slower,
until this folder is published again.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from ..catalog import Projection
from ..catalog.reader import Reader
from ..durable import write_file
from ..errors import StorageFailed

FILE = "publications.json"  # beside the folder of the generations
UNNAMED = ("",)  # what was published before publications had names


def live_pointers(reader: Reader, root: Path) -> list[Projection]:
    """The pointers to the live generations in the folder `root`; none if nothing is published there."""
    publications = reader.load_publications()  # before the file, which a writer may be about to replace
    names = read_names(root)
    return next((publications[name] for name in reversed(names) if name in publications), [])


def read_names(root: Path) -> tuple[str, ...]:
    """The names in the folder's file, the newest last; none if the file is damaged. Raises StorageFailed."""
    try:
        names = json.loads((root.parent / FILE).read_bytes())
    except FileNotFoundError:
        return UNNAMED
    except OSError as error:
        raise StorageFailed(root.parent / FILE, error.strerror) from error
    except ValueError:
        return ()
    return tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else ()


def announce_publication(reader: Reader, root: Path) -> str:
    """A new name, written durably to the folder's file beside that of the live publication."""
    publications = reader.load_publications()
    live = [name for name in read_names(root) if name in publications]
    name = secrets.token_hex(8)
    write_file(root.parent, FILE, json.dumps([*live, name]).encode())
    return name
