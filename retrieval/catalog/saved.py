"""What users save by name: concepts, which are sets of examples, and recipes, which weight the signals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from ..query.values import Examples
from .records import FusionRecipe
from .schema import ConceptRow, RecipeRow


def load_concepts(connection: Connection) -> dict[str, Examples]:
    """Every concept, by name."""
    rows = connection.execute(
        select(ConceptRow.name, ConceptRow.good, ConceptRow.bad).order_by(ConceptRow.name)
    )
    return {name: Examples(tuple(good), tuple(bad)) for name, good, bad in rows}


def keep_concept(connection: Connection, name: str, examples: Examples) -> None:
    """Store a concept; one of the same name is replaced."""
    _replace_row(connection, ConceptRow, {"name": name, "good": examples.good, "bad": examples.bad})


def forget_concept(connection: Connection, name: str) -> bool:
    """Delete a concept; False if there is none of that name."""
    deletion = delete(ConceptRow).where(ConceptRow.name == name).returning(ConceptRow.id)
    return connection.scalar(deletion) is not None


def load_recipes(connection: Connection) -> dict[str, FusionRecipe]:
    """Every recipe, by name."""
    columns = (RecipeRow.name, RecipeRow.fusion, RecipeRow.k, RecipeRow.weights, RecipeRow.measured)
    rows = connection.execute(select(*columns).order_by(RecipeRow.name))
    return {row.name: FusionRecipe(*row) for row in rows}


def keep_recipe(connection: Connection, recipe: FusionRecipe) -> None:
    """Store a recipe; one of the same name is replaced."""
    values = {name: getattr(recipe, name) for name in ("name", "fusion", "k")}
    documents = {"weights": dict(recipe.weights), "measured": dict(recipe.measured)}
    _replace_row(connection, RecipeRow, values | documents)


def _replace_row(connection: Connection, table: Any, values: Mapping[str, Any]) -> None:
    connection.execute(delete(table).where(table.name == values["name"]))
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    connection.execute(insert(table).values(**values, created_at=now))
