"""What a person says of images: what counts then, what a run cannot undo, and what is taken back."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from retrieval import PREDICTED_SOURCE, Annotation, Edit, Filters, Image
from retrieval.catalog import SavedCatalog, Statement, WritableCatalog
from retrieval.catalog.statements import apply_edit, take_back
from tests.databases import new_image

FILE = "xmp"
STATED = [
    Annotation("title", "DSC 1", FILE),
    Annotation("caption", "First", FILE),
    Annotation("caption", "Second", FILE),
    Annotation("tag", "Night", FILE),
    Annotation("tag", "boat", FILE),
    Annotation("rating", "2", FILE),
]
GUESSES = [
    Annotation("label", "tabby, tabby cat", PREDICTED_SOURCE, 0.6),
    Annotation("definition", "tabby, tabby cat: a cat with a grey coat", PREDICTED_SOURCE, 0.6),
    Annotation("category", "domestic cat, house cat", PREDICTED_SOURCE, 0.8),
]


@pytest.fixture
def people(catalog_url: URL) -> Iterator[SavedCatalog]:
    """The same catalog, open for people."""
    opened = SavedCatalog.open(catalog_url)
    yield opened
    opened.close()


def add_images(catalog: WritableCatalog, count: int = 1) -> list[int]:
    with catalog.writing() as writer:
        ids = writer.add_images([new_image(number) for number in range(count)])
        for image_id in ids:
            writer.replace_annotations(image_id, FILE, STATED)
            writer.replace_annotations(image_id, PREDICTED_SOURCE, GUESSES)
    return ids


def edit(people: SavedCatalog, ids: list[int], change: Edit) -> int:
    with people.editing() as writer:
        number = writer.begin_edit(change)
        writer.edit_images(number, change, ids)
    return number


def restore(people: SavedCatalog, number: int) -> list[int]:
    with people.editing() as writer:
        return writer.take_back(number, 500)


def load(catalog: WritableCatalog, image_id: int) -> Image:
    with catalog.reading() as reader:
        return reader.load_images([image_id])[image_id]


def find(catalog: WritableCatalog, **filters: object) -> list[int]:
    with catalog.reading() as reader:
        return reader.find_ids(Filters(**filters)).tolist()  # type: ignore[arg-type]


def test_what_is_said_counts_in_conditions_and_facets_and_what_it_overrules_does_not(
    catalog: WritableCatalog, people: SavedCatalog
) -> None:
    first, second = add_images(catalog, 2)
    said = Edit(add=(("title", "Pool"), ("caption", "Mine"), ("tag", "BOAT")), remove=(("tag", "night"),))
    edit(people, [first], said)
    image = load(catalog, first)
    assert (image.title, image.field_values("caption"), image.tags) == ("Pool", ("Mine",), ("BOAT",))
    assert find(catalog, tags=("night",)) == [second]
    assert find(catalog, tags=("boat",)) == [first, second]
    with catalog.reading() as reader:
        assert dict(reader.count_facets([first])["tag"].counts) == {"boat": 1}  # as it was first spelled
        assert [change.image_id for change in reader.changes_since(2)] == [first]


def test_a_change_was_said_where_nothing_else_of_the_image_changed(
    catalog: WritableCatalog, people: SavedCatalog
) -> None:
    first, second = add_images(catalog, 2)
    with catalog.reading() as reader:
        before = reader.last_seq()
    number = edit(people, [first, second], Edit(add=(("tag", "boat"),)))
    with catalog.writing() as writer:
        writer.replace_annotations(second, FILE, [])
    restore(people, number)
    with catalog.reading() as reader:
        since = {change.image_id: change.said for change in reader.changes_since(before)}
        assert since == {first: True, second: False}
        assert not any(change.said for change in reader.changes_since(0))  # they were added, too


def test_a_rating_of_a_person_replaces_that_of_the_file_and_none_means_none(
    catalog: WritableCatalog, people: SavedCatalog
) -> None:
    [image_id] = add_images(catalog)
    edit(people, [image_id], Edit(add=(("rating", "5"),)))
    assert find(catalog, min_rating=3) == [image_id]
    edit(people, [image_id], Edit(remove=(("rating", ""), ("caption", ""))))
    assert find(catalog, max_rating=5) == []
    assert find(catalog, captioned=True) == [image_id]  # it has a title
    edit(people, [image_id], Edit(unsay=(("rating", ""),)))
    assert find(catalog, min_rating=2, max_rating=2) == [image_id]


def test_a_predicted_label_is_rejected_by_any_of_its_names(
    catalog: WritableCatalog, people: SavedCatalog
) -> None:
    [image_id] = add_images(catalog)
    edit(people, [image_id], Edit(remove=(("label", "tabby cat"), ("label", "house cat"))))
    assert load(catalog, image_id).predictions == ()
    assert find(catalog, shows=("tabby",)) == find(catalog, shows=("domestic cat",)) == []


def test_a_run_that_states_facts_again_does_not_bring_back_what_was_overruled(
    catalog: WritableCatalog, people: SavedCatalog
) -> None:
    [image_id] = add_images(catalog)
    edit(people, [image_id], Edit(add=(("title", "Pool"),), remove=(("tag", "night"), ("label", "tabby"))))
    before = load(catalog, image_id)
    with catalog.writing() as writer:
        assert writer.replace_annotations(image_id, FILE, STATED) is False  # it is known what the file states
        assert writer.replace_annotations(image_id, PREDICTED_SOURCE, GUESSES) is False
    assert load(catalog, image_id) == before
    with catalog.writing() as writer:
        more = [*STATED, Annotation("tag", "new", FILE)]
        writer.replace_annotations(image_id, FILE, more)
    image = load(catalog, image_id)
    assert (image.title, image.tags) == ("Pool", ("boat", "new"))


def test_taking_back_restores_every_fact_in_its_place(catalog: WritableCatalog, people: SavedCatalog) -> None:
    ids = add_images(catalog, 3)
    first = edit(people, ids[:1], Edit(add=(("tag", "one"),)))
    before = [load(catalog, image_id) for image_id in ids]
    said = Edit(add=(("caption", "All"), ("tag", "two")), remove=(("tag", "boat"), ("label", "tabby")))
    second = edit(people, ids, said)
    assert [load(catalog, image_id).caption for image_id in ids] == ["All"] * 3
    assert restore(people, second) == ids
    assert [load(catalog, image_id) for image_id in ids] == before
    assert restore(people, second) == []
    assert restore(people, first) == ids[:1]
    with catalog.reading() as reader:
        assert reader.load_statements(ids) == dict.fromkeys(ids, ())


@pytest.mark.parametrize(
    ("later", "left"),
    [
        (Edit(add=(("tag", "sea"),)), {("tag", "sea", True)}),
        (Edit(remove=(("tag", "boat"),)), {("tag", "boat", False)}),
        (Edit(add=(("title", "Later"),)), {("title", "Later", True)}),
        (Edit(unsay=(("title", ""),)), set()),
    ],
)
def test_what_was_said_later_stays_when_an_edit_is_taken_back(
    later: Edit, left: set[tuple[str, str, bool]]
) -> None:
    earlier = (Statement("title", "First"),)
    after = apply_edit(earlier, Edit(add=(("title", "Second"), ("tag", "boat"))))
    said = take_back(apply_edit(after, later), earlier, after)
    restored = {("title", "First", True)} if later.add[:1] != (("title", "Later"),) else set()
    assert {(one.field, one.value, one.is_so) for one in said} == left | restored


def test_removed_images_take_what_was_said_of_them_along(
    catalog: WritableCatalog, people: SavedCatalog
) -> None:
    first, second = add_images(catalog, 2)
    number = edit(people, [first, second], Edit(remove=(("tag", "boat"),)))
    with catalog.writing() as writer:
        writer.remove_images([first])
    assert restore(people, number) == [second]
    assert load(catalog, second).tags == ("Night", "boat")


def test_changes_are_numbered_in_the_order_of_their_commits(
    catalog: WritableCatalog, people: SavedCatalog
) -> None:
    """An edit that begins during a transaction of a run is committed after it, and numbered after it."""
    first, second = add_images(catalog, 2)
    done = threading.Event()

    def say() -> None:
        edit(people, [second], Edit(add=(("tag", "sea"),)))
        done.set()

    with catalog.writing() as writer:
        editing = threading.Thread(target=say)
        editing.start()
        assert not done.wait(0.3)
        writer.replace_annotations(first, "captions", [Annotation("tag", "run", "captions")])
    editing.join()
    with catalog.reading() as reader:
        assert [change.image_id for change in reader.changes_since(2)] == [first, second]
