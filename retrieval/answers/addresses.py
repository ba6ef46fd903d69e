"""Where a server shows pictures, and how it shows paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class PictureAddresses:
    """Where a server shows the pictures of an image, by its id, and how it shows the path of a file."""

    thumbnail: Callable[[int], str | None]
    preview: Callable[[int], str | None]
    path: Callable[[str], str] = str

    def folder(self, folder: str) -> str:
        """How the path of a folder is shown."""
        return self.path(f"{folder}/file").removesuffix("/file")


def _no_address(_image_id: int) -> None:
    """Without a server nothing has an address."""


NO_SERVER: Final = PictureAddresses(_no_address, _no_address)
