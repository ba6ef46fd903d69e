"""A query as JSON, there and back; each refusal has the path of the wrong value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import (
    InvalidQuery,
    Palette,
    Picture,
    Query,
    Reference,
    StoredPicture,
    Text,
    format_query,
    parse_query,
    query_from_json,
    query_to_json,
)
from tests.queries import any_query

EVERYTHING = {
    "parts": [
        {"text": "golden retriever", "weight": 2},
        {"file": "pool.jpg", "region": [0, 0.5, 1, 0.5]},
        {"image": 17, "weight": -1},
        {"colours": [{"colour": "#ff0000", "share": 3}, {"colour": "#ffffff"}]},
        {"palette": {"url": "https://example.org/a.jpg", "region": [0, 0, 0.5, 1]}, "weight": 0.5},
        {"upload": "0123456789abcdef"},
        {"concept": "harbours"},
    ],
    "filters": {
        "folders": ["2019/summer"],
        "without_tags": ["night"],
        "after": "2020-01-01",
        "confidence": 0.6,
        "min_width": 800,
        "captioned": True,
    },
    "options": {"fusion": "relative", "narrow": False, "verify": 100, "diversity": 0.3},
    "examples": {"good": [3], "bad": [4]},
    "weights": {"colour": 0.3},
    "limit": 20,
    "offset": 40,
    "include_examples": True,
}
LINE = (
    '2:text:"golden retriever" file:pool.jpg@0,0.5,1,0.5 -image:17 colour:#ff0000@3,white '
    "0.5:palette:url:https://example.org/a.jpg@0,0,.5,1 upload:0123456789abcdef concept:harbours "
    "folder:2019/summer -tag:night after:2020 confidence:0.6 width:800.. captioned:yes like:3 unlike:4 "
    "fusion:relative narrow:no verify:100 diversity:0.3 weight.colour:0.3 include-examples:yes"
)


def test_everything_that_a_line_says_can_be_said_in_json() -> None:
    assert query_from_json(EVERYTHING) == parse_query(LINE, limit=20, offset=40)


def test_what_is_said_comes_back_and_defaults_do_not() -> None:
    assert query_to_json(query_from_json(EVERYTHING)) == EVERYTHING
    assert query_to_json(Query()) == {}
    usual = {
        "parts": [{"text": "sea", "weight": 1.0}],
        "filters": {"confidence": 0.5},
        "limit": 40,
        "offset": 0,
    }
    assert query_to_json(query_from_json(usual)) == {"parts": [{"text": "sea"}]}


@settings(deadline=None, max_examples=300)
@given(any_query())
def test_a_query_goes_through_json_and_comes_back_as_it_was(query: Query) -> None:
    assert query_from_json(json.loads(json.dumps(query_to_json(query)))) == query


def test_a_path_becomes_a_file_and_bytes_have_no_json() -> None:
    assert query_to_json(Query((Picture(Path("a b.jpg")),))) == {"parts": [{"file": "a b.jpg"}]}
    with pytest.raises(InvalidQuery, match="given as bytes cannot be written as JSON"):
        query_to_json(Query((Text("sea"), Palette(Picture(b"bytes")))))


REFUSED: list[tuple[Any, str]] = [
    ([], "query: an object is needed, as in {}"),
    (None, "query: an object is needed"),
    ({"colour": 1}, "colour: no such key; there are parts, filters, options, examples, weights, limit"),
    ({"parts": {}}, "parts: a list is needed, as in []"),
    ({"parts": [3]}, "parts[0]: an object is needed"),
    (
        {"parts": [{}]},
        "parts[0]: give exactly one of text, image, file, url, upload, colours, palette, concept",
    ),
    ({"parts": [{"text": "a", "image": 1}]}, "parts[0]: give exactly one of text"),
    ({"parts": [{"text": "a"}, {"txt": "b"}]}, "parts[1].txt: no such key; there are text, image"),
    ({"parts": [{"text": 3}]}, "parts[0].text: a text is needed"),
    ({"parts": [{"text": " "}]}, "parts[0]: the text part is empty"),
    ({"parts": [{"text": "a\ud800"}]}, "parts[0]: the text contains a zero byte or an invalid character"),
    ({"parts": [{"text": "a", "weight": "2"}]}, "parts[0].weight: a number is needed"),
    ({"parts": [{"text": "a", "weight": True}]}, "parts[0].weight: a number is needed"),
    ({"parts": [{"text": "a", "weight": float("nan")}]}, "parts[0].weight: a number is needed"),
    ({"parts": [{"text": "a", "weight": 10**400}]}, "parts[0].weight: a number is needed"),
    ({"parts": [{"text": "a", "weight": 0}]}, "parts[0]: weight 0.0: choose a number from -100 to 100"),
    ({"parts": [{"image": 1, "weight": -1}]}, "every part is negative"),
    (
        {"parts": [{"text": "a", "region": [0, 0, 1, 1]}]},
        "parts[0].region: only a picture has a region; leave it out",
    ),
    ({"parts": [{"image": "17"}]}, "parts[0].image: a whole number is needed"),
    ({"parts": [{"image": 1.0}]}, "parts[0].image: a whole number is needed"),
    ({"parts": [{"image": True}]}, "parts[0].image: a whole number is needed"),
    ({"parts": [{"image": 2**63}]}, "parts[0].image: a whole number is needed"),
    ({"parts": [{"image": 0}]}, "parts[0]: image 0: ids are positive"),
    ({"parts": [{"image": 1, "region": [0, 0, 1]}]}, "parts[0].region: 3 numbers; give left, top, width"),
    ({"parts": [{"image": 1, "region": [0, 0, 2, 1]}]}, "parts[0].region: region 0,0,2,1: give left"),
    ({"parts": [{"image": 1, "region": [0, 0, "1", 1]}]}, "parts[0].region[2]: a number is needed"),
    ({"parts": [{"url": ""}]}, "parts[0]: the url is empty"),
    ({"parts": [{"colours": []}]}, "parts[0]: 0 swatches; give from 1 to 8"),
    ({"parts": [{"colours": [{}]}]}, "parts[0].colours[0].colour: a text is needed"),
    ({"parts": [{"colours": [{"colour": "red"}]}]}, "parts[0].colours[0]: colour red: write it as #rrggbb"),
    (
        {"parts": [{"colours": [{"color": "red"}]}]},
        "parts[0].colours[0].color: no such key; there are colour, share",
    ),
    ({"parts": [{"palette": {"text": "a"}}]}, "parts[0].palette.text: no such key; there are image, file"),
    ({"parts": [{"palette": {"image": 1, "weight": 2}}]}, "parts[0].palette.weight: no such key"),
    ({"filters": {"tag": ["a"]}}, "filters.tag: no such key; there are folders, tags, labels"),
    ({"filters": {"tags": "a"}}, "filters.tags: a list is needed"),
    ({"filters": {"tags": ["a", 3]}}, "filters.tags[1]: a text is needed"),
    ({"filters": {"tags": [" "]}}, "filters: one of the tags is empty"),
    ({"filters": {"after": "2020"}}, "filters.after: a day is needed, as in 2020-06-17"),
    ({"filters": {"after": None}}, "filters.after: a text is needed"),
    ({"filters": {"min_width": 9, "max_width": 3}}, "filters: width from 9 to 3"),
    ({"filters": {"captioned": "yes"}}, "filters.captioned: true or false is needed"),
    ({"options": {"narrow": 1}}, "options.narrow: true or false is needed"),
    ({"options": {"rerank": "more"}}, "options: rerank more: choose from none"),
    ({"options": {"recipe": ""}}, "options: the recipe is empty"),
    ({"examples": {"good": [1], "bad": [1]}}, "examples: image 1 is both a good and a bad example"),
    ({"weights": {"colour": "1"}}, "weights.colour: a number is needed"),
    ({"weights": {"colour": -1}}, "weight -1.0 of signal colour: choose from 0 to 100"),
    ({"limit": 0}, "limit 0: choose from 1 to 1000"),
    ({"limit": "5"}, "limit: a whole number is needed"),
    ({"include_examples": 0}, "include_examples: true or false is needed"),
]


@pytest.mark.parametrize(("value", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_it_is_refused_with_its_path(value: object, message: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        query_from_json(value)
    assert str(refusal.value).startswith(message)


KEYS = [
    "parts",
    "text",
    "image",
    "weight",
    "region",
    "palette",
    "filters",
    "tags",
    "after",
    "options",
    "narrow",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
)


@settings(deadline=None, max_examples=300)
@given(ANYTHING)
def test_any_json_is_understood_or_refused_as_an_invalid_query(value: object) -> None:
    try:
        query = query_from_json(value)
    except InvalidQuery:
        return
    assert parse_query(format_query(query), limit=query.limit, offset=query.offset) == query


def test_a_reference_is_not_followed() -> None:
    [part, palette] = query_from_json({"parts": [{"file": "/etc/passwd"}, {"palette": {"image": 3}}]}).parts
    assert part == Picture(Reference("file", "/etc/passwd"))
    assert palette == Palette(StoredPicture(3))
