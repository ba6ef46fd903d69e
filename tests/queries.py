"""Hypothesis strategies that draw queries of every kind."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from retrieval import (
    AllOf,
    AnyOf,
    Circle,
    Colours,
    Concept,
    Examples,
    Filters,
    InvalidQuery,
    Not,
    Options,
    Palette,
    Part,
    Picture,
    Query,
    Rectangle,
    Reference,
    Region,
    Sort,
    StoredPicture,
    Surroundings,
    Swatch,
    Text,
)
from retrieval.query.areas import MAX_KILOMETRES
from retrieval.query.checks import FORMAT_ENDINGS, FORMATS
from retrieval.query.conditions import EXPOSURE, MISSABLE, ORIENTATIONS, SHAPES, WHOLE_NUMBERS
from retrieval.query.sort import MAX_SEED, RANDOM, USUAL_DIRECTIONS
from retrieval.query.values import (
    EXPANSIONS,
    FUSIONS,
    GROUPINGS,
    REFERENCE_KINDS,
    RERANKINGS,
)

# Texts that the query language could take for something else; `texts` adds any other text.
AWKWARD = [
    "a b",
    "-night",
    '"old town"',
    '5" disk',
    "tag:boat",
    "12:30",
    "2:x",
    "x@0,0,1,1",
    " a ",
    "\n",
    '""',
    "-",
    ")",
    "(a",
    'b")',
    "a|b",
    "OR",
    "“a",
    "b”",
]
texts = st.sampled_from(AWKWARD) | st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12
)
names = texts.filter(lambda text: bool(text.strip()))
factors = st.floats(0.001, 100) | st.sampled_from([1.0, 2.0, 0.5, 1e-7])
weights = st.just(1.0) | st.just(-1.0) | factors | factors.map(lambda factor: -factor)
shares = st.floats(0, 1)
ids = st.integers(1, 2**63 - 1)
bounds = st.none() | st.integers(0, 2**63 - 1)
days = st.dates(date(1, 1, 1))
maybe = st.none() | st.booleans()


@st.composite
def draw_region(draw: st.DrawFn) -> Region:
    left, top = draw(st.floats(0, 0.9)), draw(st.floats(0, 0.9))
    return Region(left, top, draw(st.floats(0.01, 1 - left)), draw(st.floats(0.01, 1 - top)))


latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
distances = st.just(10.0) | st.floats(1e-6, MAX_KILOMETRES)
place_names = (names | st.sampled_from(["Hanoi,25", "5km", "1, 2km", "a,", ",b"])).filter(
    lambda name: any(map(str.isalpha, name))
)
circles = st.builds(Circle, latitudes, longitudes, distances)
near = circles | st.builds(Surroundings, place_names, distances)


@st.composite
def rectangles(draw: st.DrawFn) -> Rectangle:
    south, north = sorted((draw(latitudes), draw(latitudes)))
    return Rectangle(south, draw(longitudes), north, draw(longitudes))


references = st.builds(Reference, st.sampled_from(REFERENCE_KINDS), names)
swatches = st.builds(Swatch, st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True), factors)


def query_pictures(weights: st.SearchStrategy[float]) -> st.SearchStrategy[Picture | StoredPicture]:
    boxes = st.none() | draw_region()
    stored = st.builds(StoredPicture, ids, weights, boxes)
    return stored | st.builds(Picture, references, weights, region=boxes)


parts: st.SearchStrategy[Part] = (
    st.builds(Text, names, weights)
    | query_pictures(weights)
    | st.builds(Colours, st.lists(swatches, min_size=1, max_size=8).map(tuple), weights)
    | st.builds(Palette, query_pictures(st.just(1.0)), weights)
    | st.builds(Concept, names, weights)
)


def small_tuples(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.just(()) | st.lists(values, max_size=3).map(tuple)


def valid_values(kind: Any, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of this class that its own checks accept."""

    def build_value(arguments: dict[str, Any]) -> Any:
        try:
            return kind(**arguments)
        except InvalidQuery:
            return None

    return st.fixed_dictionaries({}, optional=fields).map(build_value).filter(lambda value: value is not None)


def join_conditions(members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Trees of these members."""
    several = st.lists(members, min_size=2, max_size=3).map(tuple)
    return st.builds(AllOf, several) | st.builds(AnyOf, several) | st.builds(Not, members)


filters = valid_values(
    Filters,
    **{
        name: small_tuples(names)
        for name in (
            *("folders", "names", "tags", "labels", "shows", "cameras", "concepts", "lenses", "creators"),
            *("places", "persons", "saved"),
        )
    },
    formats=small_tuples(st.sampled_from([*FORMATS, *FORMAT_ENDINGS, "JPEG"])),
    **{f"without_{name}": small_tuples(names) for name in ("folders", "names", "tags", "labels")},
    **{name: st.none() | days for name in ("after", "before", "added_after", "added_before")},
    **{f"{end}_{name}": bounds for end in ("min", "max") for name in WHOLE_NUMBERS},
    **{f"{end}_{name}": st.none() | st.floats(0, 1e6) for end in ("min", "max") for name in EXPOSURE},
    missing=small_tuples(st.sampled_from(MISSABLE)),
    months=small_tuples(st.sampled_from(["july", "12", "november..february", "jan"])),
    weekdays=small_tuples(st.sampled_from(["monday", "sun", "saturday..monday"])),
    days=small_tuples(st.sampled_from(["12-25", "2-29", "12-24..01-06"])),
    confidence=shares,
    orientations=small_tuples(st.sampled_from(ORIENTATIONS)),
    shapes=small_tuples(st.sampled_from(SHAPES)),
    near=small_tuples(near),
    within=small_tuples(rectangles()),
    captioned=maybe,
    problem=maybe,
)
conditions = filters | st.recursive(filters.filter(bool), join_conditions, max_leaves=5)
options = valid_values(
    Options,
    fusion=st.sampled_from(FUSIONS),
    recipe=names,
    expand=st.sampled_from(EXPANSIONS),
    rerank=st.sampled_from(RERANKINGS),
    group=st.sampled_from(GROUPINGS),
    group_of=st.none() | ids,
    verify=st.integers(0, 1000),
    diversity=shares,
    min_score=shares,
    **dict.fromkeys(("narrow", "neighbours", "weaker"), maybe),
)
sorts = (
    st.just(Sort())
    | st.builds(Sort, st.sampled_from([*USUAL_DIRECTIONS]), st.sampled_from(["", "up", "down"]))
    | st.builds(Sort, st.just(RANDOM), seed=st.integers(0, MAX_SEED))
)
examples = valid_values(Examples, good=small_tuples(ids), bad=small_tuples(ids))


def any_query() -> st.SearchStrategy[Query]:
    """Any query without pictures given as bytes."""
    return valid_values(
        Query,
        parts=small_tuples(parts),
        filters=conditions,
        options=options,
        examples=examples,
        weights=st.dictionaries(
            st.from_regex(r"[^\W\d]\w{0,8}", fullmatch=True), st.floats(0, 100), max_size=3
        ),
        limit=st.integers(1, 1000),
        offset=st.integers(0, 2**31 - 1),
        include_examples=st.booleans(),
        sort=sorts,
    )
