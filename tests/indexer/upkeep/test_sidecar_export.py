"""What people said is written beside the pictures, is read by exiftool, and comes back as the same facts."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.run import pipeline
from indexer.upkeep.opening import open_existing
from indexer.upkeep.sidecar_export import export_sidecars
from retrieval import EMPTY_XMP, Edit, Library, merge_xmp_facts, open_editor, path_bytes, read_sidecar
from tests.drawing import write_scenes
from tests.indexer.command import make_without_backbone, run
from tests.indexer.contents import image_at

EVERYTHING = Edit(
    add=(
        *(("title", 'Pier & <"sea">'), ("caption", "Zwei Boote, früh"), ("rating", "4")),
        *(("tag", "boat"), ("tag", "Places|Norway|Oslo"), ("label", "harbour"), ("person", "Anna Li")),
    ),
    remove=(("tag", "night"),),
)
DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<!-- written elsewhere -->
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dt="http://darktable.sf.net/"
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:Rating="1" dt:end='a>b"c'>
   <dt:history><rdf:Seq><rdf:li dt:num="0"/></rdf:Seq></dt:history>
   <dc:subject><rdf:Bag><rdf:li>Night</rdf:li><rdf:li>own</rdf:li></rdf:Bag></dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
TWO_LANGUAGES = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>
<rdf:li xml:lang="x-default">Pier</rdf:li><rdf:li xml:lang="de">Steg</rdf:li></rdf:Alt></dc:title></rdf:Description>
</rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_scenes(tmp_path / "pictures", 3)
    return tmp_path / "pictures"


@pytest.fixture
def path(tmp_path: Path, folder: Path) -> Path:
    """The folder of a library of three pictures."""
    made = make_without_backbone(tmp_path / "library")
    index(made, folder)
    return made


@pytest.fixture
def library(path: Path) -> Iterator[Library]:
    with Library.open(path) as opened:
        yield opened


def index(path: Path, folder: Path) -> None:
    with open_existing(path) as opened:
        pipeline.index(opened, [path_bytes(folder)], captions={}, on_event=lambda event: None)


def say(library: Library, picture: Path, edit: Edit = EVERYTHING) -> int:
    image_id = image_at(library.path, picture).id
    with open_editor(library) as editor:
        editor.edit_images([image_id], edit)
    return image_id


def read_with_exiftool(file: Path) -> Any:
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    shown = subprocess.run(["exiftool", "-json", "-struct", file], capture_output=True, check=True, text=True)
    return json.loads(shown.stdout)[0]


def values(library: Library, image_id: int) -> dict[str, tuple[str, ...]]:
    image = library.load_image(image_id)
    return {
        name: image.field_values(name) for name in ("title", "caption", "rating", "tag", "label", "person")
    }


def test_exiftool_reads_what_was_said_and_the_picture_is_not_touched(library: Library, folder: Path) -> None:
    picture = folder / "scene-000.jpg"
    before = picture.read_bytes()
    say(library, picture)
    assert export_sidecars(library, dry_run=True).written == (f"{picture}.xmp",)
    assert not (folder / "scene-000.jpg.xmp").exists()
    assert export_sidecars(library).written == (f"{picture}.xmp",)
    assert f"{picture}.xmp" not in run("export", "sidecars", "--library", library.path)
    assert export_sidecars(library).unchanged == 1
    read = read_with_exiftool(folder / "scene-000.jpg.xmp")
    assert (read["Title"], read["Description"], read["Rating"]) == ('Pier & <"sea">', "Zwei Boote, früh", 4)
    assert read["Subject"] == ["boat", "Places", "Norway", "Oslo", "Places/Norway/Oslo", "Anna Li"]
    assert read["PersonInImage"] == ["Anna Li"]
    assert picture.read_bytes() == before


def test_another_run_reads_the_same_facts_once_and_so_does_another_library(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    picture = folder / "scene-000.jpg"
    image_id = say(library, picture)
    said = values(library, image_id)
    export_sidecars(library)
    index(library.path, folder)
    assert values(library, image_id) == said
    other = make_without_backbone(tmp_path / "other")
    index(other, folder)
    with Library.open(other) as opened:
        assert values(opened, image_at(other, picture).id) == said


def test_a_sidecar_of_another_program_keeps_everything_else(library: Library, folder: Path) -> None:
    sidecar = folder / "scene-001.xmp"
    sidecar.write_text(DARKTABLE, "utf-8")
    say(library, folder / "scene-001.jpg")
    assert export_sidecars(library).written == (str(sidecar),)
    merged = sidecar.read_text("utf-8")
    for kept in ("<!-- written elsewhere -->", """dt:end='a>b"c'""", '<rdf:li dt:num="0"/>'):
        assert kept in merged
    facts = read_sidecar(merged.encode(), "xmp").facts_from("sidecar")
    assert [value for field, value in facts if field == "tag"][:2] == ["own", "boat"]
    assert [value for field, value in facts if field == "rating"] == ["4"]
    assert read_with_exiftool(sidecar)["Rating"] == 4


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (TWO_LANGUAGES, "its title is written in a way that would be lost"),
        ("<a/>", "not XMP"),
        ("<x", "not well-formed"),
        ("<!DOCTYPE x []><x/>", "document type"),
    ],
)
def test_what_cannot_be_merged_without_loss_is_refused_and_stays(
    library: Library, folder: Path, text: str, reason: str
) -> None:
    sidecar = folder / "scene-002.jpg.xmp"
    sidecar.write_text(text, "utf-8")
    say(library, folder / "scene-002.jpg")
    [(path, why)] = export_sidecars(library).refused
    assert (path, sidecar.read_text("utf-8")) == (str(sidecar), text)
    assert reason in why


def test_what_was_rejected_goes_and_merging_again_changes_nothing() -> None:
    first = merge_xmp_facts(EMPTY_XMP, [("tag", "a"), ("tag", "B"), ("title", "x")], [])
    second = merge_xmp_facts(first, [("tag", "b")], [("tag", "A"), ("title", "")])
    assert read_sidecar(second, "xmp").facts_from("sidecar") == (("tag", "B"),)
    assert merge_xmp_facts(second, [("tag", "b")], [("tag", "A"), ("title", "")]) == second
