"""The catalog in SQL, the only truth: images, locations, facts and features. The only home of sqlalchemy."""

from .catalog import Catalog, SavedCatalog, WritableCatalog
from .edit_writer import EditWriter
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
from .statements import ANY, EDITABLE, SINGLE, Edit, KeptEdit, Statement

__all__ = [
    "ANY",
    "CATEGORY",
    "EDITABLE",
    "LABEL",
    "MAX_NAMED",
    "NAME_SOURCE",
    "PREDICTED_FIELDS",
    "PREDICTED_SOURCE",
    "SINGLE",
    "SURE",
    "USER_SOURCE",
    "Annotation",
    "Catalog",
    "CatalogAddress",
    "Change",
    "Content",
    "Edit",
    "EditWriter",
    "Facet",
    "FusionRecipe",
    "Image",
    "KeptEdit",
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
    "Statement",
    "WritableCatalog",
    "sqlite_url",
]
