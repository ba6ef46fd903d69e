"""Pictor's engine: describes pictures once into a catalog, and finds them again by words and by example.

from pathlib import Path
from retrieval import Library, Picture, Query, Text

with Library.open("holiday") as library:
    results = library.search(Query((Text("harbour"), Picture(Path("boat.jpg")))))
    for hit in results.hits:
        print(hit.rank, hit.image.path, hit.score)
"""

from . import evaluation, images
from .catalog import PREDICTED, Annotation, Catalog, Image, Location, NewImage, Problem
from .descriptors.backbone import Backbone
from .descriptors.preprocessing import Preprocessing
from .descriptors.runtimes.pytorch import fetch_backbone
from .errors import (
    BackboneUnavailable,
    ImageNotFound,
    ImageTooLarge,
    InvalidLabels,
    InvalidQuery,
    InvalidSetting,
    LibraryBusy,
    LibraryNotFound,
    ProjectionDamaged,
    RetrievalError,
    SchemaOutOfDate,
    StorageFailed,
    UnknownDescriptor,
    UnreadableImage,
)
from .files import Limits, read
from .hits import Contribution, Hit, Results
from .library import FUSED, Library, Status, limits_of
from .paths import display_path, path_bytes
from .query import Filters, Part, Picture, Query, StoredPicture, Text
from .query_language import parse
from .ranking import Ranking
from .settings import TABLE, Settings
from .spaces import Description

__all__ = [
    "FUSED",
    "PREDICTED",
    "TABLE",
    "Annotation",
    "Backbone",
    "BackboneUnavailable",
    "Catalog",
    "Contribution",
    "Description",
    "Filters",
    "Hit",
    "Image",
    "ImageNotFound",
    "ImageTooLarge",
    "InvalidLabels",
    "InvalidQuery",
    "InvalidSetting",
    "Library",
    "LibraryBusy",
    "LibraryNotFound",
    "Limits",
    "Location",
    "NewImage",
    "Part",
    "Picture",
    "Preprocessing",
    "Problem",
    "ProjectionDamaged",
    "Query",
    "Ranking",
    "Results",
    "RetrievalError",
    "SchemaOutOfDate",
    "Settings",
    "Status",
    "StorageFailed",
    "StoredPicture",
    "Text",
    "UnknownDescriptor",
    "UnreadableImage",
    "display_path",
    "evaluation",
    "fetch_backbone",
    "images",
    "limits_of",
    "parse",
    "path_bytes",
    "read",
]
