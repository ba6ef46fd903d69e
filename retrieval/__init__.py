"""Pictor's engine: describes pictures once into a catalog, and finds them again by words and by example.

from pathlib import Path
from retrieval import Library, Picture, Query, Text

with Library.open("holiday") as library:
    results = library.search(Query((Text("harbour"), Picture(Path("boat.jpg")))))
    for hit in results.hits:
        print(hit.rank, hit.image.path, hit.score)
"""

from . import evaluation, images, tuning
from .catalog import (
    PREDICTED,
    USER,
    Annotation,
    Catalog,
    Facet,
    FusionRecipe,
    Image,
    Location,
    NewImage,
    Problem,
    Sidecar,
)
from .descriptors.backbone import Backbone
from .descriptors.preprocessing import Preprocessing
from .descriptors.runtimes.pytorch import fetch_backbone
from .errors import (
    BackboneUnavailable,
    DurabilityTooLow,
    FeatureDamaged,
    ImageNotFound,
    ImageTooLarge,
    InvalidLabels,
    InvalidQuery,
    InvalidSetting,
    LibraryBusy,
    LibraryNotFound,
    NotEnoughMemory,
    ProjectionDamaged,
    RetrievalError,
    SchemaOutOfDate,
    ServerLost,
    StorageFailed,
    UnknownDescriptor,
    UnreadableImage,
)
from .explain import Explanation
from .files import Limits, read, sync
from .hits import Contribution, Hit, Results
from .library import FUSED, Library, Status, limits_of
from .metadata import SIDECAR, Metadata, read_metadata, read_sidecar
from .pages import MOST_PAGES, page_digest
from .paths import display_path, path_bytes
from .query import (
    Colours,
    Concept,
    Examples,
    Filters,
    Options,
    Palette,
    Part,
    Picture,
    Query,
    Reference,
    Region,
    StoredPicture,
    Swatch,
    Text,
)
from .query_json import from_json, to_json
from .query_language import line_of, parse
from .ranking import Ranking
from .references import Fetcher, resolved
from .settings import TABLE, Settings
from .spaces import Description

__all__ = [
    "FUSED",
    "MOST_PAGES",
    "PREDICTED",
    "SIDECAR",
    "TABLE",
    "USER",
    "Annotation",
    "Backbone",
    "BackboneUnavailable",
    "Catalog",
    "Colours",
    "Concept",
    "Contribution",
    "Description",
    "DurabilityTooLow",
    "Examples",
    "Explanation",
    "Facet",
    "FeatureDamaged",
    "Fetcher",
    "Filters",
    "FusionRecipe",
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
    "Metadata",
    "NewImage",
    "NotEnoughMemory",
    "Options",
    "Palette",
    "Part",
    "Picture",
    "Preprocessing",
    "Problem",
    "ProjectionDamaged",
    "Query",
    "Ranking",
    "Reference",
    "Region",
    "Results",
    "RetrievalError",
    "SchemaOutOfDate",
    "ServerLost",
    "Settings",
    "Sidecar",
    "Status",
    "StorageFailed",
    "StoredPicture",
    "Swatch",
    "Text",
    "UnknownDescriptor",
    "UnreadableImage",
    "display_path",
    "evaluation",
    "fetch_backbone",
    "from_json",
    "images",
    "limits_of",
    "line_of",
    "page_digest",
    "parse",
    "path_bytes",
    "read",
    "read_metadata",
    "read_sidecar",
    "resolved",
    "sync",
    "to_json",
    "tuning",
]
