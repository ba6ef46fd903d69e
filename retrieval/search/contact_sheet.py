"""Pictures with their captions as HTML that needs nothing else, for notebooks. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

_TILE = "display:inline-block;width:160px;margin:0 8px 8px 0;vertical-align:top;font-size:12px"
_PICTURE = "width:160px;height:120px;object-fit:contain;background:rgba(128,128,128,.15)"
_CAPTION = "overflow-wrap:anywhere"


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture (WebP), the text that stands for it, and a caption; None where it cannot be shown."""

    picture: bytes | None
    text: str
    caption: str


def draw_contact_sheet(tiles: Iterable[Tile], heading: str) -> str:
    """The tiles below a heading; all texts are escaped, and pictures are in the HTML itself."""
    drawn = "".join(map(_draw_tile, tiles))
    return f'<div><p>{escape(heading)}</p><div style="line-height:1.3">{drawn}</div></div>'


def _draw_tile(tile: Tile) -> str:
    if tile.picture is None:
        picture = f'<div style="{_PICTURE}"></div>'
    else:
        source = f"data:image/webp;base64,{b64encode(tile.picture).decode('ascii')}"
        picture = f'<img src="{source}" alt="{escape(tile.text)}" style="{_PICTURE}">'
    return f'<div style="{_TILE}">{picture}<div style="{_CAPTION}">{escape(tile.caption)}</div></div>'
