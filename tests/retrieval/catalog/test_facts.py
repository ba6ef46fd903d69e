"""What a writer promises about annotations, problems, spaces and the projections' pointers."""

from __future__ import annotations

from dataclasses import replace

from retrieval import USER_SOURCE, Annotation, Filters, Problem, Sidecar
from retrieval.catalog import Change, Projection, WritableCatalog
from tests.databases import new_image

A, B, C = b"/pictures/a.jpg", b"/pictures/b.jpg", b"/other/c.jpg"
SEA, BOAT = Annotation("tag", "sea", "captions"), Annotation("label", "boat", "captions", 0.5)


def add_images(catalog: WritableCatalog, *paths: bytes) -> list[int]:
    """A new image for each path."""
    with catalog.writing() as writer:
        ids = writer.add_images([new_image(number) for number in range(len(paths))])
        for image_id, path in zip(ids, paths, strict=True):
            writer.add_location(path, image_id, mtime=5, size=7)
    return ids


def stored_facts(catalog: WritableCatalog, image_id: int) -> tuple[Annotation, ...]:
    with catalog.reading() as reader:
        return reader.load_images([image_id])[image_id].annotations


def changes(catalog: WritableCatalog, since: int) -> list[Change]:
    with catalog.reading() as reader:
        return reader.changes_since(since)


# -- what is said ---------------------------------------------------------------------------------


def test_annotations_are_all_that_a_source_says_and_saying_it_again_changes_nothing(
    catalog: WritableCatalog,
) -> None:
    [number] = add_images(catalog, A)
    with catalog.writing() as writer:
        assert writer.replace_annotations(number, "captions", [SEA, BOAT]) is True
    with catalog.writing() as writer:
        assert writer.replace_annotations(number, "captions", [SEA, BOAT]) is False
    assert stored_facts(catalog, number) == (SEA, BOAT)
    assert changes(catalog, since=2) == []
    with catalog.writing() as writer:
        assert writer.replace_annotations(number, "captions", [BOAT]) is True
    assert stored_facts(catalog, number) == (BOAT,)
    assert changes(catalog, since=2) == [Change(3, number, "put")]


def test_annotations_come_in_the_order_of_their_sources_and_a_persons_own_come_first(
    catalog: WritableCatalog,
) -> None:
    [number] = add_images(catalog, A)
    order = (USER_SOURCE, "captions", "sidecar", "xmp", "iptc", "exif", "another")
    with catalog.writing() as writer:
        for source in reversed(order):
            writer.replace_annotations(
                number, source, [Annotation("creator", name, source) for name in (source, "Same")]
            )
    with catalog.reading() as reader:
        [image] = reader.load_images([number]).values()
        assert reader.first_values("creator") == {number: USER_SOURCE}
    assert [fact.source for fact in image.annotations] == [source for source in order for _ in range(2)]
    assert image.field_values("creator") == (USER_SOURCE, "Same", *order[1:])


def test_values_that_differ_in_letter_case_alone_are_given_once(catalog: WritableCatalog) -> None:
    [number] = add_images(catalog, A)
    with catalog.writing() as writer:
        for source, tags in {"exif": ("sea", "Straße"), "xmp": ("Sea", "sand", "STRASSE")}.items():
            writer.replace_annotations(number, source, [Annotation("tag", tag, source) for tag in tags])
    with catalog.reading() as reader:
        assert reader.load_images([number])[number].tags == ("Sea", "sand", "STRASSE")


def make_sidecar(name: str, *said: tuple[str, str], size: int = 5) -> Sidecar:
    return Sidecar(name.encode(), size, 7, said)


def test_sidecars_of_an_image_speak_together_and_each_takes_its_own_words_away(
    catalog: WritableCatalog,
) -> None:
    first, second = add_images(catalog, A, B)
    text, list_ = (
        make_sidecar("a.txt", ("caption", "Sea")),
        make_sidecar("a.json", ("tag", "sea"), ("caption", "Sea")),
    )
    with catalog.writing() as writer:
        assert writer.replace_sidecars(first, "sidecar", [text, list_]) is True
        assert writer.replace_sidecars(second, "sidecar", [text]) is True
        assert writer.replace_sidecars(first, "sidecar", [text]) is False
    with catalog.reading() as reader:
        assert reader.sidecar_stamps() == dict.fromkeys(
            [(b"a.txt", first), (b"a.json", first), (b"a.txt", second)], (5, 7)
        )
    sea, tag = Annotation("caption", "Sea", "sidecar"), Annotation("tag", "sea", "sidecar")
    assert (stored_facts(catalog, first), stored_facts(catalog, second)) == ((tag, sea), (sea,))
    with catalog.writing() as writer:
        assert writer.replace_sidecars(first, "sidecar", [], [b"a.json"]) is True
    assert (stored_facts(catalog, first), stored_facts(catalog, second)) == ((sea,), (sea,))
    with catalog.writing() as writer:
        writer.remove_images([first])
    with catalog.reading() as reader:
        assert list(reader.sidecar_stamps()) == [(b"a.txt", second)]


def test_a_source_speaks_for_itself_alone(catalog: WritableCatalog) -> None:
    first, second = add_images(catalog, A, B)
    theirs = Annotation("tag", "sea", "model", 0.25)
    with catalog.writing() as writer:
        writer.replace_annotations(first, "model", [theirs])
        writer.replace_annotations(first, "captions", [SEA])
        writer.replace_annotations(second, "captions", [SEA])
        assert writer.replace_annotations(first, "captions", []) is True
        assert writer.replace_annotations(first, "captions", []) is False
    assert stored_facts(catalog, first) == (theirs,)
    assert stored_facts(catalog, second) == (SEA,)


def test_a_fact_said_twice_is_kept_once_as_said_last(catalog: WritableCatalog) -> None:
    [number] = add_images(catalog, A)
    surer = Annotation("label", "boat", "captions", 0.75)
    with catalog.writing() as writer:
        writer.replace_annotations(number, "captions", [BOAT, SEA, surer])
    assert stored_facts(catalog, number) == (surer, SEA)


def test_labels_are_the_first_value_of_each_image(catalog: WritableCatalog) -> None:
    first, second, _ = add_images(catalog, A, B, C)
    both = [Annotation("label", label, "captions") for label in ("zebra", "ant")]
    with catalog.writing() as writer:
        writer.replace_annotations(first, "captions", both)
        writer.replace_annotations(second, "captions", [BOAT, SEA])
    with catalog.reading() as reader:
        assert reader.first_values("label") == {first: "zebra", second: "boat"}


GUESS = Annotation("label", "boat", "predicted", 0.75)
MEANT = Annotation("definition", "boat: a small vessel", "predicted", 0.75)
LESSER = Annotation("label", "sea, ocean", "predicted", 0.25)


def test_predicted_labels_come_with_the_image_and_stay_whatever_others_say(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        new = replace(new_image(1), annotations=(LESSER, GUESS, LESSER, MEANT))
        first, second = writer.add_images([new, new_image(2)])
    assert stored_facts(catalog, first) == (LESSER, GUESS, MEANT)
    assert stored_facts(catalog, second) == ()
    with catalog.writing() as writer:
        writer.replace_annotations(first, "captions", [BOAT])
        writer.replace_annotations(first, "captions", [])
        writer.replace_annotations(first, "captions", [SEA])
    assert stored_facts(catalog, first) == (SEA, LESSER, GUESS, MEANT)
    with catalog.writing() as writer:
        writer.replace_annotations(first, "predicted", [GUESS])
    assert stored_facts(catalog, first) == (SEA, GUESS)


def test_what_is_given_and_what_is_predicted_are_told_apart(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        new = [replace(new_image(number), annotations=(LESSER, GUESS, MEANT)) for number in range(2)]
        first, second = writer.add_images(new)
        writer.replace_annotations(first, "captions", [Annotation("label", "boat", "captions")])
    with catalog.reading() as reader:
        images = reader.load_images([first, second])
        assert reader.first_values("label") == {first: "boat"}
        assert reader.first_values("definition") == {}
        assert reader.find_ids(Filters(labels=("boat", "sea, ocean"))).tolist() == [first]
        assert reader.find_ids(Filters(without_labels=("boat",))).tolist() == [second]
    assert [images[image_id].labels for image_id in (first, second)] == [("boat",), ()]
    assert images[first].predicted_labels == (GUESS, LESSER)
    assert [images[first].label_definition(label) for label in images[first].predicted_labels] == [
        "a small vessel",
        "",
    ]
    assert (GUESS.label_names, LESSER.label_names) == (("boat",), ("sea", "ocean"))
    alone = images[first].without_predictions()
    assert (alone.predicted_labels, alone.labels, len(alone.annotations)) == ((), ("boat",), 1)


# -- problems, spaces and pointers ----------------------------------------------------------------


def problems(catalog: WritableCatalog) -> list[Problem]:
    with catalog.reading() as reader:
        return reader.load_problems()


def test_a_problem_reported_again_counts_its_tries_and_keeps_the_last_reason(
    catalog: WritableCatalog,
) -> None:
    with catalog.writing() as writer:
        writer.report_problem(Problem(B, "truncated", "ends too early"))
        writer.report_problem(Problem(A, "truncated", "ends too early", tries=9))
        writer.report_problem(Problem(B, "vanished", "no longer there"))
    first, second = Problem(A, "truncated", "ends too early", 1), Problem(B, "vanished", "no longer there", 2)
    assert problems(catalog) == [first, second]


def test_a_problem_is_forgotten_by_its_path(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        for path in (A, B, C):
            writer.report_problem(Problem(path, "truncated", "ends too early"))
        writer.forget_problems([B, b"/never/known.jpg"])
    assert [problem.path for problem in problems(catalog)] == [C, A]


def test_a_space_is_made_once_for_its_fingerprint(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        first = writer.add_space("f1", "subject", {"size": "224", "trained": True}, 960)
        second = writer.add_space("f2", "colour", {}, 64)
        assert writer.add_space("f1", "subject", {"size": "224", "trained": True}, 960) == first != second
        spaces = writer.load_spaces()
    assert [space.id for space in spaces] == [first, second]
    assert (spaces[0].configuration, spaces[0].dimension, spaces[0].state) == (
        {"size": "224", "trained": True},
        960,
        "live",
    )


def test_publications_come_and_go_without_touching_others(catalog: WritableCatalog) -> None:
    with catalog.writing() as writer:
        space = writer.add_space("f1", "colour", {}, 4)
        old = [Projection("words", None, 1, "w1", 10, "aa", "whoosh 1")]
        writer.add_publication("first", old)
        writer.add_publication("elsewhere", old)
        assert writer.load_publications() == {"first": old, "elsewhere": old}
        new = [
            Projection("vectors", space, 3, "v2", 30, "cc", "faiss 1"),
            Projection("words", None, 3, "w2", 20, "bb", "whoosh 1"),
        ]
        writer.delete_publications(["first", "unknown"])
        writer.add_publication("second", new)
        assert writer.load_publications() == {"elsewhere": old, "second": new}
        writer.delete_publications(writer.load_publications())
        assert writer.load_publications() == {}
