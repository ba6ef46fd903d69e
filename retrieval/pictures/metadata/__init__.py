"""What files say about pictures: EXIF, IPTC and XMP inside them, text, JSON and XMP beside them. Pure.

Every byte is taken as hostile: what is damaged says nothing, and what is said is bounded.
"""

from .embedded import read_exif, read_metadata
from .facts import Fact, Metadata
from .sidecar_files import SIDECAR_SOURCE, read_sidecar

__all__ = ["SIDECAR_SOURCE", "Fact", "Metadata", "read_exif", "read_metadata", "read_sidecar"]
