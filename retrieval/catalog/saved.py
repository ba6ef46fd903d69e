"""What people keep by name: concepts, which are sets of examples, and recipes of the fusion."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from ..query.values import Examples
from .records import FusionRecipe
from .schema import ConceptRow, RecipeRow


def concepts(connection: Connection) -> dict[str, Examples]:
    """Every concept, by name."""
    rows = connection.execute(
        select(ConceptRow.name, ConceptRow.good, ConceptRow.bad).order_by(ConceptRow.name)
    )
    return {name: Examples(tuple(good), tuple(bad)) for name, good, bad in rows}


def keep_concept(connection: Connection, name: str, examples: Examples) -> None:
    """Keep a concept; one of the same name is replaced."""
    _replace(connection, ConceptRow, {"name": name, "good": examples.good, "bad": examples.bad})


def forget_concept(connection: Connection, name: str) -> bool:
    """Forget a concept; False when there is none of that name."""
    gone = delete(ConceptRow).where(ConceptRow.name == name).returning(ConceptRow.id)
    return connection.scalar(gone) is not None


def recipes(connection: Connection) -> dict[str, FusionRecipe]:
    """Every recipe, by name."""
    columns = (RecipeRow.name, RecipeRow.fusion, RecipeRow.k, RecipeRow.weights, RecipeRow.measured)
    rows = connection.execute(select(*columns).order_by(RecipeRow.name))
    return {row.name: FusionRecipe(*row) for row in rows}


def keep_recipe(connection: Connection, recipe: FusionRecipe) -> None:
    """Keep a recipe; one of the same name is replaced."""
    values = {name: getattr(recipe, name) for name in ("name", "fusion", "k")}
    documents = {"weights": dict(recipe.weights), "measured": dict(recipe.measured)}
    _replace(connection, RecipeRow, values | documents)


def _replace(connection: Connection, table: Any, values: Mapping[str, Any]) -> None:
    connection.execute(delete(table).where(table.name == values["name"]))
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    connection.execute(insert(table).values(**values, created_at=now))
