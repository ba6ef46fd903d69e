"""Metadata of pictures: EXIF, IPTC and XMP in their files; text, JSON and XMP in sidecar files. Pure.

All bytes may be hostile. Damaged metadata count as none, and the amount of metadata is limited.
"""

from .embedded import read_exif, read_metadata
from .facts import Fact, Metadata
from .sidecar_files import SIDECAR_SOURCE, read_sidecar

__all__ = ["SIDECAR_SOURCE", "Fact", "Metadata", "read_exif", "read_metadata", "read_sidecar"]
