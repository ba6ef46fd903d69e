"""The pieces of a query: parts and conditions, and the query without each and of each alone."""

from __future__ import annotations

import pytest

from retrieval.query.language import format_query, parse_query
from retrieval.query.pieces import list_pieces, replace_part
from retrieval.query.values import Picture, Query, Text


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("", []),
        ("red boat", [("red boat", "", "red boat")]),
        ("boat tag:a tag:b", [("boat", "tag:a tag:b", "boat"), ("tag:a", "boat tag:b", "tag:a"),
                              ("tag:b", "boat tag:a", "tag:b")]),
        ("saved:a saved:b", [("saved:a", "saved:b", "saved:a"), ("saved:b", "saved:a", "saved:b")]),
        ("label:a label:b folder:x", [("folder:x", "label:a label:b", "folder:x"),
                                      ("label:a label:b", "folder:x", "label:a label:b")]),
        ("dog -dog", [("dog", "-dog", "dog"), ("-dog", "dog", "-dog")]),
        ("dog -image:1", [("dog", None, "dog"), ("-image:1", "dog", None)]),
        ("taken:2020 iso:100..200", [
            ("after:2020-01-01 before:2021-01-01", "iso:100..200", "after:2020-01-01 before:2021-01-01"),
            ("iso:100..200", "after:2020-01-01 before:2021-01-01", "iso:100..200")]),
        ("shows:dog confidence:0.7 -camera:x", [
            ("shows:dog confidence:0.7", "-camera:x", "shows:dog confidence:0.7"),
            ("-camera:x", "shows:dog confidence:0.7", "-camera:x")]),
        ("boat (tag:a OR tag:b)", [("boat", "(tag:a OR tag:b)", "boat"),
                                   ("(tag:a OR tag:b)", "boat", "(tag:a OR tag:b)")]),
    ],
)  # fmt: skip
def test_each_part_and_condition_is_a_piece(
    line: str, pieces: list[tuple[str, str | None, str | None]]
) -> None:
    found = list_pieces(parse_query(line, offset=7))
    assert [
        (piece.text, *(other and format_query(other) for other in (piece.without, piece.alone)))
        for piece in found
    ] == pieces
    assert all(other.offset == 0 for piece in found for other in (piece.without, piece.alone) if other)


@pytest.mark.parametrize(
    ("line", "inverses"),
    [
        ("boat tag:a", ["-boat tag:a", "boat -tag:a"]),
        ("-boat -tag:a", ["boat -tag:a", "-boat tag:a"]),
        ("boat image:1", ["-boat image:1", "boat -image:1"]),
        ("image:1", [None]),
        ("camera:x tag:a", ["camera:x -tag:a", "tag:a -camera:x"]),
        ("tag:a iso:100..200 -camera:x", ["iso:100..200 -tag:a -camera:x", "tag:a -iso:100..200 -camera:x",
                                          "tag:a camera:x iso:100..200"]),
        ("label:a (tag:b OR tag:c)", ["-label:a (tag:b OR tag:c)", "label:a -(tag:b OR tag:c)"]),
        ("(dog OR image:1)", [None]),
    ],
)  # fmt: skip
def test_each_piece_has_its_opposite(line: str, inverses: list[str | None]) -> None:
    pieces = list_pieces(parse_query(line))
    written = [piece.inverse and format_query(piece.inverse) for piece in pieces]
    assert [sorted(text.split()) if text else None for text in written] == [
        sorted(text.split()) if text else None for text in inverses
    ]
    assert [piece.is_negative for piece in pieces] == [piece.text.startswith("-") for piece in pieces]


def test_conditions_of_one_field_stay_apart() -> None:
    query = parse_query("label:a (label:b label:c) tag:d")
    assert [piece.without and format_query(piece.without) for piece in list_pieces(query)][2:] == [
        "tag:d label:a"
    ]


def test_a_part_is_changed_in_its_place() -> None:
    query = parse_query("dog image:1 image:2", offset=5)
    changed = replace_part(query, 1, weight=2.0)
    assert changed == parse_query("dog 2:image:1 image:2")
    assert replace_part(parse_query("image:1"), 0, weight=-1.0) is None


def test_a_picture_without_a_name_is_a_piece() -> None:
    assert [piece.text for piece in list_pieces(Query((Text("dog"), Picture(b"bytes"))))] == [
        "dog",
        "the picture",
    ]
