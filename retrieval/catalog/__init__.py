"""The truth in SQL: images, their places, facts and features. The only home of sqlalchemy."""

from .catalog import Catalog
from .engine import sqlite_url
from .facets import Facet
from .records import (
    PREDICTED,
    Annotation,
    Change,
    FusionRecipe,
    Image,
    Location,
    NewImage,
    Problem,
    Projection,
    Space,
)

__all__ = [
    "PREDICTED",
    "Annotation",
    "Catalog",
    "Change",
    "Facet",
    "FusionRecipe",
    "Image",
    "Location",
    "NewImage",
    "Problem",
    "Projection",
    "Space",
    "sqlite_url",
]
