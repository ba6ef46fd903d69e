"""People edit images of a whole library: words follow at once, beside a run, and everything can be taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from retrieval import (
    Edit,
    Editor,
    EditUnknown,
    ImageNotFound,
    InvalidEdit,
    Library,
    open_editor,
    write_library,
)
from retrieval.writing import editor as editor_module


@pytest.fixture
def editor(library: Library) -> Iterator[Editor]:
    with open_editor(library) as opened:
        yield opened


def found(library: Library, line: str) -> list[int]:
    return sorted(hit.id for hit in library.search(library.read_line(line, limit=100)).hits)


def test_words_conditions_and_facets_find_what_is_said_at_once_and_after_publishing(
    library: Library, editor: Editor
) -> None:
    assert found(library, '"lighthouse"') == []
    kept = editor.edit_images([3, 5, 3], Edit(add=(("tag", "Lighthouse"),), remove=(("tag", "odd"),)))
    assert kept is not None
    assert kept.images == 2
    for _ in range(2):
        assert found(library, '"lighthouse"') == found(library, "tag:lighthouse") == [3, 5]
        assert 3 not in found(library, '"odd"')
        assert dict(library.count_facets("tag:lighthouse")["tag"].counts) == {"Lighthouse": 2, "third": 1}
        with write_library(library.path) as writer:
            writer.publish()
    editor.take_back(kept.id)
    assert found(library, '"lighthouse"') == []
    assert 3 in found(library, '"odd"')


def test_images_are_edited_while_a_run_holds_the_writers_lock(library: Library, editor: Editor) -> None:
    with write_library(library.path) as writer:
        kept = editor.edit_images([1], Edit(add=(("title", "Harbour"),)))
        with writer.catalog.writing() as run:
            assert run.load_images([1])[1].title == "Harbour"
        assert kept is not None
        editor.take_back(kept.id)
    assert library.load_image(1).title == ""


def test_many_images_are_edited_and_restored_in_several_transactions(
    library: Library, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor_module, "TURN", 7)
    before = [library.load_image(number) for number in range(1, 61)]
    kept = editor.edit_images(range(1, 61), Edit(add=(("label", "car"), ("rating", "4"))))
    assert kept is not None
    assert kept.images == 60
    assert found(library, "label:car rating:4") == list(range(1, 61))
    assert [edit.id for edit in editor.load_edits()] == [kept.id]
    assert editor.take_back(kept.id) == kept
    assert [library.load_image(number) for number in range(1, 61)] == before
    with pytest.raises(EditUnknown, match=f"edit {kept.id}: it may have been taken back already"):
        editor.take_back(kept.id)


def test_what_was_said_already_changes_nothing_and_leaves_no_edit(library: Library, editor: Editor) -> None:
    person = Edit(add=(("person", "Anna  Li"), ("tag", "Places|France")))
    assert editor.edit_images([1], person) is not None
    assert editor.edit_images([1], person) is None
    image = library.load_image(1)
    assert image.field_values("person") == ("Anna Li",)
    assert image.tags[:4] == ("Anna Li", "Places", "France", "Places/France")
    assert len(editor.load_edits()) == 1


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Edit(), "nothing is to be said"),
        (Edit(add=(("place", "Rome"),)), "place: nothing can be said about it; there are title"),
        (Edit(add=(("rating", "6"),)), "“6” is no number of stars; write 1 to 5"),
        (Edit(add=(("tag", " \u200b "),)), "tag: the value is empty"),
        (Edit(add=(("caption", "x" * 2001),)), "caption: 2001 bytes; the limit is 2000"),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_is_written(
    editor: Editor, edit: Edit, message: str
) -> None:
    with pytest.raises(InvalidEdit, match=message):
        editor.edit_images([1], edit)
    assert editor.load_edits() == []


def test_unknown_images_are_refused_before_any_is_edited(library: Library, editor: Editor) -> None:
    with pytest.raises(ImageNotFound, match="image 999"):
        editor.edit_images([1, 999], Edit(add=(("tag", "sea"),)))
    assert found(library, "tag:sea") == []
