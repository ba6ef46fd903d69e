"""What users save by name: searches, concepts (sets of examples) and recipes (weights of signals)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ..query.values import Examples
from .clock import utc_now
from .records import FusionRecipe, SavedSearch
from .schema import ConceptRow, RecipeRow, SavedSearchRow


def load_searches(connection: Connection) -> dict[str, SavedSearch]:
    """Every saved search, by name."""
    row = SavedSearchRow
    columns = (row.name, row.line, row.created_at, row.seen_image, row.looked_at)
    rows = connection.execute(select(*columns).order_by(row.name))
    return {saved.name: SavedSearch(*saved) for saved in rows}


def insert_search(connection: Connection, name: str, line: str, seen_image: int) -> None:
    """Store a new saved search, whose name is not taken."""
    values = {"name": name, "line": line, "created_at": utc_now(), "seen_image": seen_image}
    connection.execute(insert(SavedSearchRow).values(values))


def update_search(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    """Replace columns of the saved search of this name."""
    connection.execute(update(SavedSearchRow).where(SavedSearchRow.name == name).values(dict(values)))


def delete_search(connection: Connection, name: str) -> None:
    """Delete the saved search of this name."""
    connection.execute(delete(SavedSearchRow).where(SavedSearchRow.name == name))


def load_concepts(connection: Connection) -> dict[str, Examples]:
    """Every concept, by name."""
    rows = connection.execute(
        select(ConceptRow.name, ConceptRow.good, ConceptRow.bad).order_by(ConceptRow.name)
    )
    return {name: Examples(tuple(good), tuple(bad)) for name, good, bad in rows}


def keep_concept(connection: Connection, name: str, examples: Examples) -> None:
    """Store a concept; one of the same name is replaced."""
    _replace_row(connection, ConceptRow, {"name": name, "good": examples.good, "bad": examples.bad})


def rename_concept(connection: Connection, name: str, new_name: str) -> None:
    """Give the concept of this name another one, which is not taken."""
    connection.execute(update(ConceptRow).where(ConceptRow.name == name).values(name=new_name))


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
    connection.execute(insert(table).values(**values, created_at=utc_now()))
