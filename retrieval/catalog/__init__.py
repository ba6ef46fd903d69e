"""The catalog in SQL, the only truth: images, locations, facts and features. The only home of sqlalchemy."""

from .catalog import Catalog, SavedCatalog, WritableCatalog
from .engine import CatalogAddress, sqlite_url
from .facets import Facet
from .records import (
    CATEGORY,
    LABEL,
    NAME_SOURCE,
    PREDICTED_FIELDS,
    PREDICTED_SOURCE,
    SURE,
    USER_SOURCE,
    Annotation,
    Change,
    Content,
    FusionRecipe,
    Image,
    Location,
    NewImage,
    Problem,
    Projection,
    SavedSearch,
    Sidecar,
    Space,
)
from .saved_writer import SavedWriter
from .sort_values import MAX_NAMED, SortValues

__all__ = [
    "CATEGORY",
    "LABEL",
    "MAX_NAMED",
    "NAME_SOURCE",
    "PREDICTED_FIELDS",
    "PREDICTED_SOURCE",
    "SURE",
    "USER_SOURCE",
    "Annotation",
    "Catalog",
    "CatalogAddress",
    "Change",
    "Content",
    "Facet",
    "FusionRecipe",
    "Image",
    "Location",
    "NewImage",
    "Problem",
    "Projection",
    "SavedCatalog",
    "SavedSearch",
    "SavedWriter",
    "Sidecar",
    "SortValues",
    "Space",
    "WritableCatalog",
    "sqlite_url",
]
