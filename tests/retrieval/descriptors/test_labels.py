"""Labels from pooled features: which, in which order, how sure; and backbone files that can predict them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.data import ImageNetInfo

from retrieval import BackboneUnavailable, Settings, fetch_backbone, write_library
from retrieval.descriptors.labels import (
    MAX_LABELS,
    MIN_CONFIDENCE,
    ClassConfidence,
    Classifier,
    ClassifierSettings,
    ClassName,
    Predictions,
    choose_categories,
    choose_classes,
    name_guesses,
)
from retrieval.descriptors.runtimes.timm_models import label_names
from retrieval.descriptors.subject import Subject
from retrieval.pictures.images import RGB
from tests import labelled_backbone
from tests.drawing import draw_scene
from tests.labelled_backbone import BACKBONE, WEIGHTS_METADATA


def classifier(seed: int, *, classes: int = 12, dimension: int = 6, temperature: float = 1.0) -> Classifier:
    random = np.random.default_rng(seed)
    weight = random.standard_normal((classes, dimension)).astype(np.float32)
    return Classifier(weight, random.standard_normal(classes).astype(np.float32), temperature, "imagenet-1k")


def pooled_features(seed: int, scale: float, rows: int = 4) -> np.ndarray:
    return (scale * np.random.default_rng(seed).standard_normal((rows, 6))).astype(np.float32)


def predict_classes(ours: Classifier, rows: np.ndarray) -> list[tuple[ClassConfidence, ...]]:
    return [choose_classes(row) for row in ours.confidences(rows)]


seeds, scales = st.integers(0, 10**6), st.sampled_from([1e-6, 0.1, 1.0, 30.0, 1e6])
temperatures = st.floats(0.01, 100)


class TestConfidences:
    @given(seeds, seeds, st.sampled_from([0.0, 0.1, 1.0, 30.0]), st.floats(0.5, 100))
    @settings(deadline=None)
    def test_they_are_those_of_a_softmax_by_torch(
        self, seed: int, other: int, scale: float, temperature: float
    ) -> None:
        ours, rows = classifier(seed, temperature=temperature), pooled_features(other, scale) + np.float32(1)
        logits = torch.from_numpy(rows) @ torch.from_numpy(ours.weight).T + torch.from_numpy(ours.bias)
        expected = torch.softmax(logits.double() / temperature, dim=1).numpy()
        assert np.abs(ours.confidences(rows) - expected).max() <= 1e-4

    @given(seeds, seeds, scales, temperatures)
    @settings(deadline=None)
    def test_a_picture_gets_the_surest_classes_in_order(
        self, seed: int, other: int, scale: float, temperature: float
    ) -> None:
        ours, rows = classifier(seed, temperature=temperature), pooled_features(other, scale)
        assert ours.confidences(rows).sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)
        for guesses, confidences in zip(predict_classes(ours, rows), ours.confidences(rows), strict=True):
            expected = sorted(enumerate(confidences.tolist()), key=lambda pair: (-pair[1], pair[0]))
            surest = [pair for pair in expected if pair[1] >= np.float32(MIN_CONFIDENCE)][:MAX_LABELS]
            assert [(guess.index, guess.confidence) for guess in guesses] == surest
            assert sum(guess.confidence for guess in guesses) <= 1 + 1e-5

    def test_equal_ones_are_ordered_by_their_class(self) -> None:
        even = Classifier(np.zeros((20, 6), np.float32), np.zeros(20, np.float32), 1.0, "imagenet-1k")
        [guesses] = predict_classes(even, np.ones((1, 6), np.float32))
        assert guesses == tuple(ClassConfidence(index, pytest.approx(0.05)) for index in range(5))
        more = Classifier(np.zeros((21, 6), np.float32), np.zeros(21, np.float32), 1.0, "imagenet-1k")
        [none] = predict_classes(more, np.ones((1, 6), np.float32))
        assert none == ()

    def test_a_higher_temperature_is_less_sure_of_the_same(self) -> None:
        rows = pooled_features(3, 1.0)
        cold, hot = (predict_classes(classifier(1, temperature=value), rows) for value in (0.5, 2.0))
        for surer, less in zip(cold, hot, strict=True):
            assert surer[0].index == less[0].index
            assert surer[0].confidence > less[0].confidence

    @pytest.mark.parametrize("wrong", [0.0, np.nan, np.inf, 3e38])
    def test_a_row_without_a_direction_gets_none_and_spoils_no_other(self, wrong: float) -> None:
        rows = pooled_features(5, 1.0)
        expected = predict_classes(classifier(2), rows)
        rows[1] = wrong
        guesses = predict_classes(classifier(2), rows)
        assert guesses[1] == ()
        assert [guesses[row] for row in (0, 2, 3)] == [expected[row] for row in (0, 2, 3)]

    def test_the_features_are_left_as_they_were(self) -> None:
        rows = pooled_features(5, 1.0)
        before = rows.copy()
        classifier(2).confidences(rows)
        assert np.array_equal(rows, before)


class TestCategories:
    @given(seeds, seeds, st.floats(0.5, 20))
    @settings(deadline=None)
    def test_the_length_of_a_feature_follows_from_its_first_class(
        self, seed: int, other: int, scale: float
    ) -> None:
        ours = classifier(seed)
        ours = replace(ours, bias=ours.bias / 100)  # a large bias can make a longer feature less sure
        rows = pooled_features(other, scale)
        confidences = ours.confidences(rows)
        lengths = np.linalg.norm(rows, axis=1)
        first = confidences.argmax(axis=1).tolist()
        sure = [float(row.max()) for row in confidences]
        found = ours.find_lengths(rows / lengths[:, None], first, sure)
        again = ours.confidences(rows / lengths[:, None] * found[:, None])
        # Where a class is nearly certain, many lengths give the same confidences.
        assert np.abs(again - confidences).max() <= 1e-3

    def test_they_are_predicted_with_the_labels_and_again_from_what_is_stored(self, tmp_path: Path) -> None:
        subject = create_subject(
            tmp_path / "l", labelled_backbone.save_weights(tmp_path / "w.safetensors"), runtime="torch"
        )
        features, predicted = subject.describe_and_predict([draw_scene(seed) for seed in range(8)])
        assert any(found.categories for found in predicted)
        first = [(found.labels[0].name.words, round(found.labels[0].confidence, 4)) for found in predicted]
        again = subject.predict_categories(features.astype(np.float16).astype(np.float32), first)
        for found, categories in zip(predicted, again, strict=True):
            before, after = (
                {category.name.words: category.confidence for category in row}
                for row in (found.categories, categories)
            )
            for words in before.keys() | after.keys():
                assert before.get(words, 0.25) == pytest.approx(after.get(words, 0.25), abs=0.02), words

    def test_only_those_that_are_rather_sure_are_kept_the_most_specific_first(self) -> None:
        confidences = np.zeros((2, 1000), np.float32)
        confidences[0, [151, 207]] = 0.25, 0.5  # two dogs
        confidences[0, 339] = 0.2  # a horse
        confidences[1, 779] = 0.24  # a bus
        dog, unsure = choose_categories(confidences, "imagenet-1k")
        assert {category.name.words.split(", ")[0]: category.confidence for category in dog} == pytest.approx(
            {
                "retriever": 0.5, "toy dog": 0.25, "sporting dog": 0.5, "hunting dog": 0.5, "dog": 0.75, "pet": 0.75,
                "domestic animal": 0.75, "canine": 0.75, "carnivore": 0.75, "mammal": 0.95, "animal": 0.95,
            }
        )  # fmt: skip
        assert [category.name.words.split(", ")[0] for category in dog][-1] == "animal"
        assert unsure == ()


class TestNames:
    def test_classes_are_called_what_timm_calls_them(self) -> None:
        names, known = label_names("imagenet-1k"), ImageNetInfo("imagenet-1k")
        assert len(names) == known.num_classes() == 1000
        assert names[281].words == "tabby, tabby cat"
        assert names[281].definition == known.index_to_description(281, detailed=True)
        assert all(name.definition.startswith(f"{name.words}: ") for name in names)

    def test_of_two_classes_of_one_name_the_surer_is_said(self) -> None:
        names = (
            ClassName("crane", "crane: a bird"),
            ClassName("tabby", "tabby: a cat"),
            ClassName("crane", "crane: a machine"),
        )
        predictions = name_guesses(
            [ClassConfidence(2, 0.5), ClassConfidence(1, 0.3), ClassConfidence(0, 0.2)], names
        )
        assert [(prediction.name.definition, prediction.confidence) for prediction in predictions] == [
            ("crane: a machine", 0.5),
            ("tabby: a cat", 0.3),
        ]


def create_subject(folder: Path, weights: Path, **values: Any) -> Subject:
    """The descriptor of a new library."""
    with write_library(folder) as library:
        library.make_spaces(fetch_backbone(BACKBONE, str(weights)))
        configuration = library.spaces[0].configuration
    return Subject(
        configuration, folder / "backbones", Settings(**{"device": "cpu", "precision": "float32", **values})
    )


def predicted_confidences(subject: Subject, pictures: list[RGB]) -> list[dict[str, float]]:
    _, rows = subject.describe_and_predict(pictures)
    return [{label.name.words: label.confidence for label in row.labels} for row in rows]


class TestBackbone:
    def test_a_file_says_how_pictures_are_prepared_for_it(self, tmp_path: Path) -> None:
        path = labelled_backbone.save_weights(tmp_path / "w.safetensors")
        fetched = fetch_backbone(BACKBONE, str(path))
        assert fetched.preprocessing.as_json() == WEIGHTS_METADATA["preprocessing"]
        assert fetched.head == ClassifierSettings("imagenet-1k", 1.25)
        other = fetch_backbone(BACKBONE, str(path), size="96", mean="0.4")
        assert other.preprocessing.as_json() == WEIGHTS_METADATA["preprocessing"] | {
            "size": 96,
            "mean": [0.4] * 3,
        }

    def test_only_a_file_with_a_head_has_it_in_its_configuration(self, tmp_path: Path) -> None:
        with_head = fetch_backbone(BACKBONE, str(labelled_backbone.save_weights(tmp_path / "w.safetensors")))
        headless = {name: WEIGHTS_METADATA[name] for name in ("backbone", "preprocessing")}
        without = fetch_backbone(
            BACKBONE, str(labelled_backbone.save_weights(tmp_path / "h.safetensors", headless))
        )
        plain = fetch_backbone(BACKBONE, "untrained")
        assert without.head is None
        assert list(plain.subject_configuration()) == list(without.subject_configuration()) == [
            "backbone", "weights_sha256", "trained", "dimension", "size", "crop", "interpolation", "mean", "std"
        ]  # fmt: skip
        added = list(with_head.subject_configuration().items())[9:]
        assert added == [("labels", "imagenet-1k"), ("temperature", 1.25)]

    def test_the_classifier_is_not_needed_where_the_file_does_not_speak_of_it(self, tmp_path: Path) -> None:
        headless = {name: WEIGHTS_METADATA[name] for name in ("backbone", "preprocessing")}
        path = labelled_backbone.save_weights(
            tmp_path / "w.safetensors", headless, fc_weight=None, fc_bias=None
        )
        assert predicted_confidences(create_subject(tmp_path / "l", path), [draw_scene(1)]) == [{}]

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
    def test_labels_are_those_of_the_whole_model(self, tmp_path: Path, dtype: torch.dtype) -> None:
        subject = create_subject(
            tmp_path / "l", labelled_backbone.save_weights(tmp_path / "w.safetensors", dtype=dtype)
        )
        pictures = [draw_scene(seed) for seed in range(6)]
        model = labelled_backbone.labelled_model()
        model.load_state_dict(
            {
                name: tensor.to(dtype).to(tensor.dtype) if tensor.is_floating_point() else tensor
                for name, tensor in model.state_dict().items()
            }
        )
        with torch.inference_mode():
            logits = model(torch.from_numpy(subject.network._preprocessing.prepare_batch(pictures)))
        names = label_names("imagenet-1k")
        for labels, row in zip(
            predicted_confidences(subject, pictures), torch.softmax(logits / 1.25, dim=1), strict=True
        ):
            confidences, classes = row.topk(MAX_LABELS)
            expected = {
                names[index].words: sure
                for index, sure in zip(classes.tolist(), confidences.tolist(), strict=True)
                if sure >= MIN_CONFIDENCE
            }
            assert labels == pytest.approx(expected, abs=1e-4)
            assert labels

    def test_one_pass_gives_features_and_labels(self, tmp_path: Path) -> None:
        subject = create_subject(
            tmp_path / "l", labelled_backbone.save_weights(tmp_path / "w.safetensors"), runtime="torch"
        )
        subject.network._runtime._model.register_forward_hook(lambda *_: passes.append(1))
        passes: list[int] = []
        features, predicted = subject.describe_and_predict([draw_scene(1), draw_scene(2)])
        assert len(passes) == 1
        assert np.array_equal(features, subject.describe([draw_scene(1), draw_scene(2)]))
        assert all(found.labels for found in predicted)
        assert predicted[0] != predicted[1]  # or the order of what follows would prove nothing

    @pytest.mark.parametrize("precision", ["float32", "auto"])
    def test_the_batch_does_not_matter(self, tmp_path: Path, precision: str) -> None:
        subject = create_subject(
            tmp_path / "l", labelled_backbone.save_weights(tmp_path / "w.safetensors"), precision=precision
        )
        pictures = [draw_scene(seed) for seed in range(9)]
        together = predicted_confidences(subject, pictures)
        singly = [predicted_confidences(subject, [picture])[0] for picture in pictures]
        in_pairs = [
            labels
            for start in range(0, 9, 2)
            for labels in predicted_confidences(subject, pictures[start : start + 2])
        ]
        for one, other, third in zip(together, singly, in_pairs, strict=True):
            assert one == pytest.approx(other, abs=1e-3)
            assert one == pytest.approx(third, abs=1e-3)

    def test_a_picture_whose_feature_is_no_number_gets_no_label(self, tmp_path: Path) -> None:
        norm = torch.full_like(labelled_backbone.labelled_model().bn1.bias, float("nan"))
        path = labelled_backbone.save_weights(tmp_path / "w.safetensors", bn1_bias=norm)
        assert predicted_confidences(create_subject(tmp_path / "l", path), [draw_scene(1)]) == [{}]

    def test_the_setting_turns_them_off(self, tmp_path: Path) -> None:
        path = labelled_backbone.save_weights(tmp_path / "w.safetensors")
        subject = create_subject(tmp_path / "l", path, predicted_labels=False)
        features, predicted = subject.describe_and_predict([draw_scene(1)])
        assert predicted == [Predictions()]
        assert features.any()


def metadata_with(**values: Any) -> dict[str, Any]:
    return {**WEIGHTS_METADATA, **values}


def metadata_without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in WEIGHTS_METADATA.items() if name not in names}


def metadata_with_preprocessing(**values: Any) -> dict[str, Any]:
    return metadata_with(preprocessing={**WEIGHTS_METADATA["preprocessing"], **values})


HOSTILE: dict[str, tuple[Any, str]] = {
    "no JSON": ("{", "its metadata cannot be used"),
    "nothing": ("", "its metadata cannot be used"),
    "a list": ("[]", "metadata is not a JSON object"),
    "brackets": ("[" * 100_000, "its metadata cannot be used"),
    "another backbone": (metadata_with(backbone="mobilenetv2_100"), "belongs to the backbone 'mobilenetv2_100'"),
    "a backbone of another type": (metadata_with(backbone=["test_resnet"] * 99), "belongs to the backbone ["),
    "no backbone": (metadata_without("backbone"), "belongs to the backbone None"),
    "no preprocessing": (metadata_without("preprocessing"), "preprocessing is not a JSON object"),
    "preprocessing in words": (metadata_with(preprocessing="as usual"), "preprocessing is not a JSON object"),
    "no size": (metadata_with_preprocessing(size=None), "preprocessing has no size, or one of a wrong type"),
    "a size with a comma": (metadata_with_preprocessing(size=64.5), "no size, or one of a wrong type"),
    "a size that is true": (metadata_with_preprocessing(size=True), "no size, or one of a wrong type"),
    "a huge size": (metadata_with_preprocessing(size=10**9), "choose 16 to 2048"),
    "a crop in words": (metadata_with_preprocessing(crop="1"), "'1' is not a number"),
    "a crop that is none": (metadata_with_preprocessing(crop=float("nan")), "choose 16 to 2048 and 0.1 to 1"),
    "a crop of 400 digits": (metadata_with_preprocessing(crop=10**400), "too large"),
    "another interpolation": (metadata_with_preprocessing(interpolation="lanczos"), "choose bicubic or bilinear"),
    "a mean of two": (metadata_with_preprocessing(mean=[0, 0]), "give three numbers"),
    "a mean in words": (metadata_with_preprocessing(mean=["a", 0, 0]), "'a' is not a number"),
    "a std of zero": (metadata_with_preprocessing(std=[0, 1, 1]), "all three must be above 0"),
    "other labels": (metadata_with(labels="imagenet-21k"), "choose from imagenet-1k"),
    "labels of another type": (metadata_with(labels=[1]), "choose from imagenet-1k"),
    "no labels": (metadata_without("labels"), "only temperature: give both labels and temperature"),
    "no temperature": (metadata_without("temperature"), "only labels: give both labels and temperature"),
    "a temperature of zero": (metadata_with(temperature=0), "temperature 0: choose from 0.01 to 100"),
    "a temperature below": (metadata_with(temperature=-1.5), "temperature -1.5: choose"),
    "a temperature that is none": (metadata_with(temperature=float("nan")), "temperature nan: choose"),
    "an endless temperature": (metadata_with(temperature=float("inf")), "temperature inf: choose"),
    "a temperature of 400 digits": (metadata_with(temperature=10**400), "choose from 0.01 to 100"),
    "a temperature in words": (metadata_with(temperature="1.2"), "temperature '1.2': choose"),
    "a temperature that is true": (metadata_with(temperature=True), "temperature True: choose"),
}  # fmt: skip


class TestHostileFiles:
    @pytest.mark.parametrize(("metadata", "message"), HOSTILE.values(), ids=HOSTILE)
    def test_what_it_says_is_refused_in_one_sentence(
        self, tmp_path: Path, metadata: Any, message: str
    ) -> None:
        text = metadata if isinstance(metadata, str) else json.dumps(metadata)
        refused = refusal_message(labelled_backbone.save_weights(tmp_path / "w.safetensors", text))
        assert message in refused
        assert len(refused) < 400 + len(str(tmp_path))

    @pytest.mark.parametrize(
        "tensors",
        [
            {"fc_weight": None},
            {"fc_bias": None},
            {"fc_weight": None, "fc_bias": None},
            {"fc_weight": torch.zeros(1000, 95)},
            {"fc_weight": torch.zeros(96, 1000)},
            {"fc_weight": torch.zeros(1001, 96)},
            {"fc_bias": torch.zeros(999)},
            {"fc_bias": torch.zeros(1000, 1)},
            {"fc_scale": torch.zeros(1)},
        ],
        ids=lambda tensors: " ".join(f"{key} {tuple(tensor.shape) if tensor is not None else None}"
                                     for key, tensor in tensors.items()),
    )  # fmt: skip
    def test_a_classifier_that_does_not_fit_is_refused(self, tmp_path: Path, tensors: Any) -> None:
        refused = refusal_message(labelled_backbone.save_weights(tmp_path / "w.safetensors", **tensors))
        reason = "predicts imagenet-1k labels, but does not hold 1000 × 96 weights and 1000 biases"
        assert reason in refused


def refusal_message(path: Path) -> str:
    with pytest.raises(BackboneUnavailable, match=f"^{BACKBONE}: .*w.safetensors: .*; give ") as caught:
        fetch_backbone(BACKBONE, str(path))
    return str(caught.value)
