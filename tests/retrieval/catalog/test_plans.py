"""Every condition is found by an index, on both databases, or there is a reason why not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import event, text

from retrieval import Circle, Filters, Rectangle, Surroundings
from retrieval.catalog import WritableCatalog
from retrieval.catalog.writer import Writer
from tests.rows import Row, fill_catalog, undone_writer

FACTS, POSITIONS = "ix_annotation_field_folded", "ix_annotation_latitude_longitude"
# Of each condition: a value of it, and the index that has to find it.
INDEXED: dict[str, tuple[Any, str]] = {
    **dict.fromkeys(("folders", "without_folders"), (("2019/su*",), "ix_location_folder")),
    **dict.fromkeys(("tags", "without_tags", "labels", "without_labels", "shows"), (("sea",), FACTS)),
    **dict.fromkeys(("cameras", "lenses", "creators", "places", "persons"), (("sea",), FACTS)),
    **{f"{end}_{name}": (100, FACTS) for end in ("min", "max") for name in ("iso", "aperture", "exposure")},
    **{f"{end}_{name}": (100, FACTS) for end in ("min", "max") for name in ("focal", "rating")},
    "missing": (("tag",), FACTS),
    "captioned": (True, FACTS),
    "near": ((Circle(21, 105.8, 20), Surroundings("sea")), POSITIONS),
    "within": ((Rectangle(-1, 179, 1, -179),), POSITIONS),
    **{name: (date(2020, 1, 1), "ix_image_taken_at") for name in ("after", "before")},
    **{name: (date(2020, 1, 1), "ix_image_added_at") for name in ("added_after", "added_before")},
    **{f"{end}_{name}": (100, f"ix_image_{name}") for end in ("min", "max") for name in ("width", "height")},
    **{f"{end}_bytes": (100, "ix_image_bytes") for end in ("min", "max")},
    **{f"{end}_page": (2, "ix_location_page") for end in ("min", "max")},
    "problem": (True, "location"),  # SQLite gives the index on paths a name of its own
}
WITHOUT_INDEX = {
    "formats": "there are few, and most images have the same one: all images are read once",
    "orientations": "there are three, computed from width and height: all images are read once",
    "shapes": "there are four, computed from width and height: all images are read once",
    **dict.fromkeys(
        ("months", "weekdays", "days"), "they are computed from the day: all images are read once"
    ),
    "names": "* may stand at the beginning, and names are no column: all locations are read once",
    "without_names": "as names",
    "concepts": "they ask the vectors of subjects, and not the database",
    "saved": "it is answered by a search of its own, whose ids are compared",
    "among": "its ids are listed, and compared",
    "confidence": "it says how `shows` is meant, and is no condition by itself",
}
# What reads all rows of a table, in the words of either database.
READS_ALL = ("SCAN image", "SCAN location", "SCAN annotation", "Seq Scan on")


@contextmanager
def recorded_plans(writer: Writer) -> Iterator[list[str]]:
    """The lines of the plan of every statement that is run meanwhile."""
    connection, statements = writer._connection, []

    def record(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if not statement.startswith("EXPLAIN"):
            statements.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", record)
    lines: list[str] = []
    yield lines
    event.remove(connection, "before_cursor_execute", record)
    is_sqlite = connection.dialect.name == "sqlite"
    for statement, parameters in statements:
        rows = connection.exec_driver_sql(
            f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{statement}", parameters
        )
        lines += [str(row[-1]) for row in rows]


def reads_all(line: str) -> bool:
    return any(words in line for words in READS_ALL) and "COVERING INDEX" not in line


def test_every_condition_is_found_by_an_index_or_says_why_not(catalog: WritableCatalog) -> None:
    said = {"tag": "sea", "label": "sea", "camera": "sea", "lens": "sea", "creator": "sea", "person": "sea"}
    numbers = dict.fromkeys(("iso", "aperture", "exposure", "focal", "rating"), "100")
    facts = (*said.items(), *numbers.items(), ("place", "sea"), ("place", "21.00000, 105.00000"))
    with undone_writer(catalog) as writer:
        fill_catalog(writer, [Row(folders=("/2019/summer",), facts=facts) for _ in range(50)])
        if not catalog.is_file:  # what a large table would make the planner do
            for kind in ("seqscan", "mergejoin"):
                writer._connection.execute(text(f"SET LOCAL enable_{kind} = off"))
        for name, (value, index) in INDEXED.items():
            with recorded_plans(writer) as lines:
                writer.find_ids(Filters(**{name: value}))
            assert any(index in line for line in lines), (name, lines)
            assert not [line for line in lines if reads_all(line)], (name, lines)


def test_every_condition_is_listed() -> None:
    assert {*INDEXED, *WITHOUT_INDEX} == {field.name for field in fields(Filters)}
