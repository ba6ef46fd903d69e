"""Predicted labels from the folder to the answers: stored once, beside what people say, never mixed with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import PIL.Image
import pytest

from indexer.run.captions import read_captions
from indexer.run.pipeline import index
from indexer.run.report import Report
from indexer.upkeep.opening import LibrarySpec, open_or_create
from retrieval import PREDICTED_SOURCE, Annotation, Image, Library, parse_query, path_bytes
from tests import labelled_backbone
from tests.indexer.command import run
from tests.indexer.contents import contents, last_change
from tests.labelled_backbone import WEIGHTS_METADATA


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> LibrarySpec:
    return labelled_backbone.labelled_spec(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def empty_library(spec: LibrarySpec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new library, which takes seconds to make: its backbone is shown reference pictures and exported."""
    path = tmp_path_factory.mktemp("empty") / "library"
    with open_or_create(path, spec) as library:
        library.warm_up()
    return path


@pytest.fixture
def library(empty_library: Path, tmp_path: Path) -> Path:
    """A copy of the empty library."""
    return Path(shutil.copytree(empty_library, tmp_path / "library"))


def index_with_labels(library: Path, spec: LibrarySpec, folder: Path, captions: str = "") -> Report:
    """One run, with a captions file in the folder where there are any."""
    path = folder / "captions.csv"
    path.write_text(captions or "path\n")
    with open_or_create(library, spec) as opened:
        return index(opened, [path_bytes(folder)], captions=read_captions(path), on_event=lambda event: None)


def stored_images(library: Path) -> list[Image]:
    """Those of a library, by id, with all that its catalog holds."""
    with Library.open(library) as opened, opened.catalog.reading() as reader:
        return list(reader.load_images(reader.find_ids().tolist()).values())


def predicted_annotations(image: Image) -> list[Annotation]:
    return [fact for fact in image.annotations if fact.source == PREDICTED_SOURCE]


def test_every_picture_gets_its_labels_with_it(pictures: Path, library: Path, spec: LibrarySpec) -> None:
    index_with_labels(library, spec, pictures)
    stored = stored_images(library)
    assert len(stored) == 12
    for image in stored:
        assert 1 <= len(image.predicted_labels) <= 5
        numbers = len(predicted_annotations(image)), len(image.predicted_categories)
        assert numbers[0] == 2 * len(image.predicted_labels) + numbers[1]
        confidences = [label.confidence for label in image.predicted_labels]
        assert confidences == sorted(confidences, reverse=True)
        assert all(
            0.05 <= confidence <= 1 and confidence == round(confidence, 4) for confidence in confidences
        )
        assert all(image.label_definition(label) for label in image.predicted_labels)
        assert image.labels == ()
    assert len({image.predicted_labels[0].value for image in stored}) > 1


def test_running_again_changes_nothing(pictures: Path, library: Path, spec: LibrarySpec) -> None:
    index_with_labels(library, spec, pictures)
    before = contents(library), last_change(library)
    index_with_labels(library, spec, pictures)
    assert (contents(library), last_change(library)) == before


def test_captions_come_change_and_go_beside_them(pictures: Path, library: Path, spec: LibrarySpec) -> None:
    index_with_labels(library, spec, pictures)
    before = {image.sha256: predicted_annotations(image) for image in stored_images(library)}
    for label in ("pier", "quay", ""):
        index_with_labels(library, spec, pictures, f"path,label\nscene-001.jpg,{label}\n")
        assert {image.sha256: predicted_annotations(image) for image in stored_images(library)} == before
        assert stored_images(library)[1].labels == ((label,) if label else ())


def test_captions_that_come_with_a_picture_take_nothing_away(
    pictures: Path, library: Path, spec: LibrarySpec
) -> None:
    index_with_labels(library, spec, pictures, "path,label\nscene-001.jpg,pier\n")
    assert stored_images(library)[1].labels == ("pier",)
    assert all(image.predicted_labels for image in stored_images(library))


def test_copies_are_labelled_once_whenever_they_come(
    pictures: Path, library: Path, spec: LibrarySpec
) -> None:
    shutil.copy(pictures / "scene-001.jpg", pictures / "beside.jpg")
    index_with_labels(library, spec, pictures)
    before = {image.sha256: predicted_annotations(image) for image in stored_images(library)}
    shutil.copy(pictures / "scene-002.jpg", pictures / "later.jpg")
    assert index_with_labels(library, spec, pictures).copies == 1
    assert {image.sha256: predicted_annotations(image) for image in stored_images(library)} == before
    assert len(before) == 12


def test_a_changed_picture_gets_labels_of_its_own(pictures: Path, library: Path, spec: LibrarySpec) -> None:
    index_with_labels(library, spec, pictures)
    before = {image.sha256 for image in stored_images(library)}
    with PIL.Image.open(pictures / "scene-002.jpg") as picture:
        picture.save(pictures / "scene-001.jpg", quality=100)  # other pixels, nearly the same picture
    index_with_labels(library, spec, pictures)
    [changed] = [image for image in stored_images(library) if image.sha256 not in before]
    [same] = [image for image in stored_images(library) if image.path.endswith("scene-002.jpg")]
    assert [
        (guess.value, pytest.approx(guess.confidence, abs=0.02)) for guess in predicted_annotations(same)
    ] == [(guess.value, guess.confidence) for guess in predicted_annotations(changed)]


def test_a_picture_is_found_by_a_synonym_of_its_label(
    pictures: Path, library: Path, spec: LibrarySpec
) -> None:
    index_with_labels(library, spec, pictures)
    image = max(stored_images(library), key=lambda image: image.predicted_labels[0].confidence)
    assert image.predicted_labels[0].confidence > 0.5
    with Library.open(library) as opened:
        for name in image.predicted_labels[0].label_names:
            assert image.id in opened.search(parse_query(f'"{name}"')).ids
        assert opened.search(parse_query(f'label:"{image.predicted_labels[0].value}"')).ids == []


def test_switched_off_none_are_predicted_searched_or_shown_and_stored_ones_stay(
    pictures: Path, library: Path, spec: LibrarySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_back = (pictures / "scene-011.jpg").rename(pictures.parent / "scene-011.jpg")
    index_with_labels(library, spec, pictures)
    [image, *_] = [
        image_entry
        for image_entry in stored_images(library)
        if image_entry.predicted_labels[0].confidence > 0.5
    ]
    monkeypatch.setenv("PICTOR_PREDICTED_LABELS", "false")
    held_back.rename(pictures / "scene-011.jpg")
    index_with_labels(library, spec, pictures)
    assert [bool(image_entry.predicted_labels) for image_entry in stored_images(library)] == [True] * 11 + [
        False
    ]
    assert PREDICTED_SOURCE not in run("show", image.id, "--library", library)
    assert json.loads(run("show", image.id, "--json", "--library", library))["predicted"] == []
    words = ("search", "--json", "--library", library, f'"{image.predicted_labels[0].label_names[0]}"')
    assert json.loads(run(*words))["hits"] == []
    monkeypatch.delenv("PICTOR_PREDICTED_LABELS")
    assert image.id in [hit["id"] for hit in json.loads(run(*words))["hits"]]


def test_show_tells_what_was_predicted_how_surely_and_what_it_means(
    pictures: Path, library: Path, spec: LibrarySpec
) -> None:
    index_with_labels(library, spec, pictures, "path,label\nscene-000.jpg,pier\n")
    image = stored_images(library)[0]
    shown = json.loads(run("show", 1, "--json", "--library", library))
    assert [(label["name"], *label["synonyms"]) for label in shown["predicted"]] == [
        label.label_names for label in image.predictions
    ]
    assert [label["is_category"] for label in shown["predicted"]] == [
        label in image.predicted_categories for label in image.predictions
    ]
    assert shown["predicted"][0]["confidence"] == image.predictions[0].confidence
    lines = run("show", 1, "--library", library).splitlines()
    first = image.predicted_labels[0]
    meaning = image.label_definition(first)
    assert f"predicted, {first.confidence:.0%}: {first.value} ({meaning})" in lines
    assert "label: pier (captions)" in lines
    assert len([line for line in lines if line.startswith("predicted")]) == len(image.predictions)


def test_a_picture_is_found_by_what_it_is_a_kind_of(pictures: Path, library: Path, spec: LibrarySpec) -> None:
    index_with_labels(library, spec, pictures)
    sure = {
        image.id: {fact.label_names[0] for fact in image.predicted_categories if fact.confidence >= 0.5}
        for image in stored_images(library)
    }
    names = set().union(*sure.values())
    assert names
    with Library.open(library) as opened:
        for name in names:
            shown = [image_id for image_id, known in sure.items() if name in known]
            assert set(shown) <= set(opened.search(parse_query(f'"{name}"')).ids), name
            assert set(shown) <= set(opened.search(parse_query(f'shows:"{name}"')).ids), name
            query = parse_query(f'"{name}"')
            [match] = [match for match in opened.explain(query, shown[0]).predictions if match.name == name][
                :1
            ]
            assert match.confidence >= 0.5


def test_rebuild_gives_old_libraries_their_categories_without_reading_a_picture(
    pictures: Path, library: Path, spec: LibrarySpec
) -> None:
    index_with_labels(library, spec, pictures)
    before = {image.id: image.annotations for image in stored_images(library)}
    assert run("rebuild", "--library", library) == "10 projections of 12 images made again\n"
    with open_or_create(library, spec) as opened, opened.catalog.writing() as writer:
        for image_id, facts in before.items():
            writer.replace_annotations(
                image_id, PREDICTED_SOURCE, [fact for fact in facts if fact.field != "category"]
            )
    assert not any(image.predicted_categories for image in stored_images(library))
    shutil.rmtree(pictures)
    count = sum(any(fact.field == "category" for fact in facts) for facts in before.values())
    assert count
    assert f"{count} image" in run("rebuild", "--library", library).splitlines()[1]
    for image in stored_images(library):
        expected = {(fact.field, fact.value): fact.confidence for fact in before[image.id]}
        found = {(fact.field, fact.value): fact.confidence for fact in image.annotations}
        for key in expected.keys() | found.keys():
            assert found.get(key, 0.25) == pytest.approx(expected.get(key, 0.25), abs=0.02), key
    assert json.loads(run("rebuild", "--json", "--library", library))["categorized"] == 0


def test_evaluate_takes_given_labels_alone(pictures: Path, library: Path, spec: LibrarySpec) -> None:
    lines = [f"scene-{number:03}.jpg,{'odd' if number % 2 else 'even'}" for number in range(6)]
    index_with_labels(library, spec, pictures, "\n".join(["path,label", *lines]) + "\n")
    shown = json.loads(run("evaluate", "--labels", "label", "--json", "--library", library))
    assert (shown["labelled"], shown["classes"], shown["queries"]) == (6, 2, 6)


def test_a_backbone_without_a_classifier_predicts_nothing(pictures: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    headless = {name: WEIGHTS_METADATA[name] for name in ("backbone", "preprocessing")}
    weights = labelled_backbone.save_weights(tmp_path / "headless.safetensors", headless)
    index_with_labels(
        library, LibrarySpec(backbone=labelled_backbone.BACKBONE, weights=str(weights)), pictures
    )
    assert [image.annotations for image in stored_images(library)] == [()] * 12
