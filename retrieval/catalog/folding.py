"""How texts are compared: by their folded form."""

from __future__ import annotations

import unicodedata


def fold_text(text: str) -> str:
    """How a value is stored and compared: lower case, each letter and its marks one character (NFC)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
