"""Captions files: what they say, and what they are refused for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.run.captions import read_captions
from retrieval import Annotation, InvalidLabels, path_bytes


def caption_fact(field: str, value: str) -> Annotation:
    return Annotation(field, value, "captions")


def write_csv(folder: Path, text: str | bytes, name: str = "captions.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_every_column_becomes_annotations(tmp_path: Path) -> None:
    text = "path,title,caption,tags,label\na.jpg,A boat,It is red||It floats,sea; boat ;,boats|ships\n"
    assert read_captions(write_csv(tmp_path, text)) == {
        path_bytes(tmp_path / "a.jpg"): (
            caption_fact("title", "A boat"),
            caption_fact("caption", "It is red"),
            caption_fact("caption", "It floats"),
            caption_fact("tag", "sea"),
            caption_fact("tag", "boat"),
            caption_fact("label", "boats"),
            caption_fact("label", "ships"),
        )
    }


def test_columns_come_in_any_order_and_others_are_passed_over(tmp_path: Path) -> None:
    captions = read_captions(write_csv(tmp_path, "price,tags,path\n5,sea,a.jpg\n"))
    assert captions == {path_bytes(tmp_path / "a.jpg"): (caption_fact("tag", "sea"),)}


def test_a_picture_may_be_listed_with_nothing_said_about_it(tmp_path: Path) -> None:
    captions = read_captions(write_csv(tmp_path, "path,title,caption\na.jpg,,\nb.jpg\n"))
    assert captions == {path_bytes(tmp_path / name): () for name in ("a.jpg", "b.jpg")}


def test_a_title_is_never_parted(tmp_path: Path) -> None:
    captions = read_captions(write_csv(tmp_path, "path,title\na.jpg,one; two | three || four\n"))
    assert captions[path_bytes(tmp_path / "a.jpg")] == (caption_fact("title", "one; two | three || four"),)


def test_quoted_cells_hold_commas_quotes_and_line_ends(tmp_path: Path) -> None:
    captions = read_captions(write_csv(tmp_path, 'path,title\r\n"a, b.jpg","say ""hi""\nthere"\r\n'))
    assert captions[path_bytes(tmp_path / "a, b.jpg")] == (caption_fact("title", 'say "hi"\nthere'),)


def test_a_byte_order_mark_as_excel_writes_it_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    captions = read_captions(write_csv(tmp_path, b"\xef\xbb\xbfpath,title\nk\xc3\xbcste.jpg,K\xc3\xbcste\n"))
    assert captions == {path_bytes(tmp_path / "küste.jpg"): (caption_fact("title", "Küste"),)}


def test_relative_paths_start_at_the_file_and_absolute_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lists").mkdir()
    write_csv(tmp_path / "lists", "path,title\n../a.jpg,A\n/photos/b.jpg,B\nsub/c.jpg,C\n")
    monkeypatch.chdir(tmp_path)
    here = os.fsencode(tmp_path)
    expected = {here + b"/a.jpg", b"/photos/b.jpg", here + b"/lists/sub/c.jpg"}
    assert set(read_captions(Path("lists/captions.csv"))) == expected


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "@SUM(1+1)", "+1", "-1", "\u202egnp.exe", "<script>"])
def test_what_a_spreadsheet_would_run_is_kept_as_it_was_written(tmp_path: Path, text: str) -> None:
    captions = read_captions(write_csv(tmp_path, f'path,title,tags\na.jpg,"{text}","{text}"\n'))
    assert captions[path_bytes(tmp_path / "a.jpg")] == (
        caption_fact("title", text),
        caption_fact("tag", text),
    )


REFUSED: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "line 1 must name the columns, and one of them must be path"),
    "no path column": (
        b"file,title\na.jpg,A\n",
        "line 1 must name the columns, and one of them must be path",
    ),
    "no path in a line": (b"path,title\na.jpg,A\n,B\n", "line 3: no path, too many cells or a zero byte"),
    "too many cells": (b"path,title\na.jpg,A,surplus\n", "line 2: no path, too many cells or a zero byte"),
    "a zero byte": (b"path,title\na.jpg,A\nb.jpg,B\0B\n", "line 3: no path, too many cells or a zero byte"),
    "an unclosed quote": (b'path,title\na.jpg,"A\nb.jpg,B\n', "line 2: unexpected end of data"),
    "text after a quote": (b'path,title\na.jpg,"A"B\n', "line 2: ',' expected after '\"'"),
    "a line of 10 MB": (
        b"path," + b"A" * 10_000_000 + b"\na.jpg,A\n",
        "line 1: field larger than field limit",
    ),
    "a cell of 200 kB": (
        b"path,title\na.jpg," + b"A" * 200_000 + b"\n",
        "line 2: field larger than field limit",
    ),
    "Latin-1": (b"path,title\nk\xfcste.jpg,A\n", "not UTF-8 (byte 12); save it as UTF-8"),
    "UTF-16": ("path,title\na.jpg,A\n".encode("utf-16"), "not UTF-8 (byte 0); save it as UTF-8"),
    "Latin-1 far down": (
        b"path,title\n" + b"a.jpg,A\n" * 5000 + b"k\xfcste.jpg,A\n",
        "not UTF-8 (byte 40012); save it as UTF-8",
    ),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_cannot_be_used_is_refused_with_the_place(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = write_csv(tmp_path, data)
    with pytest.raises(InvalidLabels) as caught:
        read_captions(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidLabels, match=r"captions.csv: cannot be read \(No such file or directory\)"):
        read_captions(tmp_path / "captions.csv")
