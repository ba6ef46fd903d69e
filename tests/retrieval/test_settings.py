"""Settings: file, then environment, then argument; and what is refused, with its message."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from retrieval import SETTINGS, InvalidSetting, Settings
from retrieval.settings import FILE_NAME

NAMES = ", ".join(SETTINGS)
DEFAULTS: dict[str, object] = {
    "catalog_url": "",
    "max_image_megapixels": 200.0,
    "max_image_megabytes": 1024.0,
    "batch_size": 32,
    "forget_missing_days": 0.0,
    "decode_threads": 0,
    "decode_seconds": 30.0,
    "scaling": "auto",
    "pages": "first",
    "device": "auto",
    "precision": "auto",
    "runtime": "auto",
    "publish_share": 0.25,
    "candidates": 2000,
    "target_recall": 0.98,
    "predicted_labels": True,
    "languages": ("de", "es", "fr", "vi", "zh"),
    "sentences": True,
    "hemisphere": "north",
    "word_tower": "bundled",
    "text_encoder": "none",
    "url_queries": "auto",
    "webhook_addresses": "public",
    "answer_seconds": 30.0,
    "searches_at_once": 0,
    "searches_waiting": 64,
    "fusion": "relative",
    "fusion_k": 60.0,
    "neighbours": True,
    "verify": 100,
    "narrow": False,
    "group": "none",
    "weaker": False,
    "weight_words": 1.0,
    "weight_subject": 1.0,
    "weight_colour": 0.06,
    "weight_texture": 0.0,
    "weight_layout": 0.0,
    "weight_part": 0.0,
    "weight_meaning": 1.0,
    "weight_details": 2.0,
}

RANGES = [
    ("batch_size", 0, "batch_size = 0: choose from 1 to 4096"),
    ("batch_size", 4097, "batch_size = 4097: choose from 1 to 4096"),
    ("decode_threads", -1, "decode_threads = -1: choose from 0 to 256"),
    ("decode_seconds", 0, "decode_seconds = 0.0: choose from 0.1 to 3600"),
    (
        "scaling",
        "window:40",
        "scaling = 'window:40': choose from auto, minmax, percentile, window:LEVEL:WIDTH "
        "(with numbers, as window:40:400)",
    ),
    ("candidates", 9, "candidates = 9: choose from 10 to 1e+12"),
    ("target_recall", 1.0, "target_recall = 1.0: choose from 0.5 to 0.999"),
    ("max_image_megapixels", 0, "max_image_megapixels = 0.0: choose from 0.01 to 1e+12"),
    ("max_image_megabytes", -5, "max_image_megabytes = -5.0: choose from 0.001 to 1e+12"),
    ("fusion_k", -0.5, "fusion_k = -0.5: choose from 0 to 1e+12"),
    ("fusion_k", "nan", "fusion_k = nan: choose from 0 to 1e+12"),
    ("fusion_k", "inf", "fusion_k = inf: choose from 0 to 1e+12"),
    ("weight_words", 101, "weight_words = 101.0: choose from 0 to 100"),
    ("device", "tpu", "device = 'tpu': choose from auto, cpu, cuda"),
    ("precision", "int8", "precision = 'int8': choose from auto, float32, bfloat16, float16"),
    ("group", "all", "group = 'all': choose from none, shot, day, folder, copies, scene"),
    ("verify", 1001, "verify = 1001: choose from 0 to 1000"),
    ("languages", ("de", "xx"), "languages = 'xx': choose from de, es, fr, vi, zh"),
    ("fusion", "best", "fusion = 'best': choose from relative, calibrated, reciprocal-rank"),
]

# Lines of a settings file with a value of a wrong type; the rest of the message says what is needed.
WRONG_IN_FILE = [
    ('batch_size = "many"', "batch_size = 'many': "),
    ("batch_size = [1]", r"batch_size = \[1\]: "),
    ("batch_size = 2.5", "batch_size = 2.5: "),
    ("batch_size = inf", "batch_size = inf: "),
    ("batch_size = nan", "batch_size = nan: "),
    ("batch_size = true", "batch_size = True: "),
    ("batch_size = 2020-06-17", "batch_size = .*2020.*: "),
    ('fusion_k = "far"', "fusion_k = 'far': "),
    ("fusion_k = 1" + "0" * 400, "fusion_k = 1000"),
    ("predicted_labels = 1", "predicted_labels = 1: true or false is needed"),
    ('predicted_labels = "off"', "predicted_labels = 'off': true or false is needed"),
    ("catalog_url = 5", "catalog_url = 5: "),
    ("languages = 5", "languages = 5: "),
    ('languages = ["de", 5]', "languages = .*5.*: "),
    ("catalog_url = []", r"catalog_url = \[\]: "),
]


def write_settings(folder: Path, text: str) -> None:
    (folder / FILE_NAME).write_text(text, "utf-8")


def test_without_anything_every_setting_has_its_default(tmp_path: Path) -> None:
    settings = Settings.resolve(tmp_path, {})
    assert {name: getattr(settings, name) for name in SETTINGS} == DEFAULTS
    assert settings == Settings()


def test_every_setting_has_help_in_words() -> None:
    assert all(len(setting.metadata["help"].split()) > 3 for setting in SETTINGS.values())


def test_the_argument_beats_the_environment_and_that_beats_the_file(tmp_path: Path) -> None:
    write_settings(tmp_path, "batch_size = 1\ncandidates = 11\nfusion_k = 1")
    environment = {"PICTOR_BATCH_SIZE": "2", "PICTOR_CANDIDATES": "12"}
    settings = Settings.resolve(tmp_path, environment, batch_size=3)
    assert (settings.batch_size, settings.candidates, settings.fusion_k) == (3, 12, 1.0)


def test_an_argument_of_none_is_not_given(tmp_path: Path) -> None:
    write_settings(tmp_path, "batch_size = 7")
    assert Settings.resolve(tmp_path, {}, batch_size=None).batch_size == 7


def test_the_process_environment_is_read_where_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICTOR_BATCH_SIZE", "5")
    assert Settings.resolve(tmp_path).batch_size == 5


def test_other_variables_do_not_disturb(tmp_path: Path) -> None:
    environment = {"PICTOR_KILLS": "20", "BATCH_SIZE": "9", "pictor_batch_size": "9"}
    assert Settings.resolve(tmp_path, environment) == Settings()


@pytest.mark.parametrize(
    ("text", "environment", "languages"),
    [
        ('languages = ["fr", "de", "fr"]', {}, ("fr", "de")),
        ("languages = []", {}, ()),
        ('languages = ["fr"]', {"PICTOR_LANGUAGES": "de, vi"}, ("de", "vi")),
        ("", {"PICTOR_LANGUAGES": ""}, ()),
    ],
)
def test_a_list_is_read_from_the_file_and_the_environment(
    tmp_path: Path, text: str, environment: dict[str, str], languages: tuple[str, ...]
) -> None:
    write_settings(tmp_path, text)
    assert Settings.resolve(tmp_path, environment).languages == languages


def test_values_take_the_type_of_their_default(tmp_path: Path) -> None:
    environment = {"PICTOR_BATCH_SIZE": "64", "PICTOR_FUSION_K": "5", "PICTOR_DEVICE": "cpu"}
    settings = Settings.resolve(tmp_path, environment, weight_words=2)
    assert [settings.batch_size, settings.fusion_k, settings.device, settings.weight_words] == [
        64,
        5.0,
        "cpu",
        2.0,
    ]
    assert [type(settings.batch_size), type(settings.fusion_k), type(settings.weight_words)] == [
        int,
        float,
        float,
    ]


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("False", False), ("1", True), ("0", False), ("TRUE", True)]
)
def test_a_switch_is_turned_by_a_variable(tmp_path: Path, text: str, value: bool) -> None:
    write_settings(tmp_path, f"predicted_labels = {'false' if value else 'true'}")
    assert Settings.resolve(tmp_path, {}).predicted_labels is not value
    assert Settings.resolve(tmp_path, {"PICTOR_PREDICTED_LABELS": text}).predicted_labels is value


@pytest.mark.parametrize(("name", "value", "message"), RANGES)
def test_a_value_out_of_range_is_refused_with(tmp_path: Path, name: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        Settings.resolve(tmp_path, {}, **{name: value})
    assert str(refusal.value) == message


@pytest.mark.parametrize(("line", "message"), WRONG_IN_FILE, ids=[line[:30] for line, _ in WRONG_IN_FILE])
def test_a_value_of_another_kind_is_refused_by_name(tmp_path: Path, line: str, message: str) -> None:
    write_settings(tmp_path, line)
    with pytest.raises(InvalidSetting, match=f"^{message}"):
        Settings.resolve(tmp_path, {})


@pytest.mark.parametrize("value", ["", "many", "2.5", "0x10"])
def test_a_variable_that_is_no_number_is_refused_by_name(tmp_path: Path, value: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        Settings.resolve(tmp_path, {"PICTOR_BATCH_SIZE": value})
    assert str(refusal.value).startswith(f"batch_size = {value!r}: ")


@pytest.mark.parametrize("text", ["color = 1", "[color]\nred = 1"])
def test_an_unknown_name_is_refused_with_a_list_of_the_known_ones(tmp_path: Path, text: str) -> None:
    write_settings(tmp_path, text)
    with pytest.raises(InvalidSetting) as refusal:
        Settings.resolve(tmp_path, {})
    assert str(refusal.value) == f"color: no such setting; there are {NAMES}"


def test_an_unknown_argument_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"^colour_weight: no such setting"):
        Settings.resolve(tmp_path, {}, colour_weight=1)


@pytest.mark.parametrize("data", [b"batch_size 32", b"batch_size = 1\nbatch_size = 2", b'device = "\xff"'])
def test_a_file_of_another_format_is_refused_by_its_path(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(data)
    with pytest.raises(InvalidSetting) as refusal:
        Settings.resolve(tmp_path, {})
    message = str(refusal.value)
    assert message.startswith(f"{tmp_path / FILE_NAME}: not a settings file (")
    assert message.endswith("; write lines like batch_size = 32")


def test_a_settings_file_that_cannot_be_read_is_refused_by_its_path(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(InvalidSetting, match=FILE_NAME):
        Settings.resolve(tmp_path, {})


def test_settings_made_directly_are_checked_too() -> None:
    with pytest.raises(InvalidSetting, match=r"^batch_size = 0: choose from 1 to 4096$"):
        Settings(batch_size=0)


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().batch_size = 5  # type: ignore[misc]


def test_a_signal_without_a_setting_weighs_one() -> None:
    assert [Settings().default_weight(signal) for signal in ("words", "colour", "smell")] == [1.0, 0.06, 1.0]
