"""The same functions on a Library and on a Client: what they return, and what they raise, is equal."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from PIL import Image as PillowImage

from retrieval import (
    Alternative,
    AnyOf,
    Client,
    Colours,
    Concept,
    Edit,
    Either,
    Examples,
    Filters,
    KeepRule,
    Library,
    Not,
    Options,
    Palette,
    Picture,
    Query,
    Reference,
    Region,
    RetrievalError,
    Sort,
    StoredPicture,
    Swatch,
    Text,
    make_picture,
    open_editor,
    open_keeper,
)
from tests.drawing import draw_scene, encode_picture

AnyLibrary: TypeAlias = Library | Client
Function: TypeAlias = Callable[[Any], object]

PIXELS = draw_scene(3)
PICTURE = PillowImage.fromarray(PIXELS)
BYTES = encode_picture(PICTURE, "JPEG", quality=90)
TIMES = {"made_at", "created_at", "looked_at"}  # differ by chance between two libraries


def plain(value: Any) -> Any:
    """A value of which every part can be compared, and that hides what two libraries differ in by chance."""
    if is_dataclass(value) and not isinstance(value, type):
        parts = {each.name: getattr(value, each.name) for each in fields(value)}
        return {type(value).__name__: {name: _plain_field(name, part) for name, part in parts.items()}}
    if isinstance(value, np.ndarray):
        return Rounded(value)
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def _plain_field(name: str, value: Any) -> Any:
    if name == "frame":
        return Rounded(np.array([value.left, value.top, value.width, value.height]))
    if name in ("load_thumbnail", "timings", *TIMES):
        return value is not None
    return value // 10**9 if name == "mtime" else plain(value)  # a server tells times of files to the second


@dataclass
class Rounded:
    """Numbers that a server rounds to five decimals."""

    values: Any

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, Rounded)
        return self.values.shape == other.values.shape and bool(
            np.abs(self.values - other.values).max(initial=0) < 1e-5
        )


def outcome(function: Function, library: AnyLibrary) -> Any:
    """What a function returns, or what it raises."""
    try:
        return plain(function(library))
    except (RetrievalError, TypeError) as error:
        return type(error), getattr(error, "code", ""), str(error), getattr(error, "pointer", "")


def walk(library: AnyLibrary, query: Query) -> list[object]:
    """Every page of an answer, by its cursors, and the way back."""
    pages = [library.search(query, with_cursor=True)]
    while pages[-1].next_cursor:
        pages.append(library.search(replace(query, cursor=pages[-1].next_cursor)))
    if pages[-1].previous_cursor:
        pages.append(library.search(replace(query, cursor=pages[-1].previous_cursor)))
    return [replace(page, next_cursor=None, previous_cursor=None) for page in pages]


SEARCHES: dict[str, Query | str] = {
    "every image": "",
    "words": "harbour",
    "a line": '2:"quiet harbour" tag:day1 -market sort:date limit:5',
    "a sentence": "harbours in 2020, best first",
    "a misspelt word": "harbuor",
    "nothing, and why": "harbour tag:forest folder:nowhere",
    "an unknown word": "harbour qqqzzz",
    "a page": Query(limit=3, offset=2),
    "a page past the end": Query((Text("market"),), offset=900),
    "a tree": Query(filters=AnyOf((Filters(tags=("harbour",)), Not(Filters(tags=("day1",)))))),
    "weights and signs": Query(
        (Text("harbour", 2.0), StoredPicture(3, 0.5), StoredPicture(9, -1.0)), weights={"words": 3}
    ),
    "colours": Query((Colours((Swatch("#1e90ff"), Swatch("#ffffff", 0.5))),)),
    "a palette": Query((Palette(Picture(BYTES)),)),
    "bytes": Query((Picture(BYTES),)),
    "an array": Query((make_picture(PIXELS),)),
    "a picture of Pillow": Query((make_picture(PICTURE.convert("CMYK"), region=Region(0, 0, 0.5, 0.5)),)),
    "alternatives": Query((Either((Alternative((Text("harbour"),)), Alternative((Picture(BYTES),)))),)),
    "examples": Query(examples=Examples((1, 2), (9,)), include_examples=True),
    "groups": Query((Text("quiet"),), options=Options(group="folder")),
    "an order": Query(sort=Sort("name", "down")),
    "verification": Query((StoredPicture(2),), options=Options(verify=5, weaker=True)),
    "a concept that there is not": Query((Concept("sunsets"),)),
    "a recipe that there is not": "harbour recipe:mine",
    "a wrong key": "harbour tagg:x",
    "a signal that there is not": Query((Text("a"),), weights={"smell": 1}),
    "an image that there is not": Query((StoredPicture(99),)),
    "no cursor": Query(cursor="x"),
    "no picture": Query((Picture(b"no picture", name="uploaded picture"),)),
    "a file that is not there": Query((Picture(Path("/nowhere/beach.jpg")),)),
    "an address": Query((Picture(Reference("upload", "0" * 32)),)),
}


def _fetches(query: Query | str) -> bool:
    """Whether a query names an upload, which a library alone does not know."""
    pictures = () if isinstance(query, str) else query.single_parts
    return any(isinstance(part, Picture) and isinstance(part.source, Reference) for part in pictures)


FUNCTIONS: dict[str, Function] = {
    "no query": lambda library: library.search(Path("beach.jpg")),
    "no query among many": lambda library: library.search_many([Path("beach.jpg")]),
    "many queries": lambda library: [
        str(found) if isinstance(found, RetrievalError) else found
        for found in library.search_many(
            ["harbour", *(query for query in SEARCHES.values() if not _fetches(query)), "tagg:x"]
        )
    ],
    "a walk": lambda library: walk(library, Query((Text("quiet"),), limit=3)),
    "a walk with a picture": lambda library: walk(library, Query((Picture(BYTES),), limit=5)),
    "read line": lambda library: library.read_line("harbour tag:day1 -night", limit=7),
    "its reading": lambda library: library.read_line("harbours in 2020", parts=(StoredPicture(3),)).reading,
    "write line": lambda library: library.write_line(Query((Text("in 2020"), StoredPicture(3, 2.0)))),
    "no line": lambda library: library.write_line(Query((Picture(BYTES),))),
    "complete": lambda library: library.complete_line("tag:ha", limit=3),
    "explain words": lambda library: library.explain("quiet harbour", 2),
    "explain a picture": lambda library: library.explain(Query((Picture(BYTES), Text("market"))), 4),
    "explain points": lambda library: library.explain(
        Query((StoredPicture(4),), include_examples=True), 4
    ),
    "explain what is not there": lambda library: library.explain("harbour", 99),
    "explain what is not listed": lambda library: library.explain("tag:harbour", 9),
    "facets": lambda library: library.count_facets("quiet"),
    "facets of a picture": lambda library: library.count_facets(Query((Picture(BYTES),))),
    "ids": lambda library: library.find_ids(Query((Text("quiet"),), limit=2)),
    "count": lambda library: (library.count_images(), library.newest_image()),
    "signals": lambda library: library.signal_names,
    "an image": lambda library: library.load_image(2),
    "no image": lambda library: library.load_image(99),
    "not even an id": lambda library: library.load_image(-1),
    "images": lambda library: list(library.load_images([5, 99, 2, 5]).items()),
    "pictures": lambda library: (library.load_thumbnail(2), library.render_preview(2)),
    "no picture": lambda library: library.load_thumbnail(99),
    "the file itself": lambda library: library.read_original(3),
    "no file": lambda library: library.read_original(99),
    "vectors": lambda library: [
        (space.descriptor, space.fingerprint, space.dimension, vector)
        for space, vector in [
            *library.load_vectors(2),
            library.embed(Picture(BYTES)),
            library.embed(StoredPicture(3), "colour"),
        ]
    ],
    "no vector": lambda library: library.embed(StoredPicture(3), "smell"),
    "a heat map": lambda library: library.render_heat(Query((Picture(BYTES), Text("market"))), 4),
    "no heat map": lambda library: library.render_heat("harbour", 2),
    "suggestions": lambda library: library.suggest_values(2),
    "statements": lambda library: library.load_statements(2) + library.load_statements(99),
    **{
        f"duplicates by {tier}": lambda library, tier=tier: library.find_duplicates(tier, KeepRule("oldest"))
        for tier in ("bytes", "picture", "scene", "confirmed")
    },
    "an unknown saved search": lambda library: library.load_search("sunsets"),
    "nothing saved": lambda library: (
        library.load_searches(), library.load_concepts(), library.load_edits(), library.load_verdicts(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SEARCHES)
def test_searches(embedded: Library, client: Client, name: str) -> None:
    def search(library: Any) -> object:
        return library.search(SEARCHES[name])

    ours, theirs = outcome(search, embedded), outcome(search, client)
    if name == "an address":  # a library follows none; the upload is gone from the server
        assert theirs[1] == "picture-expired"
    else:
        assert theirs == ours


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(embedded: Library, client: Client, name: str) -> None:
    assert outcome(FUNCTIONS[name], client) == outcome(FUNCTIONS[name], embedded)


def test_a_file_is_sent_as_it_is_read_and_only_once(
    embedded: Library, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "beach.jpg"
    path.write_bytes(BYTES)
    query = Query((Picture(path),))
    assert plain(client.search(query)) == plain(embedded.search(query))
    path.write_bytes(encode_picture(PillowImage.fromarray(draw_scene(8)), "JPEG", quality=90))
    assert plain(client.search(query)) == plain(embedded.search(query))
    buffer = io.BytesIO()
    PICTURE.rotate(90, expand=True).save(buffer, "JPEG", quality=90)
    with PillowImage.open(buffer) as turned:
        exif = turned.getexif()
        exif[0x0112] = 6
        upright = make_picture(turned)
    assert client.search(Query((upright,))).ids == embedded.search(Query((upright,))).ids


def test_a_picture_that_the_server_forgot_is_sent_again(
    address: str, embedded: Library, served: Path
) -> None:
    query = Query((make_picture(draw_scene(21)),))
    with Client(address) as client:
        for search in (client.search, lambda query: client.search_many([query])[0]):
            client.search(query)
            for kept in (served / "queries").iterdir():
                kept.unlink()
            assert plain(search(query)) == plain(embedded.search(query))


def edit(library: AnyLibrary) -> list[object]:
    """Everything that can be said of images, and taken back."""
    with open_editor(library) as editor:
        first = editor.edit_images([2, 3], Edit((("tag", "pier"), ("title", "Boat")), (("label", ""),)))
        again = editor.edit_images([2], Edit((("tag", "pier"),)))
        second = editor.edit_images([2], Edit((("rating", "4"),), (("caption", ""),), (("title", ""),)))
        said = library.load_statements(2), library.load_image(2), library.load_edits(3)
        assert first is not None
        taken = editor.take_back(first.id)
        refused = [
            outcome(lambda _: editor.take_back(first.id), library),
            outcome(lambda _: editor.edit_images([99], Edit((("tag", "x"),))), library),
        ]
    return [first, again, second, said, taken, refused, library.load_edits(), library.load_image(3)]


def save(library: AnyLibrary) -> list[object]:
    """Everything that can be saved by name, changed and removed."""
    with open_keeper(library) as keeper:
        keeper.add_search("boats", "harbour")
        keeper.add_search("more", "saved:boats tag:day1")
    with open_keeper(library) as keeper:
        keeper.keep_concept("sea", Examples((1, 2), (9,)))
        keeper.change_search("more", "saved:boats -tag:day1")
        keeper.rename_search("boats", "ships")
        keeper.rename_concept("sea", "old sea")
        number = keeper.state_verdict("different", [1, 2])
        looked = keeper.note_look("ships", 0)
    found = library.search("saved:more"), library.search('concept:"old sea"')
    state = library.load_searches(), library.load_concepts(), library.count_news(), library.load_verdicts()
    refused = [
        _refuse(library, lambda keeper: keeper.add_search("ships", "x")),
        _refuse(library, lambda keeper: keeper.add_search("wrong", "tagg:x")),
        _refuse(library, lambda keeper: keeper.remove_search("ships")),
        _refuse(library, lambda keeper: keeper.remove_search("none")),
        _refuse(library, lambda keeper: keeper.keep_concept("x", Examples((99,)))),
        _refuse(library, lambda keeper: keeper.withdraw_verdict(99)),
        _refuse(library, lambda keeper: keeper.state_verdict("same", [1])),
    ]
    with open_keeper(library) as keeper:
        keeper.withdraw_verdict(number)
        keeper.remove_search("more")
        keeper.remove_search("ships")
        keeper.remove_concept("old sea")
    return [
        looked,
        found,
        state,
        refused,
        library.load_searches(),
        library.load_concepts(),
        library.load_verdicts(),
    ]


def _refuse(library: AnyLibrary, change: Callable[[Any], object]) -> object:
    def run(library: Any) -> object:
        with open_keeper(library) as keeper:
            return change(keeper)

    return outcome(run, library)


@pytest.mark.parametrize("function", [edit, save])
def test_changes(embedded: Library, client: Client, function: Function) -> None:
    assert outcome(function, client) == outcome(function, embedded)
