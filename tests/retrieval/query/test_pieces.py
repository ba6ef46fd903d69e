"""The pieces of a query: parts and conditions, and the query without each and of each alone."""

from __future__ import annotations

import pytest

from retrieval.query.language import format_query, parse_query
from retrieval.query.pieces import MAX_PIECES, list_pieces
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


def test_there_are_not_more_than_can_be_counted_quickly() -> None:
    line = " ".join(f"tag:{number}" for number in range(20))
    assert len(list_pieces(parse_query(line))) == MAX_PIECES


def test_a_picture_without_a_name_is_a_piece() -> None:
    assert [piece.text for piece in list_pieces(Query((Text("dog"), Picture(b"bytes"))))] == [
        "dog",
        "the picture",
    ]
