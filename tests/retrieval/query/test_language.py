"""The query language as one table: a line gives a Query, or a message with its column."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
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
    format_query,
    parse_query,
)
from retrieval.query.keys import KEYS as FIELD_KEYS
from retrieval.query.sort import WAYS
from tests.queries import any_query

KEYS = (
    "there are folder, name, tag, label, after, before, added-after, added-before, month, weekday, day, taken, added, shows, "
    "confidence, format, orientation, shape, camera, lens, creator, person, place, near, within, in-concept, saved, among, "
    "width, height, bytes, page, iso, aperture, exposure, focal, rating, missing, captioned, problem, like, unlike, fusion, expand, rerank, group, narrow, neighbours, weaker, recipe, verify, diversity, group-of, min-score, collapse, sort, include-examples, text, image, "
    "file, url, upload, palette, colour, concept, weight.SIGNAL (or put it in quotation marks)"
)
UNCLOSED = "the closing quotation mark is missing"
NO_SPACE = "put a space before and after the quotation marks"
EMPTY = "the quotation marks are empty; write something between them"
NO_VALUE = "the key has no value; write it without a space, as in tag:boat"
NOT_A_DAY = "write a day as 2020, 2020-06 or 2020-06-17"


def query_of_texts(*texts: str, **filters: Any) -> Query:
    """A query of texts, negative ones with a minus before them, and filters."""
    parts = (Text(text[1:], weight=-1.0) if text.startswith("-") else Text(text) for text in texts)
    return Query(tuple(parts), Filters(**filters))


def query_of_parts(*parts: Part, **fields: Any) -> Query:
    """A query of any parts and fields."""
    return Query(parts, **fields)


def given_by(kind: str, value: str, weight: float = 1.0, region: Region | None = None) -> Picture:
    return Picture(Reference(kind, value), weight, region=region)


def refusal_of(line: str) -> str | None:
    """The message with which a line is refused; None for one that is understood."""
    try:
        parse_query(line)
    except InvalidQuery as refusal:
        return str(refusal)
    return None


UNDERSTOOD = [
    # words and phrases
    ("", query_of_texts()),
    ("   \t\n", query_of_texts()),
    ("harbour", query_of_texts("harbour")),
    ("harbour  boats", query_of_texts("harbour boats")),
    ("  harbour ", query_of_texts("harbour")),
    ('"old town"', query_of_texts('"old town"')),
    ('harbour "old town" boats', query_of_texts('harbour "old town" boats')),
    ('" old town "', query_of_texts('"old town"')),
    ("night-train", query_of_texts("night-train")),
    ("harbour - boats", query_of_texts("harbour - boats")),
    ("12:30", query_of_texts("12:30")),
    ("1920x1080", query_of_texts("1920x1080")),
    # what must not be there
    ("harbour -night", query_of_texts("harbour", "-night")),
    ("-night harbour", query_of_texts("harbour", "-night")),
    ("harbour -night -fog", query_of_texts("harbour", "-night", "-fog")),
    ('harbour -"old town"', query_of_texts("harbour", '-"old town"')),
    ('harbour "-night"', query_of_texts('harbour "-night"')),
    # lists
    ("tag:boat", query_of_texts(tags=("boat",))),
    ("tag:boat tag:sea", query_of_texts(tags=("boat", "sea"))),
    ("harbour tag:boat old", query_of_texts("harbour old", tags=("boat",))),
    ('tag:"old town"', query_of_texts(tags=("old town",))),
    ("label:cat", query_of_texts(labels=("cat",))),
    ("folder:2019/summer", query_of_texts(folders=("2019/summer",))),
    ('folder:"/home/a b/2019"', query_of_texts(folders=("/home/a b/2019",))),
    ("-tag:night", query_of_texts(without_tags=("night",))),
    ('-label:"big cat" -folder:raw', query_of_texts(without_labels=("big cat",), without_folders=("raw",))),
    ("tag:a -tag:b tag:c", query_of_texts(tags=("a", "c"), without_tags=("b",))),
    ("TAG:Boat Label:CAT", query_of_texts(tags=("Boat",), labels=("CAT",))),
    ("tag:a:b", query_of_texts(tags=("a:b",))),
    ("tag:-x", query_of_texts(tags=("-x",))),
    ('"tag:boat"', query_of_texts('"tag:boat"')),
    ('"a: b"', query_of_texts('"a: b"')),
    # dates
    ("after:2020", query_of_texts(after=date(2020, 1, 1))),
    ("after:2020-06", query_of_texts(after=date(2020, 6, 1))),
    ("before:2020-06-17", query_of_texts(before=date(2020, 6, 17))),
    ("before:2020-6-7", query_of_texts(before=date(2020, 6, 7))),
    ('after:"2020" BEFORE:2021', query_of_texts(after=date(2020, 1, 1), before=date(2021, 1, 1))),
    ("after:2024-02-29", query_of_texts(after=date(2024, 2, 29))),
    (
        "added-after:2024 Added-Before:2024-06",
        query_of_texts(added_after=date(2024, 1, 1), added_before=date(2024, 6, 1)),
    ),
    # words and conditions that take images away, alone
    ("-night", query_of_texts("-night")),
    ('-night -"old town" -tag:x', query_of_texts("-night", '-"old town"', without_tags=("x",))),
    # where and who
    ("near:21.03,-105.85,2.5km", query_of_texts(near=(Circle(21.03, -105.85, 2.5),))),
    ("near:0,0", query_of_texts(near=(Circle(0, 0, 10),))),
    (
        'near:Hanoi near:"Old Town, 3"',
        query_of_texts(near=(Surroundings("Hanoi"), Surroundings("Old Town", 3))),
    ),
    ('near:"Hà Nội, Việt Nam"', query_of_texts(near=(Surroundings("Hà Nội, Việt Nam"),))),
    ("within:-17,179,-16,-179", query_of_texts(within=(Rectangle(-17, 179, -16, -179),))),
    (
        'place:Hanoi person:"Ann Lee" person:Bob missing:person',
        query_of_texts(places=("Hanoi",), persons=("Ann Lee", "Bob"), missing=("person",)),
    ),
    ("shape:Panorama shape:square page:>1", query_of_texts(shapes=("panorama", "square"), min_page=2)),
    ("added-after:9999-12-31", query_of_texts(added_after=date(9999, 12, 31))),
    ("month:July month:November..february", query_of_texts(months=("july", "november..february"))),
    ("weekday:sat..sun day:12-25", query_of_texts(weekdays=("sat..sun",), days=("12-25",))),
    ("-weekday:monday", Query(filters=~Filters(weekdays=("monday",)))),
    # the other filters
    (
        'shows:tabby shows:"great white shark" confidence:.6',
        query_of_texts(shows=("tabby", "great white shark"), confidence=0.6),
    ),
    ("format:jpeg format:png camera:x100", query_of_texts(formats=("jpeg", "png"), cameras=("x100",))),
    (
        "orientation:Landscape in-concept:dogs",
        query_of_texts(orientations=("landscape",), concepts=("dogs",)),
    ),
    (
        "width:800..1600 height:800.. bytes:..1000000",
        query_of_texts(min_width=800, max_width=1600, min_height=800, max_bytes=1000000),
    ),
    ("width:800", query_of_texts(min_width=800, max_width=800)),
    ("captioned:yes problem:No", query_of_texts(captioned=True, problem=False)),
    # after a key every character in quotation marks counts, and two marks are one
    ('tag:" a "', query_of_texts(tags=(" a ",))),
    ('tag:"5"" disk"', query_of_texts(tags=('5" disk',))),
    ('tag:""""', query_of_texts(tags=('"',))),
    # weights
    ("2:boat", query_of_parts(Text("boat", 2.0))),
    (
        "sea 2:boat -0.5:fruit 1:fog",
        query_of_parts(Text("sea"), Text("boat", 2.0), Text("fruit", -0.5), Text("fog")),
    ),
    (
        '2:"golden retriever" file:pool.jpg -fruit',
        query_of_parts(Text('"golden retriever"', 2.0), given_by("file", "pool.jpg"), Text("fruit", -1.0)),
    ),
    ("1e-3:boat .5:car 3.:港", query_of_parts(Text("boat", 0.001), Text("car", 0.5), Text("港", 3.0))),
    ("16:9 -12:30 at", query_of_texts("16:9 at", "-12:30")),
    ('2:"16:9"', query_of_parts(Text('"16:9"', 2.0))),
    ("text:tag text:-x", query_of_parts(Text("tag"), Text("-x"))),
    (
        'image:1 2:text:"a ""b c"" d" sea',
        query_of_parts(Text("sea"), StoredPicture(1), Text('a "b c" d', 2.0)),
    ),
    # pictures
    ("image:17", query_of_parts(StoredPicture(17))),
    (
        "2:image:17 -image:4 -0.5:IMAGE:5",
        query_of_parts(StoredPicture(17, 2.0), StoredPicture(4, -1.0), StoredPicture(5, -0.5)),
    ),
    ("image:17@0.1,0.2,.5,5e-1", query_of_parts(StoredPicture(17, region=Region(0.1, 0.2, 0.5, 0.5)))),
    ("file:a@b.jpg", query_of_parts(given_by("file", "a@b.jpg"))),
    (
        'file:"my pool.jpg"@0,0,1,0.5',
        query_of_parts(given_by("file", "my pool.jpg", region=Region(0, 0, 1, 0.5))),
    ),
    ('file:"a@0,0,1,1"', query_of_parts(given_by("file", "a@0,0,1,1"))),
    (
        "2:url:https://me@example.org:443/a?b=c#d",
        query_of_parts(given_by("url", "https://me@example.org:443/a?b=c#d", 2.0)),
    ),
    ("upload:0123456789abcdef", query_of_parts(given_by("upload", "0123456789abcdef"))),
    # colours, palettes, concepts
    ("colour:#ff0000", query_of_parts(Colours((Swatch("#ff0000"),)))),
    (
        "colour:#FF0000@3,Navy,white@.5",
        query_of_parts(Colours((Swatch("#FF0000", 3), Swatch("#000080"), Swatch("#ffffff", 0.5)))),
    ),
    ("sea -2:colour:red", query_of_parts(Text("sea"), Colours((Swatch("#ff0000"),), -2.0))),
    ("palette:image:17", query_of_parts(Palette(StoredPicture(17)))),
    (
        '0.5:Palette:File:"a b.jpg"@0,0,.5,1',
        query_of_parts(Palette(given_by("file", "a b.jpg", region=Region(0, 0, 0.5, 1)), 0.5)),
    ),
    (
        'concept:dogs sea -concept:"old town"',
        query_of_parts(Text("sea"), Concept("dogs"), Concept("old town", -1.0)),
    ),
    # examples, weights of signals, options
    ("like:1 unlike:3 like:2", query_of_parts(examples=Examples((1, 2), (3,)))),
    (
        "weight.colour:0.3 sea Weight.words:0",
        query_of_parts(Text("sea"), weights={"colour": 0.3, "words": 0.0}),
    ),
    (
        "fusion:reciprocal-rank recipe:mine expand:Alpha",
        query_of_parts(options=Options(fusion="reciprocal-rank", recipe="mine", expand="alpha")),
    ),
    (
        "rerank:diffusion verify:100 diversity:0.3 group:copies",
        query_of_parts(options=Options(rerank="diffusion", verify=100, diversity=0.3, group="copies")),
    ),
    (
        "narrow:no neighbours:yes weaker:yes include-examples:yes",
        query_of_parts(options=Options(narrow=False, neighbours=True, weaker=True), include_examples=True),
    ),
    # the order
    ("sea sort:date", query_of_parts(Text("sea"), sort=Sort("date"))),
    ("SORT:Name-Desc sea", query_of_parts(Text("sea"), sort=Sort("name", "down"))),
    ('sort:"random:7"', query_of_parts(sort=Sort("random", seed=7))),
    ("dog OR tag:cat sort:size", replace(parse_query("dog OR tag:cat"), sort=Sort("size"))),
    # any script
    ("Hà Nội 港 порт", query_of_texts("Hà Nội 港 порт")),
    ("\u3000港\u3000tag:船\u00a0海", query_of_texts("港 海", tags=("船",))),
    ("“old town” boat", query_of_texts('"old town" boat')),
    ("„old town“", query_of_texts('"old town"')),
    ("«old town»", query_of_texts('"old town"')),
    ("tag:“old town” -tag:„night“", query_of_texts(tags=("old town",), without_tags=("night",))),
    ("12″", query_of_texts("12″")),
    ("“old", query_of_texts("“old")),
    ("name:IMG_* -name:*.png", query_of_texts(names=("IMG_*",), without_names=("*.png",))),
]

QUOTED = "(or put it in quotation marks)"
SIZES = "write width:, height: or bytes:, as in bytes:..1000000"
REFUSED = [
    ("colours:red", f"column 1: colours: is not a key; did you mean colour:? {QUOTED}"),
    ("harbour Size:big", f"column 9: size: is not a key; {SIZES} {QUOTED}"),
    # Keys of other programs: deckerst/aves#265, photoview#94, photoprism#2253.
    ("date:2022/05", f"column 1: date: is not a key; write after:2020 or before:2021-06 {QUOTED}"),
    ("type:video", f"column 1: type: is not a key; write format:, as in format:jpeg {QUOTED}"),
    ("path:2020/Holiday", f"column 1: path: is not a key; write folder:, as in folder:2019 {QUOTED}"),
    ("order:date", f"column 1: order: is not a key; write sort:, as in sort:date {QUOTED}"),
    ("sea sort:shade", f"column 5: sort shade: {WAYS}"),
    ("sea -sort:date", "column 5: -sort: cannot be excluded; write sort:date-up, as in the other direction"),
    ("sort:date sea sort:name", "column 15: sort: is given twice; keep one"),
    ("tga:boat", f"column 1: tga: is not a key; did you mean tag:? {QUOTED}"),
    ("colr:navy", f"column 1: colr: is not a key; did you mean colour:? {QUOTED}"),
    ("orientaton:square", f"column 1: orientaton: is not a key; did you mean orientation:? {QUOTED}"),
    ("format:heic", "column 1: format heic: no picture has it; did you mean heif?"),
    ("sea format:nef", "column 5: format nef: no picture has it; did you mean raw?"),
    ("format:.jpgg", "column 1: format .jpgg: no picture has it; did you mean jpg?"),
    ("format:tfif", "column 1: format tfif: no picture has it; did you mean tiff?"),
    (
        "format:mp4",
        "column 1: format mp4: no picture has it; choose from jpeg, png, gif, webp, bmp, tiff, ppm, avif, heif, raw",
    ),
    (
        r"boat C:\Users\me\boat.jpg",
        r"column 6: c: is not a key; to search by the picture in a file, write file:c:\Users\me\boat.jpg",
    ),
    ("harbour -qqq:x", f"column 9: qqq: is not a key; {KEYS}"),
    ("added-aftr:2020", f"column 1: added-aftr: is not a key; did you mean added-after:? {QUOTED}"),
    ("palette:tag:3", f"column 1: palette:tag: is not a key; did you mean palette:? {QUOTED}"),
    ("palette:17", "column 1: palette: takes a picture, as in palette:image:17 or palette:file:beach.jpg"),
    (
        "http://example.org",
        "column 1: http: is not a key; to search by the picture at an address, write url:http://example.org",
    ),
    (
        "red https://example.org/a.jpg",
        "column 5: https: is not a key; to search by the picture at an address, "
        "write url:https://example.org/a.jpg",
    ),
    (
        'title:"old town"',
        f"column 1: title: is not a key; bare words are looked for there; leave it out {QUOTED}",
    ),
    ('"old town', f"column 1: {UNCLOSED}"),
    ('"', f"column 1: {UNCLOSED}"),
    ('harbour -"old', f"column 10: {UNCLOSED}"),
    ('tag:"boat', f"column 5: {UNCLOSED}"),
    ('"old town" "new', f"column 12: {UNCLOSED}"),
    ('5" disk', f"column 2: {UNCLOSED}"),
    ('old"town"', f"column 1: {NO_SPACE}"),
    ('"old"town', f"column 1: {NO_SPACE}"),
    ('sea "old""town"', f"column 5: {NO_SPACE}"),
    ('tag:"a"b', f"column 1: {NO_SPACE}"),
    ('""', f"column 1: {EMPTY}"),
    ('sea "  "', f"column 5: {EMPTY}"),
    ('tag:""', f"column 1: {EMPTY}"),
    ("tag:", f"column 1: {NO_VALUE}"),
    ("harbour tag: boat", f"column 9: {NO_VALUE}"),
    ("harbour -label:", f"column 9: {NO_VALUE}"),
    ("after: 2020", f"column 1: {NO_VALUE}"),
    ("after:soon", f"column 1: after:soon: {NOT_A_DAY}"),
    ("month:ju", "column 1: months ju: write a month as july or 7, or several as june..august"),
    ("sea weekday:8", "column 5: weekdays 8: write a weekday as monday, or several as saturday..sunday"),
    (
        "day:12-32",
        "column 1: days 12-32: write a day of the year as 12-25 (month and day), or several as 12-24..12-26",
    ),
    ("sea after:20", f"column 5: after:20: {NOT_A_DAY}"),
    ("before:2020/06", f"column 1: before:2020/06: {NOT_A_DAY}"),
    ("before:2020-06-17-1", f"column 1: before:2020-06-17-1: {NOT_A_DAY}"),
    ("after:2020-13", "column 1: after:2020-13: month must be in 1..12"),
    ("-image:3", "every part is negative; add one that says what to search for"),
    ("-night -image:3", "every part is negative; add one that says what to search for"),
    (
        "sea duration:>60",
        "column 5: duration: is reserved: kept for films, which Pictor does not search; leave it out",
    ),
    ("lnes:50mm", f"column 1: lnes: is not a key; did you mean lens:? {QUOTED}"),
    ("flie:a.jpg", f"column 1: flie: is not a key; did you mean file:? {QUOTED}"),
    ("people:Ann", f'column 1: people: is not a key; write person:, as in person:"Ann Lee" {QUOTED}'),
    ("near:91,0", "column 1: latitude 91: choose degrees from -90 to 90"),
    ("near:21.03,105.85,0", "column 1: 0 km: choose a distance above 0, up to 20038 km"),
    (
        "sea near:1,2,3,4",
        "column 5: near:1,2,3,4: write latitude, longitude and kilometres, as in 21.03,105.85,10, "
        'or a place, as in "Hanoi,25"',
    ),
    (
        "within:21,105",
        "column 1: within:21,105: write south, west, north and east, as in 20.9,105.7,21.2,106.0",
    ),
    ("shape:round", "column 1: shape round: choose from landscape, portrait, square, panorama"),
    ("page:last", "column 1: page:last: write a range as 800, 800.., ..1600, 800..1600, >800 or <=1600"),
    ("sea -like:3", "column 5: -like: cannot be excluded; write unlike:"),
    ("sea -rerank:none", "column 5: -rerank: cannot be excluded"),
    ("sea 2:tag:boat", "column 5: tag: cannot have a weight; leave the number out"),
    ("sea after:2020 after:2021", "column 16: after: is given twice; keep one"),
    ("weight.a:1 weight.a:2", "column 12: weight.a: write it once, without a minus or a weight before it"),
    ("-weight.a:1", "column 1: weight.a: write it once, without a minus or a weight before it"),
    ("weight.a:x", "column 1: weight.a:x: a number is needed, as in 0.5"),
    ("weight.a:101", "column 1: weight 101.0 of signal a: choose from 0 to 100"),
    ("weight.a-b:1", "column 1: signal a-b: names of signals have only letters, digits and underscores"),
    ("sea 0:boat", "column 5: weight 0.0: choose a number from -100 to 100 that is not 0"),
    ("1984:orwell", "column 1: weight 1984.0: choose a number from -100 to 100 that is not 0"),
    ("image:x", "column 1: image:x: a whole number is needed"),
    ("image:1@0.1,0.2", "column 1: image:1@0.1,0.2: a whole number is needed"),
    ("image:0", "column 1: image 0: ids are positive whole numbers"),
    ('file:"a"@0.1', "column 1: region 0.1: write @left,top,width,height, as in @0,0,0.5,0.5"),
    (
        "image:1@0,0,2,1",
        "column 1: region 0,0,2,1: give left, top, width and height as shares of the picture from 0 to 1, at least 0.01 wide and high, inside the picture",
    ),
    ('tag:"a"@0,0,1,1', f"column 1: {NO_SPACE}"),
    ('"a"@0,0,1,1', f"column 1: {NO_SPACE}"),
    (
        "colour:reddish",
        "column 1: colour:reddish: write a colour as #rrggbb, or as one of black, silver, grey, gray, white, maroon, red, purple, fuchsia, green, lime, olive, yellow, navy, blue, teal, aqua, orange, brown, pink",
    ),
    ("colour:#f00", "column 1: colour #f00: write it as #rrggbb, as in #1e90ff"),
    ("colour:red@x", "column 1: colour:red@x: write the share of a colour after an @, as in #ff0000@3"),
    ("colour:red@0", "column 1: share 0.0 of colour #ff0000: choose a number above 0, up to 100"),
    ("width:wide", "column 1: width:wide: write a range as 800, 800.., ..1600, 800..1600, >800 or <=1600"),
    ("width:..", "column 1: width:..: write a range as 800, 800.., ..1600, 800..1600, >800 or <=1600"),
    (
        "width:" + "9" * 20,
        "column 1: width:" + "9" * 20 + ": write a range as 800, 800.., ..1600, 800..1600, >800 or <=1600",
    ),
    ("width:9..3", "column 1: width from 9 to 3: the first is larger than the second"),
    ("orientation:tall", "column 1: orientation tall: choose from landscape, portrait, square"),
    ("confidence:high", "column 1: confidence:high: a number is needed, as in 0.5"),
    ("narrow:maybe", "column 1: narrow:maybe: write yes or no"),
    ("rerank:more", "column 1: rerank more: choose from none, k-reciprocal, diffusion"),
    ("verify:1.5", "column 1: verify:1.5: a whole number is needed"),
    ("like:1 unlike:1", "column 8: image 1 is both a good and a bad example; keep one"),
    ("after:2021 before:2021", "column 12: after 2021-01-01 and before 2021-01-01 leave no day between them"),
    ("x" * 1001, "the text has 1001 characters; the limit is 1000"),
    ("sea" + " -x" * 16, "17 parts; the limit is 16"),
]

# Pieces of the grammar in any order: random text would hardly ever combine them.
PIECES = ["tag:", "folder:", "after:", "x:", "-", '"', " ", "\u3000", "2020", "-06", "boat", "ü", ":", "/",
          "2:", "0.5:", "palette:", "image:", "file:", "colour:", "#00ff00", "red", "@", "@0,0,1,.5", ",", "17", "..",
          "(", ")", "|", " OR ", " AND ", " NOT ", "iso:", ">=", "missing:", "tag",
          "width:", "like:", "narrow:", "yes", "weight.", "text:", "e5:"]  # fmt: skip
LINES = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)
WORDS = st.lists(st.text("abcü港09", min_size=1), min_size=1, max_size=20)


@pytest.mark.parametrize(("line", "expected"), UNDERSTOOD)
def test_a_line_is_understood_as(line: str, expected: Query) -> None:
    assert parse_query(line) == expected


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_a_line_is_refused_with(line: str, message: str) -> None:
    with pytest.raises(InvalidQuery) as refusal:
        parse_query(line)
    assert str(refusal.value) == message


def test_any_name_before_a_colon_is_refused_also_without_a_value() -> None:
    with pytest.raises(InvalidQuery, match=r"^column 1: "):
        parse_query("note: harbour")


def test_days_that_do_not_exist_are_refused_with_the_term() -> None:
    with pytest.raises(InvalidQuery, match=r"^column 5: after:2023-02-29: day"):
        parse_query("sea after:2023-02-29")


def test_given_parts_come_after_the_lines_own_with_limit_and_offset() -> None:
    picture = StoredPicture(3)
    parsed = parse_query("sea -fog", parts=(picture,), limit=5, offset=10)
    assert parsed == Query((Text("sea"), Text("fog", -1.0), picture), limit=5, offset=10)


def test_a_negative_word_is_enough_beside_a_picture() -> None:
    picture = StoredPicture(3)
    assert parse_query("-fog", parts=(picture,)) == Query((Text("fog", -1.0), picture))


@settings(deadline=None, max_examples=300)
@given(LINES)
def test_any_line_is_understood_or_refused_as_an_invalid_query(line: str) -> None:
    assert refusal_of(line) != ""


@settings(deadline=None)
@given(LINES)
@example('old"town" "new')
def test_the_quotation_mark_that_a_refusal_points_at_is_the_last_one(line: str) -> None:
    refusal = refusal_of(line) or ""
    assert UNCLOSED not in refusal or refusal == f"column {line.rindex(chr(34)) + 1}: {UNCLOSED}"


@settings(deadline=None)
@given(LINES)
def test_every_quotation_mark_of_an_understood_line_is_closed(line: str) -> None:
    assert refusal_of(line) is not None or line.count('"') % 2 == 0


@settings(deadline=None)
@given(WORDS)
def test_bare_words_are_one_text_part_in_their_order(words: list[str]) -> None:
    assert parse_query("  ".join(words)).parts == (Text(" ".join(words)),)


@settings(deadline=None, max_examples=300)
@given(any_query())
@example(Query((Text(' 5" disk\n', 1.0), Text("a b", -1.0), Text("12:30", 2.0))))
@example(
    Query((given_by("file", 'a "b"@0,0,1,1'), given_by("url", "x@0,0,1,1", -0.5, Region(0, -0.0, 1, 1))))
)
@example(Query((Text("red"), Text("boat"), Text("tag:sea"), Text('"a" "b"'), Text("text:"))))
@example(
    Query(filters=AllOf((Filters(captioned=True), AnyOf((Filters(names=(")",)), Filters(tags=("a",)))))))
)
@example(Query((Text("“a"), Text("b”", 2.0)), filters=Filters(names=("b”",))))
def test_the_line_of_a_query_is_read_as_the_query(query: Query) -> None:
    assert parse_query(format_query(query), limit=query.limit, offset=query.offset) == query


@settings(deadline=None, max_examples=300)
@given(LINES)
def test_a_line_that_is_written_again_means_the_same(line: str) -> None:
    if refusal_of(line) is None:
        assert parse_query(format_query(parse_query(line))) == parse_query(line)


@pytest.mark.parametrize(
    ("line", "shortest"),
    [
        ("  harbour   -night ", "harbour -night"),
        ('2:text:boat text:"old town" tag:"boat"', '2:boat text:"old town" tag:boat'),
        ("1.0:image:17@0,0,1,.50 colour:red@1", "image:17@0,0,1,0.5 colour:#ff0000"),
        ("confidence:0.50 width:7..7 narrow:NO after:2020", "after:2020-01-01 width:7 narrow:no"),
    ],
)
def test_a_line_is_written_as_shortly_as_it_can_be(line: str, shortest: str) -> None:
    assert format_query(parse_query(line)) == shortest


def test_a_path_is_written_as_a_file_and_bytes_cannot_be_written() -> None:
    assert format_query(Query((Picture(Path("my pool.jpg"), 2.0),))) == '2:file:"my pool.jpg"'
    with pytest.raises(InvalidQuery, match="given as bytes cannot be written in a line"):
        format_query(Query((Palette(Picture(b"bytes")),)))


def test_every_field_has_a_key_in_the_line() -> None:
    """A new field of these classes needs a key."""
    keyed_fields = {
        (key.owner, name)
        for key in FIELD_KEYS.values()
        for name in (*key.field_names, key.negated_field)
        if name
    }
    values = (Filters, Options, Examples)
    assert {pair for pair in keyed_fields if pair[0] in values} == {
        (value, field.name) for value in values for field in fields(value)
    }


def test_a_long_line_is_refused_quickly_by_its_first_term_too_many() -> None:
    with pytest.raises(InvalidQuery, match=r"^column 601: 101 tags; the limit is 100"):
        parse_query("tag:x " * 50_000)
